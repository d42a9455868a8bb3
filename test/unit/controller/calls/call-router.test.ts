import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriChannel } from '../../../../src/ari/port.ts';
import type { Route } from '../../../../src/cluster/route.ts';
import { type Arrival, CallRouter, type CallRouterDeps } from '../../../../src/controller/calls/call-router.ts';
import { Refusals, type RefusalsDeps } from '../../../../src/controller/calls/refusals.ts';
import { ControllerError } from '../../../../src/controller/errors/controller-error.ts';
import { standardSettings } from '../../../../src/profiles/settings.ts';

const HERE: Route = { node: 'lyon', sip: null, reason: 'placement' };
const OSLO: Route = { node: 'oslo', sip: 'sip:192.0.2.2:5060', reason: 'draining' };
const NOWHERE: Route = { node: null, sip: null, reason: 'no-room' };

let route: Route;
let elsewhere: Route | null;
let full: boolean;
let unplayable: boolean;
let unanchored: boolean;
let requestUri: string;
let refusal: Error | null;
let asked: string[];
let sent: string[];
let router: CallRouter;

beforeEach(() => {
  vi.useFakeTimers();
  route = OSLO;
  elsewhere = null;
  full = false;
  unplayable = false;
  unanchored = false;
  requestUri = 'sip:3000@192.0.2.1';
  refusal = null;
  asked = [];
  sent = [];
  const ari: CallRouterDeps['ari'] & RefusalsDeps['ari'] = {
    redirect: async (_id, endpoint) => {
      asked.push(`redirect ${endpoint}`);
      if (refusal) throw refusal;
    },
    getVariable: async (_id, name) => (name.includes('request_uri') ? requestUri : 'call-1'),
    setVariable: async (_id, name, value) => void asked.push(`${name}=${value}`),
    continueInDialplan: async () => void asked.push('continue'),
  };
  const anchors: RefusalsDeps['anchors'] = {
    ensure: async () => {
      asked.push('anchor');
      if (unanchored) throw new ControllerError('not-possible', 'the relay does not open its port');
      return { at: 'relay' };
    },
  };
  const prompter: RefusalsDeps['prompter'] = {
    playTo: async (_id, { media }) => {
      asked.push(`play ${media.length > 0}`);
      if (unplayable) throw new AriError('refused', 'no such sound', { status: 500 });
      return { ended: Promise.resolve() };
    },
  };
  router = new CallRouter(
    { nodeId: 'lyon' },
    {
      ari,
      refusals: new Refusals({ ari, anchors, prompter }),
      logger: createLogger({ silent: true }),
      now: Date.now,
      cluster: {
        routeOf: () => route,
        routeElsewhere: () => elsewhere,
        sent: (node) => sent.push(node),
        get isFull() {
          return full;
        },
      },
    },
  );
});

afterEach(() => {
  router.stop();
  vi.useRealTimers();
});

function arrival(given: Partial<AriChannel> = {}): Arrival {
  const caller = { number: '100', name: '' };
  const channel = { id: 'c', name: 'PJSIP/x', caller, language: '', context: '', dialled: '3000', stasis: null };
  const settings = standardSettings();
  return { channel: { ...channel, ...given }, conference: '3000', settings, letIn: () => asked.push('let in') };
}

async function call(given: Partial<AriChannel> = {}): Promise<void> {
  router.receive(arrival(given));
  await vi.advanceTimersByTimeAsync(0);
}

const SENT = 'redirect PJSIP/sip:3000@192.0.2.2:5060;rostrum=lyon';
const REFUSED = ['anchor', 'play true', 'ROSTRUM_RESULT=FULL', 'continue'];

describe('a call that has come', () => {
  it('is taken at once where it belongs here', () => {
    route = HERE;
    call();
    expect(asked).toEqual(['let in']);
  });

  it('is sent to the node that placement picks, to the number that was dialled', async () => {
    await call();
    expect(asked).toEqual([SENT]);
    router.channelGone('c');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual([SENT]);
  });

  it('is sent to what the caller has asked for where the dialplan has moved the call to "s"', async () => {
    await call({ dialled: 's' });
    expect(asked).toEqual([SENT]);
  });

  it('is taken if it was answered, or is not SIP', async () => {
    await call({ dialled: null });
    await call({ name: 'Local/x' });
    expect(asked).toEqual(['let in', 'let in']);
  });

  it('is taken if it was redirected before, by what the caller asks for', async () => {
    requestUri += ';rostrum=oslo';
    await call();
    expect(asked).toEqual(['let in']);
  });

  it('is taken if it comes back with the same Call-ID, but not a minute later', async () => {
    await call();
    router.channelGone('c');
    await call();
    expect(asked).toEqual([SENT, 'let in']);
    await vi.advanceTimersByTimeAsync(60_000);
    await call();
    expect(asked).toEqual([SENT, 'let in', SENT]);
  });

  it('goes where placement would have it when it is known who calls, not a moment before', async () => {
    const done = call();
    route = HERE;
    await done;
    expect(asked).toEqual(['let in']);
    expect(sent).toEqual([]);
  });

  it('counts at the other node from when it is sent there', async () => {
    await call();
    expect(sent).toEqual(['oslo']);
  });

  it('is refused if it was redirected to a node that is full', async () => {
    requestUri += ';rostrum=oslo';
    full = true;
    await call();
    expect(asked).toEqual(REFUSED);
  });

  it('is refused, unanswered, where no node has room, whether that can be said or not', async () => {
    route = NOWHERE;
    await call();
    expect(asked).toEqual(REFUSED);
    unplayable = true;
    await call();
    expect(asked).toEqual([...REFUSED, ...REFUSED]);
    unanchored = true;
    asked = [];
    await call();
    expect(asked).toEqual(['anchor', 'ROSTRUM_RESULT=FULL', 'continue']);
  });
});

describe('a redirect', () => {
  it('that Asterisk refuses leaves the call here', async () => {
    refusal = new AriError('refused', 'no', { status: 422 });
    await call();
    expect(asked).toEqual([SENT, 'let in']);
  });

  it('that does not happen leaves the call here after 2 s', async () => {
    await call();
    await vi.advanceTimersByTimeAsync(1900);
    expect(router.has('c')).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toEqual([SENT, 'let in']);
    expect(router.has('c')).toBe(false);
  });

  it('is not made for a caller who has hung up meanwhile', async () => {
    const done = call();
    router.channelGone('c');
    await done;
    expect(asked).toEqual([]);
  });

  it('is forgotten with a call that Asterisk does not have any more', async () => {
    await call();
    router.resync(new Set(['other']));
    await vi.advanceTimersByTimeAsync(3000);
    expect(asked).toEqual([SENT]);
  });
});

describe('a call that has waited for too long', () => {
  const BUSY = ['ROSTRUM_RESULT=BUSY', 'continue'];

  it('is sent to another node that takes calls', async () => {
    elsewhere = OSLO;
    expect(await router.sendAway(arrival())).toBe(true);
    expect(asked).toEqual([SENT]);
    expect(sent).toEqual(['oslo']);
    expect(router.has('c')).toBe(true);
  });

  it('is refused where there is none, without a word', async () => {
    expect(await router.sendAway(arrival())).toBe(false);
    expect(asked).toEqual(BUSY);
  });

  it('is refused where another node has sent it', async () => {
    elsewhere = OSLO;
    requestUri = 'sip:3000@192.0.2.1;rostrum=oslo';
    expect(await router.sendAway(arrival())).toBe(false);
    expect(asked).toEqual(BUSY);
  });

  it('is refused if Asterisk does not send it', async () => {
    elsewhere = OSLO;
    await router.sendAway(arrival());
    await vi.advanceTimersByTimeAsync(2100);
    expect(asked).toEqual([SENT, ...BUSY]);
  });
});
