import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Dialog, dialogRequest } from '../../../src/sip/dialog.ts';
import type { LegAnswer, LegOffer } from '../../../src/sip/leg.ts';
import { LegServer } from '../../../src/sip/leg-server.ts';
import { formatSip, parseSip, type SipMessage, type SipRequest } from '../../../src/sip/message.ts';
import { formatSdp } from '../../../src/sip/sdp.ts';
import { boundSocket, closeSocket } from '../../../src/sip/udp.ts';
import { PhoneBank } from '../../kit/phone/phone-bank.ts';
import { learnFromResponse } from '../../kit/phone/sip-dialog.ts';
import { waitUntil } from '../../kit/phone/wait.ts';

const HOST = '127.0.0.1';
const PCMU = { name: 'PCMU', payloadType: 0, clockRateHz: 8000 } as const;

/** What a test started, newest last. */
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** A server whose legs' audio is at `rtpPort`, with what its owner was told. */
async function startServer(port = 0) {
  const offers: LegOffer[] = [];
  const told: string[] = [];
  const rtpPort = 9; // discards what it gets
  const onOffer = (offer: LegOffer): LegAnswer | 'unknown-leg' | 'not-acceptable' => {
    offers.push(offer);
    if (!offer.legId.startsWith('leg')) return 'unknown-leg';
    const codec = offer.remote === null ? PCMU : offer.remote.codecs[0];
    if (codec === undefined) return 'not-acceptable';
    return { host: HOST, port: rtpPort, codec, eventPayloadType: offer.remote?.eventPayloadType ?? null, ptimeMs: 20 };
  };
  const server = new LegServer(
    { bindAddress: HOST, port },
    {
      onOffer,
      onAnswer: (legId, { port: theirs }) => told.push(`answer ${legId} ${theirs}`),
      onKey: (legId, key) => told.push(`key ${legId} ${key}`),
      onEnd: (legId) => told.push(`end ${legId}`),
    },
  );
  await server.start();
  running.push(server);
  return { server, offers, told };
}

async function phonesOf(server: LegServer): Promise<PhoneBank> {
  const phones = new PhoneBank({ bindAddress: HOST, server: server.address });
  await phones.start();
  running.push(phones);
  return phones;
}

/** A caller that sends what a test says, once, and loses what the test does not take. */
class RawCaller {
  readonly received: SipMessage[] = [];
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  readonly #target: { host: string; port: number };
  readonly dialog: Dialog;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
    const uri = `sip:leg-raw@${target.host}:${target.port}`;
    this.dialog = {
      callId: `raw-${Math.random()}`,
      localTag: 'raw',
      local: '<sip:raw@127.0.0.1>',
      remote: `<${uri}>`,
      remoteTag: '',
      remoteTarget: uri,
      routeSet: [],
      cseq: 0,
    };
    this.#socket.on('message', (datagram) => {
      const message = parseSip(datagram.toString());
      if (message.kind !== 'malformed') this.received.push(message);
    });
  }

  async start(): Promise<void> {
    await boundSocket(this.#socket, { port: 0, address: HOST });
    running.push(this);
  }

  stop(): Promise<void> {
    return closeSocket(this.#socket);
  }

  request(method: string, more: { rtpPort?: number; cseq?: number } = {}): SipRequest {
    const local = { host: HOST, port: this.#socket.address().port };
    const { rtpPort, cseq } = more;
    const audio = { host: HOST, codec: PCMU, ptimeMs: 20, eventPayloadType: 101, direction: 'sendrecv' } as const;
    const body = rtpPort === undefined ? '' : formatSdp({ ...audio, port: rtpPort }, { sessionId: 1, version: 1 });
    const request = dialogRequest(this.dialog, local, { method, body, ...(cseq !== undefined && { cseq }) });
    this.send(formatSip(request));
    return request;
  }

  send(datagram: Buffer | string): void {
    this.#socket.send(datagram, this.#target.port, this.#target.host);
  }

  /** The next message; of a response the dialog learns. */
  async next(timeoutMs = 2000): Promise<SipMessage> {
    const message = await waitUntil({ waitedFor: 'SIP message', timeoutMs }, () => this.received.shift() ?? null);
    if (message.kind === 'response') learnFromResponse(this.dialog, message);
    return message;
  }

  /** A call that is up. */
  async connect(): Promise<void> {
    this.request('INVITE', { rtpPort: 6000 });
    await this.next();
    this.request('ACK', { cseq: this.dialog.cseq });
  }
}

async function rawCaller(server: LegServer): Promise<RawCaller> {
  const caller = new RawCaller(server.address);
  await caller.start();
  return caller;
}

function until(what: string, look: () => boolean): Promise<true> {
  return waitUntil({ waitedFor: what, timeoutMs: 3000 }, () => (look() ? true : null));
}

describe('a leg that a phone calls', () => {
  it('is answered, takes keys by INFO, and ends with the hang-up', async () => {
    const { server, offers, told } = await startServer();
    const phones = await phonesOf(server);
    const call = await phones.call(`sip:leg-1@${HOST}:${server.address.port}`);
    expect(offers).toMatchObject([{ legId: 'leg-1', remote: { host: HOST, eventPayloadType: 101, ptimeMs: 20 } }]);
    await call.pressKeys('5#', { via: 'info' });
    await call.hangUp();
    await until('the end', () => told.length === 3);
    expect(told).toEqual(['key leg-1 5', 'key leg-1 #', 'end leg-1']);
    expect(server.legCount).toBe(0);
  });

  it('is refused when nobody knows it', async () => {
    const { server } = await startServer();
    const phones = await phonesOf(server);
    const call = phones.call(`sip:other@${HOST}:${server.address.port}`);
    await expect(call).rejects.toMatchObject({ code: 'call-failed', status: 404 });
  });

  it('is ended by the relay', async () => {
    const { server, told } = await startServer();
    const phones = await phonesOf(server);
    const call = await phones.call(`sip:leg-1@${HOST}:${server.address.port}`);
    await until('the ACK', () => server.counters.requests === 2);
    expect(server.end('leg-1')).toBe(true);
    expect(await call.ended).toMatchObject({ by: 'them' });
    expect(server.end('leg-1')).toBe(false);
    expect(told).toEqual([]);
  });

  it('is one of many, which come at once', async () => {
    const { server, told } = await startServer();
    const caller = await rawCaller(server);
    const callOf = (i: number): void => {
      const uri = `sip:leg-${i}@${HOST}:${server.address.port}`;
      Object.assign(caller.dialog, { callId: `many-${i}`, remoteTag: '', remote: `<${uri}>`, remoteTarget: uri });
    };
    for (let i = 0; i < 500; i++) {
      callOf(i);
      caller.request('INVITE', { rtpPort: 6000, cseq: 1 });
    }
    await until('all answers', () => caller.received.length === 500);
    expect(server.legCount).toBe(500);
    for (let i = 0; i < 500; i++) {
      callOf(i);
      caller.request('ACK', { cseq: 1 });
      expect(server.end(`leg-${i}`)).toBe(true);
    }
    await until('all ACKs', () => server.counters.requests === 1000);
    await until('all BYEs', () => caller.received.length === 1000);
    expect(server.legCount).toBe(0);
    expect(server.counters).toMatchObject({ accepted: 500, unanswered: 0, sendErrors: 0 });
    expect(told).toEqual([]);
  });
});

describe('an answer that is lost', () => {
  it('comes again until it is acknowledged', async () => {
    const { server } = await startServer();
    const caller = await rawCaller(server);
    caller.request('INVITE', { rtpPort: 6000 });
    const first = await caller.next();
    const second = await caller.next();
    expect(second).toEqual(first);
    caller.request('ACK', { cseq: caller.dialog.cseq });
    await until('the ACK', () => server.counters.requests === 2);
    await sleep(1200);
    expect(caller.received).toEqual([]);
    expect(server.counters.retransmitted).toBe(1);
  });
});

describe('a re-INVITE', () => {
  it('moves the audio of the leg', async () => {
    const { server, offers } = await startServer();
    const caller = await rawCaller(server);
    await caller.connect();
    caller.request('INVITE', { rtpPort: 6002 });
    expect(await caller.next()).toMatchObject({ status: 200 });
    expect(offers.map(({ remote }) => remote?.port)).toEqual([6000, 6002]);
  });
});

describe('a relay that was restarted', () => {
  it('answers re-INVITE and BYE of the calls it had before', async () => {
    const before = await startServer();
    const { port } = before.server.address;
    const caller = await rawCaller(before.server);
    await caller.connect();
    await until('the ACK', () => before.server.counters.requests === 2);
    await before.server.stop();

    const { server, offers, told } = await startServer(port);
    caller.request('INVITE', { rtpPort: 6004 });
    expect(await caller.next()).toMatchObject({ status: 200 });
    caller.request('ACK', { cseq: caller.dialog.cseq });
    caller.request('BYE');
    expect(await caller.next()).toMatchObject({ status: 200 });
    expect(offers).toMatchObject([{ legId: 'leg-raw', remote: { port: 6004 } }]);
    expect(told).toEqual(['end leg-raw']);
    expect(server.legCount).toBe(0);
  });
});

describe('hostile datagrams', () => {
  it('are dropped, counted by reason, and disturb nobody', async () => {
    const { server } = await startServer();
    const caller = await rawCaller(server);
    const invite = formatSip(caller.request('INVITE', { rtpPort: 6000 }));
    await caller.next();
    const { requests } = server.counters;
    caller.send('');
    caller.send(Buffer.from([0, 1, 2, 255]));
    caller.send(invite.subarray(0, invite.length - 20));
    caller.send(Buffer.concat([invite, Buffer.alloc(9000, 65)]));
    caller.send(invite.toString().replace('INVITE sip:', 'invite sip:'));
    caller.send(invite.toString().replace('from:', 'constructor:'));
    const { dropped } = server.counters;
    await until('all datagrams', () => dropped['missing-header'] === 1);
    expect(dropped).toMatchObject({ empty: 1, 'no-blank-line': 1, 'short-body': 1, 'too-long': 1, 'start-line': 1 });
    expect(server.counters.requests).toBe(requests);
    expect(server.legCount).toBe(1);
  });

  it('cannot make the parser slow', async () => {
    const { server } = await startServer();
    const caller = await rawCaller(server);
    const fill = 7000;
    for (const hostile of ['\t', '<', '"', ',"', '\\', ';tag', '<,']) {
      const value = hostile.repeat(fill / hostile.length);
      for (const name of ['from', 'contact', 'record-route', 'cseq', 'via']) {
        const request = caller.request('OPTIONS');
        const headers = request.headers.filter(([given]) => given !== name);
        caller.send(formatSip({ ...request, headers: [...headers, [name, `a${value}b`]] }));
      }
    }
    const startedMs = performance.now();
    await until('all of them', () => server.counters.requests === 70);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});
