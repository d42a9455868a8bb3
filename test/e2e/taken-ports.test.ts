import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ownAddress } from '../kit/loopback.ts';
import type { Call } from '../kit/phone/call.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { HEARD, relayPid } from './audience-harness.ts';
import { boundPorts, dialEvenly, tracesOf, waitForTraces } from './crowd-harness.ts';
import { harness } from './harness.ts';

/** Of Asterisk. Two for each stream: a speaker, two listeners, the leg of the floor, and six more calls. */
const PORTS = { first: 21_000, last: 21_019 };
/** Where the phone is that is called. */
const INVITED = { bindAddress: ownAddress(), sipPort: 5060 };

const lab = harness({
  profile: { idleSeconds: 1 },
  config: { invite: { endpoint: `PJSIP/anonymous/sip:{number}@${INVITED.bindAddress}`, allowEndpoints: true } },
  extra: {
    set: [
      ['rtp.conf', 'general', 'rtpstart', String(PORTS.first)],
      ['rtp.conf', 'general', 'rtpend', String(PORTS.last)],
    ],
  },
});

const WITHIN = { timeout: 20_000, interval: 20 };
/** Another node, or another try, may do better: SIP 503. */
const REFUSED = { by: 'them', status: 503 };

const speaker = () => lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
const dial = (callerNumber: string) => lab.phones.dial('3000', { callerNumber, send: silence() });
const hear = (calls: readonly Call[]) => Promise.all(calls.map((call) => call.waitForTone(440, HEARD)));

/** A speaker and two listeners. */
async function three(): Promise<{ speaking: Call; listeners: Call[] }> {
  const speaking = await speaker();
  const listeners = await Promise.all(['101', '102'].map((number) => dial(number).answered));
  await hear(listeners);
  return { speaking, listeners };
}

let invited: PhoneBank;
beforeAll(async () => {
  invited = new PhoneBank({
    ...INVITED,
    server: lab.node.server,
    onIncoming: { kind: 'answer' },
  });
  await invited.start();
});
afterEach(() => invited.hangUpAll());
afterAll(() => invited?.stop());

describe('a port of the host that somebody else has', () => {
  const taken: Socket[] = [];
  const release = () => Promise.all(taken.splice(0).map((socket) => new Promise<void>((done) => socket.close(done))));
  afterEach(release);

  async function takePort(port: number): Promise<boolean> {
    const socket = createSocket('udp4');
    socket.bind(port, lab.node.server.host);
    const isBound = await once(socket, 'listening').then(
      () => true,
      () => false,
    );
    if (isBound) taken.push(socket);
    else socket.close();
    return isBound;
  }

  /** Takes the ports for RTP that are free on the address that phones call. @returns how many */
  async function takePorts(most = Number.POSITIVE_INFINITY): Promise<number> {
    for (let port = PORTS.first; port < PORTS.last && taken.length < most; port += 2) await takePort(port);
    return taken.length;
  }

  it('has the caller refused, who is not left in silence, and the others go on', async () => {
    const { speaking, listeners } = await three();
    // The relay reports every 2 s.
    await expect.poll(async () => (await tracesOf(lab.node)).relayCalls, WITHIN).toBe(3);
    const before = await tracesOf(lab.node);
    expect(await takePorts()).toBe(7);
    const ports = await boundPorts(lab.node);
    for (const call of [speaking, ...listeners]) call.resetStats();
    const calls = await dialEvenly(3, 20, (index) => dial(String(103 + index)));
    const ends = await Promise.all(calls.map(({ ended }) => ended));
    for (const end of ends) expect(end).toMatchObject(REFUSED);
    for (const { answeredAtMs } of calls) expect(answeredAtMs).toBeNull();
    await expect.poll(() => boundPorts(lab.node), WITHIN).toEqual(ports);
    const log = await lab.node.log();
    for (const { callerNumber } of calls) {
      expect(log).toMatch(new RegExp(`call from ${callerNumber} refused: .* cannot be bound: EADDRINUSE`));
    }
    for (const call of listeners) expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
    await hear(listeners);

    await release();
    await waitForTraces(lab.node, before);
    const later = dial('106');
    await later.answered;
    await hear([later]);
  });

  it('costs only the callers that Asterisk gives it to, and each of them is refused or hears', async () => {
    await three();
    expect(await takePorts(4)).toBe(4);
    const calls = Array.from({ length: 6 }, (_, index) => dial(String(103 + index)));
    await Promise.all(calls.map(({ answered, ended }) => Promise.race([answered.catch(() => {}), ended])));
    const isIn = calls.filter(({ state }) => state === 'answered');
    const refused = calls.filter(({ state }) => state === 'ended');
    await hear(isIn);
    expect(isIn.length + refused.length).toBe(calls.length);
    for (const { end } of refused) expect(end).toMatchObject(REFUSED);
    await lab.node.waitForMembers('3000', 3 + isIn.length);
  });

  it('while the relay was away: that member is hung up rather than left in silence, and the others hear again', async () => {
    const { speaking, listeners } = await three();
    const [unlucky, lucky] = listeners;
    const relay = await relayPid(lab.node);
    // It would start another relay at once.
    process.kill(lab.node.supervisorPid, 'SIGSTOP');
    try {
      process.kill(relay, 'SIGKILL');
      await expect.poll(() => takePort(unlucky?.toldAddress?.port ?? 0), WITHIN).toBe(true);
    } finally {
      process.kill(lab.node.supervisorPid, 'SIGCONT');
    }
    await expect.poll(() => unlucky?.end, WITHIN).toMatchObject({ by: 'them' });
    await lab.node.waitForMembers('3000', 2);
    expect(await lab.node.log()).toMatch(/call \S+: hung up, .* cannot be bound: EADDRINUSE/);
    await lucky?.waitForTone(440, HEARD);
    expect(speaking.end).toBeNull();
  });

  it('is not left in silence at an invited phone either', async () => {
    await speaker();
    await takePorts();
    expect(await lab.node.cli('invite', '3000', '7001')).toMatchObject({ code: 0 });
    const call = await invited.nextCall({ timeoutMs: 5000 });
    await expect.poll(() => call.end, WITHIN).toMatchObject({ by: 'them' });
    await lab.node.waitForMembers('3000', 1);
  });
});
