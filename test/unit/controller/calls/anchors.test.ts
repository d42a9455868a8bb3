import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriPort } from '../../../../src/ari/port.ts';
import { Anchors } from '../../../../src/controller/calls/anchors.ts';
import { OFFER_BYTES } from '../../../../src/controller/calls/call-rtp.ts';
import type { RelayLink } from '../../../../src/controller/relay/relay-link.ts';
import type { CallSpec } from '../../../../src/relay/protocol/protocol.ts';

const MEDIA_ADDRESS = '127.0.99.1';
const RTP: Record<string, string> = {
  'CHANNEL(rtp,src)': '198.51.100.1:10040',
  'CHANNEL(rtp,dest)': '192.0.2.7:4000',
  'CHANNEL(pjsip,remote_addr)': '192.0.2.7:5060',
  'CHANNEL(pjsip,local_addr)': '198.51.100.1:5060',
  'CHANNEL(audionativeformat)': '(alaw)',
  'CHANNEL(rtp,secure)': '0',
};
const SPEC: CallSpec = {
  channelId: 'c',
  local: { host: '198.51.100.1', port: 10_040 },
  asterisk: { host: MEDIA_ADDRESS, port: 10_040 },
  phone: { host: '192.0.2.7', port: 4000 },
  sources: ['192.0.2.7'],
  signalling: '192.0.2.7',
  codec: 'PCMA',
  tones: false,
  talkLevel: null,
  hearing: null,
  source: null,
};
const HEARING = { volume: 1, noise: true, deaf: false, packetMs: 20 } as const;
const EARLY = { id: 'c', name: 'PJSIP/anonymous-00000001', dialled: '3000' };
const ANSWERED = { ...EARLY, dialled: null };

/** What was asked of Asterisk and told to the relay, in order. */
let asked: string[];
/** What the relay has been told last of each call. */
let calls: Map<string, CallSpec>;
let found: CallSpec | null;
let connect: (() => void) | null;
let mediaAddress: string | null;
let encryption: string | null;
let values: Record<string, string>;
/** How many times the RTP cannot be read yet. */
let tooEarly: number;
/** Of the description that has come with the call. */
let offerBytes: string;
let failure: Error | null;
let unreportedEnd: string | null;
let nowMs: number;
let anchors: Anchors;

beforeEach(() => {
  asked = [];
  calls = new Map();
  found = null;
  connect = null;
  mediaAddress = MEDIA_ADDRESS;
  encryption = 'no';
  values = { ...RTP };
  tooEarly = 0;
  offerBytes = '140';
  failure = null;
  unreportedEnd = null;
  nowMs = 0;
  const ari: Partial<AriPort> = {
    ring: async () => void asked.push('ring'),
    progress: async () => void asked.push('progress'),
    answer: async () => void asked.push('answer'),
    getVariable: async (_, name) => {
      asked.push(name);
      return name === ENCRYPTION ? encryption : mediaAddress;
    },
    setVariable: async (_, name) => void asked.push(name),
    subscribeToChannels: async (_, channelIds) => {
      asked.push(`subscribe ${channelIds.join(' ')}`);
      if (channelIds.includes(unreportedEnd ?? '')) throw new AriError('refused', 'Channel not found', { status: 404 });
    },
    hangUp: async (channelId) => void asked.push(`hang up ${channelId}`),
    readVariables: async (_, names) => {
      if (names.includes(OFFER_BYTES as never)) return { [OFFER_BYTES]: offerBytes } as never;
      asked.push('read');
      if (failure) throw failure;
      if (tooEarly-- > 0) throw new AriError('refused', 'Unable to read provided function', { status: 500 });
      return Object.fromEntries(names.map((name) => [name, values[name] ?? null])) as never;
    },
  };
  const link = {
    get status() {
      return { connected: connect === null, pid: 1, sockets: 'libc' as const };
    },
    connected: () => (connect === null ? Promise.resolve() : new Promise<void>((resolve) => (connect = resolve))),
    get calls() {
      return [...calls.keys()];
    },
    callOf: (channelId: string) => calls.get(channelId) ?? (found?.channelId === channelId ? found : null),
    setCall: (call: CallSpec) => {
      asked.push('call');
      calls.set(call.channelId, call);
    },
    endCall: (channelId: string) => {
      if (calls.delete(channelId)) asked.push('end-call');
    },
  };
  anchors = new Anchors(
    { application: 'r', anySource: false },
    {
      ari: ari as AriPort,
      link: link as unknown as RelayLink,
      logger: createLogger({ silent: true }),
      now: () => nowMs,
      onPath: () => {},
    },
  );
});

const ENDPOINT = 'PJSIP_ENDPOINT(anonymous,media_address)';
const ENCRYPTION = 'PJSIP_ENDPOINT(anonymous,media_encryption)';
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** What a promise has come to by now. */
async function soFar<T>(promise: Promise<T> | T): Promise<T | 'pending'> {
  await settle();
  return Promise.race([promise, settle().then(() => 'pending' as const)]);
}

describe('a call that nobody has answered', () => {
  it('is told its port, which the relay opens before it goes on', async () => {
    const path = anchors.ensure(EARLY);
    expect(await soFar(path)).toBe('pending');
    expect(asked).toEqual([ENDPOINT, 'progress', 'read', 'call']);
    expect(calls.get('c')).toEqual(SPEC);
    anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
  });

  it('is read again while Asterisk has no port for it yet', async () => {
    tooEarly = 3;
    const path = anchors.ensure(EARLY);
    anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
    expect(asked).toEqual([ENDPOINT, 'progress', 'read', 'read', 'read', 'read', 'call']);
  });

  it('is answered at once if it has brought no offer: Asterisk has no port before', async () => {
    tooEarly = 2;
    offerBytes = '0';
    const path = anchors.ensure(EARLY);
    anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
    expect(asked).toEqual([ENDPOINT, 'progress', 'read', 'answer', 'read', 'read', 'call']);
  });

  it('is not read again where Asterisk refuses otherwise', async () => {
    failure = new AriError('refused', 'Channel not found', { status: 404 });
    await expect(anchors.ensure(EARLY)).rejects.toMatchObject({ status: 404 });
    expect(asked.filter((each) => each === 'read')).toHaveLength(1);
  });

  it('rings while there is no relay, and is told its port when there is one', async () => {
    connect = () => {};
    const path = anchors.ensure(EARLY);
    expect(await soFar(path)).toBe('pending');
    expect(asked).toEqual([ENDPOINT, 'ring']);
    connect();
    await settle();
    anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
    expect(asked).toEqual([ENDPOINT, 'ring', 'progress', 'read', 'call']);
  });

  it('cannot be taken if the relay cannot open its port', async () => {
    const path = anchors.ensure(EARLY);
    await settle();
    anchors.settled('c', 'address already in use');
    await expect(path).rejects.toMatchObject({ code: 'not-possible', message: 'address already in use' });
  });

  it('is set up once, however often that is asked', async () => {
    const [first, second] = [anchors.ensure(EARLY), anchors.ensure(EARLY)];
    anchors.settled('c', null);
    expect(await Promise.all([first, second, anchors.ensure(EARLY)])).toEqual(Array(3).fill({ at: 'relay' }));
    expect(asked.filter((each) => each === 'call')).toHaveLength(1);
  });
});

it.each([EARLY, ANSWERED])(
  'a call that its phone holds from the beginning is known to be held, dialled %o',
  async (call) => {
    expect(anchors.wasHeld('c')).toBe(false);
    values['CHANNEL(rtp,hold,audio)'] = '1';
    const path = anchors.ensure(call);
    anchors.settled('c', null);
    await expect.poll(() => anchors.wasHeld('c')).toBe(true);
    anchors.settled('c', null);
    expect(await path).toEqual({ at: 'relay' });
  },
);

describe('a call that has been answered', () => {
  it('waits for nothing, since its phone sends already', async () => {
    expect(await anchors.ensure(ANSWERED)).toEqual({ at: 'relay' });
    expect(asked).toEqual([ENDPOINT, 'read', 'call']);
  });

  it('and is in the hands of the relay is taken over without a question', async () => {
    found = { ...SPEC, source: { host: '192.0.2.7', port: 5000 }, hearing: { conference: '3000', ...HEARING } };
    expect(await anchors.ensure(ANSWERED)).toEqual({ at: 'relay' });
    expect(asked).toEqual(['call']);
    expect(calls.get('c')).toEqual(found);
  });
});

describe('a call whose port the relay cannot open', () => {
  const problem = 'address already in use';
  it('is hung up if it is in already, as after a restart of the relay', async () => {
    const path = anchors.ensure(EARLY);
    await settle();
    anchors.settled('c', null);
    await path;
    anchors.settled('c', problem);
    expect(asked.at(-1)).toBe('hang up c');
  });

  it('is hung up if nobody waits for the port, as of a phone that was called', async () => {
    await anchors.ensure(ANSWERED);
    anchors.settled('c', problem);
    expect(asked.at(-1)).toBe('hang up c');
  });

  it('is hung up if it is in the dialplan', () => {
    found = SPEC;
    anchors.settled('c', problem);
    expect(asked).toEqual(['hang up c']);
  });

  it('is left to the call that waits for the port', async () => {
    const path = anchors.ensure(EARLY);
    await settle();
    anchors.settled('c', problem);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    expect(asked).not.toContain('hang up c');
  });

  it('is forgotten if it has ended', () => {
    anchors.settled('c', problem);
    expect(asked).toEqual([]);
  });
});

describe('a call that is heard from the bridge', () => {
  it('is not SIP: that is known at once', () => {
    expect(anchors.ensure({ ...EARLY, name: 'Local/x@default-00000001;1' })).toEqual({
      at: 'bridge',
      reason: 'not a SIP call',
    });
    expect(asked).toEqual([]);
  });

  it.each(['sdes', 'dtls'])('has an endpoint that encrypts with %s', async (by) => {
    mediaAddress = '';
    encryption = by;
    const path = { at: 'bridge', reason: 'its RTP is encrypted' };
    expect(await anchors.ensure(EARLY)).toEqual(path);
    expect(await anchors.ensure({ ...EARLY, id: 'd' })).toEqual(path);
    // What is known of the endpoint is not asked again.
    expect(asked).toEqual([ENDPOINT, ENCRYPTION]);
  });

  it.each([null, '', '198.51.100.1'])('has an endpoint whose media_address is %s', async (address) => {
    mediaAddress = address;
    const reason = 'endpoint anonymous has no media_address on loopback';
    expect(await anchors.ensure(EARLY)).toEqual({ at: 'bridge', reason });
    expect(asked).toEqual([ENDPOINT, ENCRYPTION]);
    expect(calls.size).toBe(0);
  });

  it('is encrypted', async () => {
    values['CHANNEL(rtp,secure)'] = '1';
    expect(await anchors.ensure(EARLY)).toEqual({ at: 'bridge', reason: 'its RTP is encrypted' });
    expect(calls.size).toBe(0);
  });

  it('has a codec that the relay passes on, but does not encode', async () => {
    values['CHANNEL(audionativeformat)'] = '(opus)';
    const reason = 'a codec that the relay does not encode';
    expect(await anchors.ensure(ANSWERED)).toEqual({ at: 'bridge', reason });
    expect(calls.get('c')).toEqual({ ...SPEC, codec: null });
  });
});

describe('an endpoint', () => {
  const another = (id: string) => anchors.ensure({ ...ANSWERED, id });

  it('is asked about once a minute', async () => {
    await another('a');
    nowMs = 59_999;
    await another('b');
    expect(asked.filter((each) => each === ENDPOINT)).toHaveLength(1);
    nowMs = 60_000;
    await another('d');
    expect(asked.filter((each) => each === ENDPOINT)).toHaveLength(2);
  });

  it('is not taken for one without media_address because a call of it has ended meanwhile', async () => {
    mediaAddress = null;
    encryption = null;
    const path = another('a');
    anchors.channelGone('a', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    mediaAddress = MEDIA_ADDRESS;
    expect(await another('b')).toEqual({ at: 'relay' });
  });
});

describe('a call that ends', () => {
  it('while Asterisk is asked about its endpoint is not taken', async () => {
    mediaAddress = null;
    const path = anchors.ensure(EARLY);
    anchors.channelGone('c', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible', message: 'the call has ended' });
    expect(asked).toEqual([ENDPOINT, ENCRYPTION]);
  });

  it('while its port is read is not told to the relay', async () => {
    tooEarly = 1;
    const path = anchors.ensure(EARLY);
    await settle();
    expect(asked.at(-1)).toBe('read');
    anchors.channelGone('c', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    expect(calls.size).toBe(0);
  });

  it('while its port is opened is not taken, and the port is closed', async () => {
    const path = anchors.ensure(EARLY);
    await settle();
    anchors.channelGone('c', true);
    await expect(path).rejects.toMatchObject({ code: 'not-possible' });
    expect(asked.at(-1)).toBe('end-call');
    expect(anchors.has('c')).toBe(false);
  });
});

describe('a listener', () => {
  beforeEach(async () => {
    await anchors.ensure(ANSWERED);
  });

  it('is sent a conference, and what Asterisk sends again afterwards', () => {
    anchors.hear('c', '3000', HEARING);
    expect(calls.get('c')).toEqual({ ...SPEC, hearing: { conference: '3000', ...HEARING } });
    anchors.hear('c', '', null);
    expect(calls.get('c')).toEqual(SPEC);
    asked = [];
    anchors.hear('c', '', null);
    expect(asked).toEqual([]);
  });

  it('is told to the relay with where their phone has sent from meanwhile', () => {
    const source = { host: '192.0.2.7', port: 5000 };
    calls.set('c', { ...SPEC, source });
    anchors.hear('c', '3000', HEARING);
    expect(calls.get('c')?.source).toEqual(source);
  });

  it('whose call is not anchored hears nothing of the relay', () => {
    asked = [];
    anchors.hear('other', '3000', HEARING);
    expect(asked).toEqual([]);
  });

  it('whose phone sends nothing is asked by SIP whether it is there', async () => {
    asked = [];
    anchors.silent('c', 25);
    anchors.silent('other', 25);
    await settle();
    expect(asked).toEqual(['PJSIP_SEND_SESSION_REFRESH()']);
  });
});

describe('when Asterisk has been read', () => {
  it('calls that it does not have end, and calls that are in the dialplan again are passed on', async () => {
    await anchors.ensure(ANSWERED);
    await anchors.ensure({ ...ANSWERED, id: 'gone' });
    calls.set('returned', { ...SPEC, channelId: 'returned', hearing: { conference: '3000', ...HEARING } });
    anchors.hear('c', '3000', HEARING);
    asked = [];
    await anchors.retain(new Set(['c', 'returned']));
    expect(asked).toEqual(['end-call', 'call', 'subscribe c returned']);
    const hears = [...calls.values()].map(({ channelId, hearing }) => `${channelId} ${hearing !== null}`);
    expect(hears).toEqual(['c true', 'returned false']);
    expect(anchors.has('gone')).toBe(false);
  });

  it('calls end that Asterisk has lost in the meantime, and it tells of the end of all others', async () => {
    for (const id of ['a', 'b', 'd']) await anchors.ensure({ ...ANSWERED, id });
    unreportedEnd = 'b';
    asked = [];
    await anchors.retain(new Set(['a', 'b', 'd']));
    expect(asked).toEqual(['subscribe a b d', 'subscribe a', 'subscribe b', 'end-call', 'subscribe d']);
    expect([...calls.keys()]).toEqual(['a', 'd']);
  });

  it('calls are forgotten as well that the relay has nothing to do with, or not yet', async () => {
    mediaAddress = null;
    await anchors.ensure(EARLY);
    const pending = anchors.ensure({ ...EARLY, id: 'pending' });
    await anchors.retain(new Set());
    await expect(pending).rejects.toMatchObject({ code: 'not-possible' });
    expect([anchors.has('c'), anchors.has('pending')]).toEqual([false, false]);
  });
});
