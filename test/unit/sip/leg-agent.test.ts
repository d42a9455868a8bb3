import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNameAddress } from '../../../src/sip/address.ts';
import type { LegAnswer, LegOffer, LegRefusal } from '../../../src/sip/leg.ts';
import { LegAgent, type LegOwner } from '../../../src/sip/leg-agent.ts';
import { newLegCounters } from '../../../src/sip/leg-counters.ts';
import { header, parseSip, type SipMessage, type SipRequest } from '../../../src/sip/message.ts';
import { formatSdp, parseSdp, type RemoteAudio } from '../../../src/sip/sdp.ts';

const ASTERISK = { host: '127.0.1.1', port: 5060 };
const PCMU = { name: 'PCMU', payloadType: 0, clockRateHz: 8000 } as const;
const ANSWER: LegAnswer = { host: '127.0.0.1', port: 7000, codec: PCMU, eventPayloadType: 101, ptimeMs: 20 };
type Decision = Promise<LegAnswer | LegRefusal> | LegAnswer | LegRefusal;

function offer(port: number, direction: 'sendrecv' | 'sendonly' = 'sendrecv'): string {
  const local = { host: '127.0.1.1', port, codec: PCMU, ptimeMs: 20, eventPayloadType: 101, direction };
  return formatSdp(local, { sessionId: 7, version: 7 });
}

/** An agent whose owner does what a test says, with what it sent and what the owner was told. */
function laboratory(decide: (offer: LegOffer) => Decision = () => ANSWER) {
  const sent: SipMessage[] = [];
  const told: string[] = [];
  const offers: LegOffer[] = [];
  const answers: RemoteAudio[] = [];
  const owner: LegOwner = {
    onOffer: (offered) => {
      offers.push(offered);
      return decide(offered);
    },
    onAnswer: (_, remote) => answers.push(remote),
    onKey: (legId, key) => told.push(`key ${legId} ${key}`),
    onEnd: (legId, callId) => told.push(`end ${legId} ${callId}`),
  };
  const counters = newLegCounters();
  const local = { host: '127.0.0.1', port: 5070 };
  const send = (datagram: Buffer): void => {
    const message = parseSip(datagram.toString());
    if (message.kind === 'malformed') throw new Error(message.problem);
    sent.push(message);
  };
  const agent = new LegAgent({ owner, counters, local, send, epochSeconds: () => 1_700_000_000 });
  let branch = 0;
  /** Receives a request; `to` is the tag of a dialog, or '' before there is one. */
  const request = (method: string, cseq: number, more: { to?: string; body?: string; headers?: object } = {}) => {
    const { to = '', body = '', headers = {} } = more;
    const fields = {
      via: `SIP/2.0/UDP 127.0.1.1:5060;rport;branch=z9hG4bK${method}${++branch}`,
      from: '<sip:100@127.0.1.1>;tag=theirs',
      to: `<sip:leg-1@127.0.0.1:5070>${to === '' ? '' : `;tag=${to}`}`,
      'call-id': 'call-1',
      cseq: `${cseq} ${method}`,
      contact: '<sip:asterisk@127.0.1.1:5060>',
      ...headers,
    };
    const uri = 'sip:leg-1@127.0.0.1:5070';
    const message: SipRequest = { kind: 'request', method, uri, headers: Object.entries(fields), body };
    agent.receive(message, ASTERISK, 0);
    return message;
  };
  /** A call that is up; returns our tag. */
  const connect = (): string => {
    request('INVITE', 1, { body: offer(4000) });
    const tag = tagOf(sent.at(-1));
    request('ACK', 1, { to: tag });
    return tag;
  };
  return { agent, counters, sent, told, offers, answers, request, connect };
}

function tagOf(message: SipMessage | undefined): string {
  return message === undefined ? '' : parseNameAddress(header(message, 'to')).tag;
}

function statuses(sent: readonly SipMessage[]): (number | string)[] {
  return sent.map((message) => (message.kind === 'response' ? message.status : message.method));
}

function originVersion(message: SipMessage | undefined): number {
  return Number(/^o=- \d+ (\d+) /m.exec(message?.body ?? '')?.[1]);
}

describe('an INVITE to a leg', () => {
  it('is answered with one codec, telephone-event and ptime, and the leg as our contact', () => {
    const { sent, offers, request } = laboratory();
    request('INVITE', 1, { body: offer(4000, 'sendonly') });
    expect(offers).toMatchObject([{ legId: 'leg-1', callId: 'call-1', remote: { port: 4000, direction: 'sendonly' } }]);
    const [answer] = sent;
    expect(answer).toMatchObject({ kind: 'response', status: 200 });
    expect(answer && header(answer, 'contact')).toBe('<sip:leg-1@127.0.0.1:5070>');
    expect(answer?.body).toContain('m=audio 7000 RTP/AVP 0 101\r\n');
    expect(answer?.body).toContain('a=ptime:20\r\na=recvonly\r\n');
  });

  it.each([
    ['an unknown leg', 'unknown-leg', 404],
    ['no common codec', 'not-acceptable', 488],
  ] as const)('of %s is refused', (_, refusal, status) => {
    const { sent, request, counters } = laboratory(() => refusal);
    request('INVITE', 1, { body: offer(4000) });
    expect(statuses(sent)).toEqual([status]);
    expect(counters).toMatchObject({ accepted: 0, refused: 1 });
  });

  it.each([
    ['is no SDP', { body: 'hello' }, 488],
    ['refuses the audio', { body: offer(0) }, 488],
    ['has video too', { body: `${offer(4000)}m=video 4002 RTP/AVP 31\r\n` }, 488],
    ['requires what we do not know', { body: offer(4000), headers: { require: '100rel' } }, 420],
    ['has another method in CSeq', { body: offer(4000), headers: { cseq: '1 BYE' } }, 400],
    ['has no tag of the caller', { body: offer(4000), headers: { from: '<sip:a@b>' } }, 400],
  ])('that %s never reaches the owner', (_, more, status) => {
    const { sent, offers, request } = laboratory();
    request('INVITE', 1, more);
    expect(statuses(sent)).toEqual([status]);
    expect(offers).toEqual([]);
  });

  it('that comes again gets the same answer, without asking the owner', () => {
    const { agent, sent, offers, request, counters } = laboratory();
    const invite = request('INVITE', 1, { body: offer(4000) });
    agent.receive(invite, ASTERISK, 400);
    expect(sent[1]).toEqual(sent[0]);
    expect(offers).toHaveLength(1);
    expect(counters.repeated).toBe(1);
  });

  it('whose owner takes time gets 100 first', async () => {
    const { agent, sent, request } = laboratory(async () => ANSWER);
    const invite = request('INVITE', 1, { body: offer(4000) });
    agent.receive(invite, ASTERISK, 1);
    expect(statuses(sent)).toEqual([100, 100]);
    await Promise.resolve();
    expect(statuses(sent)).toEqual([100, 100, 200]);
  });

  it('can be cancelled until it is answered', async () => {
    let answer: (decision: LegAnswer) => void = () => {};
    const { sent, told, request, agent } = laboratory(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const invite = request('INVITE', 1, { body: offer(4000) });
    request('CANCEL', 1, { headers: { via: header(invite, 'via') } });
    answer(ANSWER);
    await Promise.resolve();
    expect(statuses(sent)).toEqual([100, 200, 487]);
    expect(told).toEqual(['end leg-1 call-1']);
    expect(agent.legCount).toBe(0);
  });

  it('is refused when the owner fails or takes too long', async () => {
    const failing = laboratory(() => {
      throw new Error('owner');
    });
    failing.request('INVITE', 1, { body: offer(4000) });
    expect(statuses(failing.sent)).toEqual([500]);
    expect(failing.counters.ownerErrors).toBe(1);
    const rejecting = laboratory(() => Promise.reject(new Error('owner')));
    rejecting.request('INVITE', 1, { body: offer(4000) });
    await new Promise((resolve) => setImmediate(resolve));
    expect(statuses(rejecting.sent)).toEqual([100, 500]);
    const slow = laboratory(() => new Promise(() => {}));
    slow.request('INVITE', 1, { body: offer(4000) });
    expect(slow.agent.isWaiting).toBe(true);
    slow.agent.tick(32_000);
    expect(statuses(slow.sent)).toEqual([100, 500]);
  });
});

describe('an answer', () => {
  it('is sent again until it is acknowledged', () => {
    const { agent, sent, request } = laboratory();
    request('INVITE', 1, { body: offer(4000) });
    agent.tick(500);
    expect(statuses(sent)).toEqual([200, 200]);
    request('ACK', 1, { to: tagOf(sent[0]) });
    agent.tick(5000);
    expect(sent).toHaveLength(2);
    expect(agent.isWaiting).toBe(false);
  });

  it('that is never acknowledged ends the leg, with a BYE', () => {
    const { agent, sent, told, request } = laboratory();
    request('INVITE', 1, { body: offer(4000) });
    agent.tick(32_000);
    expect(statuses(sent)).toEqual([200, 'BYE']);
    expect(told).toEqual(['end leg-1 call-1']);
  });

  it('asks for a new version of the session only when something changes', () => {
    let port = 7000;
    const { sent, request, connect } = laboratory(() => ({ ...ANSWER, port }));
    const to = connect();
    request('INVITE', 2, { to, body: offer(4002) });
    expect(sent[1]?.body).toBe(sent[0]?.body);
    port = 7002;
    request('INVITE', 3, { to, body: offer(4002) });
    expect(originVersion(sent[2])).toBe(originVersion(sent[0]) + 1);
  });
});

describe('inside a call', () => {
  it('a re-INVITE and an UPDATE move the audio', () => {
    const { sent, offers, request, connect } = laboratory();
    const to = connect();
    request('INVITE', 2, { to, body: offer(4002) });
    request('ACK', 2, { to });
    request('UPDATE', 3, { to, body: offer(4004) });
    request('UPDATE', 4, { to });
    expect(offers.map(({ remote }) => remote?.port)).toEqual([4000, 4002, 4004]);
    expect(statuses(sent)).toEqual([200, 200, 200, 200]);
    expect(sent.map(({ body }) => parseSdp(body)?.port)).toEqual([7000, 7000, 7000, undefined]);
  });

  it('a re-INVITE without a description gets ours, and theirs comes with the ACK once', () => {
    const { sent, offers, answers, request, connect } = laboratory();
    const to = connect();
    request('INVITE', 2, { to });
    expect(offers[1]?.remote).toBeNull();
    expect(parseSdp(sent[1]?.body ?? '')?.port).toBe(7000);
    request('ACK', 2, { to, body: offer(4006) });
    request('ACK', 2, { to, body: offer(4006) });
    expect(answers.map(({ port }) => port)).toEqual([4006]);
  });

  it('one that has no audio in the ACK leaves the leg as it was', () => {
    const { answers, request, connect } = laboratory();
    const to = connect();
    request('INVITE', 2, { to });
    request('ACK', 2, { to, body: offer(0) });
    expect(answers).toEqual([]);
  });

  it('a request that comes too late is refused, so that old audio does not come back', () => {
    const { sent, offers, request, connect } = laboratory();
    const to = connect();
    request('INVITE', 3, { to, body: offer(4002) });
    request('INVITE', 2, { to, body: offer(4000) });
    expect(statuses(sent)).toEqual([200, 200, 500]);
    expect(offers).toHaveLength(2);
  });

  it('a key as SIP INFO is told, and others are answered', () => {
    const { sent, told, request, connect } = laboratory();
    const to = connect();
    request('INFO', 2, { to, body: 'Signal=#\r\nDuration=100\r\n' });
    request('INFO', 3, { to, body: 'nothing' });
    request('OPTIONS', 4, { to });
    request('MESSAGE', 5, { to });
    expect(told).toEqual(['key leg-1 #']);
    expect(statuses(sent)).toEqual([200, 200, 200, 200, 405]);
  });

  it('a BYE ends the leg', () => {
    const { agent, sent, told, request, connect } = laboratory();
    request('BYE', 2, { to: connect() });
    expect(statuses(sent)).toEqual([200, 200]);
    expect(told).toEqual(['end leg-1 call-1']);
    expect(agent.legCount).toBe(0);
  });

  it('a wrong tag, or none where one is needed, is no dialog of ours', () => {
    const { sent, told, request, connect } = laboratory();
    connect();
    request('BYE', 2, { to: 'other' });
    request('BYE', 2);
    expect(statuses(sent)).toEqual([200, 481, 481]);
    expect(told).toEqual([]);
  });

  it('we end it with a BYE, which is sent until it is answered', () => {
    const { agent, sent, told, connect } = laboratory();
    connect();
    expect(agent.end('leg-1', 0)).toBe(true);
    agent.tick(500);
    const bye = sent[1] as SipRequest;
    expect(statuses(sent)).toEqual([200, 'BYE', 'BYE']);
    expect(bye.uri).toBe('sip:asterisk@127.0.1.1:5060');
    expect(header(bye, 'to')).toBe('<sip:100@127.0.1.1>;tag=theirs');
    agent.receive({ ...bye, kind: 'response', status: 200, reason: 'OK' }, ASTERISK, 600);
    expect(agent.isWaiting).toBe(false);
    expect(agent.end('leg-1', 700)).toBe(false);
    expect(told).toEqual([]);
  });

  it('we end it only after our answer was acknowledged', () => {
    const { agent, sent, request } = laboratory();
    request('INVITE', 1, { body: offer(4000) });
    agent.end('leg-1', 0);
    expect(statuses(sent)).toEqual([200]);
    request('ACK', 1, { to: tagOf(sent[0]) });
    expect(statuses(sent)).toEqual([200, 'BYE']);
  });
});

describe('a restarted agent', () => {
  it('goes on with a call that it has never seen', () => {
    const before = laboratory();
    const to = before.connect();
    const { sent, told, offers, answers, request } = laboratory();
    request('ACK', 7, { to, body: offer(4008) });
    request('INFO', 8, { to, body: 'Signal=5\r\n' });
    request('INVITE', 9, { to, body: offer(4010) });
    request('ACK', 9, { to });
    request('BYE', 10, { to });
    expect(answers.map(({ port }) => port)).toEqual([4008]);
    expect(offers.map(({ legId, remote }) => [legId, remote?.port])).toEqual([['leg-1', 4010]]);
    expect(statuses(sent)).toEqual([200, 200, 200]);
    expect(sent.map(tagOf)).toEqual([to, to, to]);
    expect(told).toEqual(['key leg-1 5', 'end leg-1 call-1']);
  });

  it('lets a call go whose leg nobody knows any more', () => {
    const to = laboratory().connect();
    const { sent, request } = laboratory(() => 'unknown-leg');
    request('INVITE', 2, { to, body: offer(4000) });
    expect(statuses(sent)).toEqual([481]);
  });
});

it('a second call of a leg takes its place, and the end of the first is told apart', () => {
  const { agent, sent, told, request, connect } = laboratory();
  const to = connect();
  request('INVITE', 1, { body: offer(5000), headers: { 'call-id': 'call-2' } });
  request('BYE', 2, { to });
  expect(told).toEqual(['end leg-1 call-1']);
  expect(agent.legCount).toBe(1);
  expect(statuses(sent)).toEqual([200, 200, 200]);
});

it('whatever is received, the agent does not throw', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('<sip:leg-1@127.0.0.1>;tag=a', '1 INVITE', '2 BYE', '3 ACK'));
  const headers = fc.array(
    fc.tuple(fc.constantFrom('via', 'from', 'to', 'call-id', 'cseq', 'contact', 'require'), text),
  );
  const method = fc.constantFrom('INVITE', 'ACK', 'BYE', 'CANCEL', 'INFO', 'UPDATE', 'OPTIONS', 'X');
  const body = fc.oneof(fc.string(), fc.constant(offer(4000)));
  fc.assert(
    fc.property(fc.array(fc.tuple(method, text, headers, body), { maxLength: 10 }), (requests) => {
      const counters = newLegCounters();
      const owner = { onOffer: () => ANSWER, onAnswer: () => {}, onKey: () => {}, onEnd: () => {} };
      const local = { host: '127.0.0.1', port: 5070 };
      const agent = new LegAgent({ owner, counters, local, send: () => {}, epochSeconds: () => 1 });
      for (const [name, uri, fields, content] of requests) {
        agent.receive({ kind: 'request', method: name, uri, headers: fields, body: content }, ASTERISK, 0);
      }
      agent.tick(1000);
      agent.tick(40_000);
      expect(counters.requests).toBe(requests.length);
    }),
  );
});
