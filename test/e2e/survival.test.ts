import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { RostrumNode } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

const PTIME_MS = 20;

const lab = harness();

describe('kill -9 of the controller', () => {
  it('costs 50 members no audio, and all are there again within 3 s of the restart', async () => {
    const speakers = await Promise.all(
      ['200', '201'].map((callerNumber) => lab.phones.call('4000', { callerNumber, send: tone(440, -20) })),
    );
    const listeners = await Promise.all(
      Array.from({ length: 48 }, (_, index) =>
        lab.phones.call('3000', { callerNumber: String(100 + index), send: silence() }),
      ),
    );
    await lab.node.waitForMembers('3000', 50);
    const { id } = await lab.node.member('3000', '110');
    await lab.node.cli('member', '3000', String(id), 'flags', '+speaker', '+mute');
    const expected = (await lab.node.show('3000')).members;
    await sleep(500);

    for (const call of [...speakers, ...listeners]) call.resetStats();
    const killed = await lab.node.controllerPid();
    process.kill(killed, 'SIGKILL');
    const killedMs = performance.now();
    // One caller goes while nobody is watching.
    await listeners.pop()?.hangUp();
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', 49, 3000);
    expect(performance.now() - killedMs).toBeLessThan(3000);
    expect(await lab.node.controllerPid()).not.toBe(killed);

    // Who is talking is heard again by the new controller, a moment later.
    const members = async () => (await lab.node.show('3000')).members;
    await expect.poll(members).toEqual(expected.filter(({ caller }) => caller.number !== '147'));
    await sleep(500);
    for (const call of listeners) {
      const { received, lost, firstPacketMs, lastPacketMs } = call.stats();
      expect(lost).toBe(0);
      // Audio that should have come from the first packet to the last, less what came: a packet that a busy machine
      // delivers late is not missing.
      const missedMs = (lastPacketMs ?? 0) - (firstPacketMs ?? 0) - (received - 1) * PTIME_MS;
      expect(performance.now() - (lastPacketMs ?? 0)).toBeLessThan(1000);
      expect(missedMs).toBeLessThanOrEqual(60);
    }

    // The new controller is in control.
    const [speaking, listening] = [speakers[0], listeners[0]];
    await speaking?.pressKeys('#');
    await speaking?.ended;
    await speakers[1]?.hangUp();
    await listening?.waitForSilence({ freqHz: 440, belowDbov: -60, timeoutMs: 1000 });
    await lab.node.waitForMembers('3000', 47);
  });

  it('does not make the next one say that there is no such conference before it knows', async () => {
    await lab.phones.call('3000', { callerNumber: '101' });
    await lab.node.waitForMembers('3000', 1);
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    const answers = new Set<string>();
    await expect
      .poll(
        async () => {
          const answer = await lab.node.show('3000').then(
            ({ members }) => `${members.length} members`,
            ({ code }: { code: string }) => code,
          );
          answers.add(answer);
          return answer;
        },
        { timeout: 5000, interval: 5 },
      )
      .toBe('1 members');
    expect([...answers]).toEqual(['no-controller', 'starting', '1 members']);
  });

  it('while callers join leaves nobody half-made', async () => {
    const calls = Array.from({ length: 20 }, (_, index) =>
      lab.phones.dial(index === 0 ? '4000' : '3000', { callerNumber: String(100 + index), send: tone(440, -20) }),
    );
    await calls[0]?.answered;
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    await Promise.all(calls.map((call) => call.answered));
    await lab.node.waitForMembers('3000', 20);
    const [, ...listeners] = calls;
    await Promise.all(listeners.map((call) => call.waitForTone(440, { aboveDbov: -24, timeoutMs: 3000 })));
  });
});

/** Calls with a Call-ID that is no UTF-8, as no phone does by itself. */
async function callIndescribably(): Promise<Socket> {
  const { host, port } = lab.node.server;
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  const own = `${host}:${socket.address().port}`;
  const description = `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n`;
  const head = [
    `INVITE sip:3000@${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${socket.address().port}`,
    'Max-Forwards: 70',
    `From: <sip:66@${host}>;tag=${socket.address().port}`,
    `To: <sip:3000@${host}>`,
    `Contact: <sip:66@${own}>`,
    'CSeq: 1 INVITE',
    'Content-Type: application/sdp',
    `Content-Length: ${description.length}`,
    `Call-ID: ${socket.address().port}`,
  ];
  const parts = [Buffer.from(head.join('\r\n')), Buffer.of(0xff), Buffer.from(`\r\n\r\n${description}`)];
  socket.send(Buffer.concat(parts), port, host);
  return socket;
}

describe('a call that Asterisk cannot describe', () => {
  it('is ended by a controller that starts, which has all the other calls', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '101' });
    await lab.node.waitForMembers('3000', 1);
    const socket = await callIndescribably();
    try {
      const channels = () => lab.node.asterisk.cli('core show channels concise');
      await expect.poll(channels).toMatch(/Stasis.*!66!/);
      process.kill(await lab.node.controllerPid(), 'SIGKILL');
      await lab.node.waitUntilConnected();
      await lab.node.waitForMembers('3000', 1);
      expect(await channels()).not.toMatch(/!66!/);
      expect(await lab.node.log()).toContain('Asterisk cannot describe it: its Call-ID is no text');
      await listener.pressKeys('6');
      await expect.poll(async () => (await lab.node.member('3000', '101')).listenVolume).toBe(1);
    } finally {
      socket.close();
    }
  });
});

describe('a call that Asterisk cannot describe, and so tells nobody of', () => {
  it('is ended by the controller that runs, and harms no other call', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '101' });
    await lab.node.waitForMembers('3000', 1);
    const socket = await callIndescribably();
    try {
      const channels = () => lab.node.asterisk.cli('core show channels concise');
      await expect.poll(channels).toMatch(/Stasis.*!66!/);
      await expect.poll(channels, { timeout: 15_000 }).not.toMatch(/!66!/);
      expect(await channels()).toMatch(/!101!/);
      await listener.pressKeys('6');
      await expect.poll(async () => (await lab.node.member('3000', '101')).listenVolume).toBe(1);
    } finally {
      socket.close();
    }
  });
});

describe('kill -9 of the supervisor', () => {
  it('ends its controller too, and the next one takes over the calls', async () => {
    await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    const listener = await lab.phones.call('3000', { callerNumber: '101' });
    await expect.poll(() => lab.node.member('3000', '200')).toMatchObject({ talking: true });
    const { members } = await lab.node.waitForMembers('3000', 2);
    process.kill(lab.node.supervisorPid, 'SIGKILL');
    await expect.poll(async () => (await lab.node.cli('list')).code, { timeout: 5000 }).toBe(4);
    await lab.node.startRostrum();
    await expect.poll(async () => (await lab.node.show('3000')).members).toEqual(members);
    expect(listener.stats().lost).toBe(0);
  });
});

describe('a restart of Asterisk', () => {
  it('is followed by a clean new start', async () => {
    await lab.phones.call('3000', { callerNumber: '101' });
    await lab.node.waitForMembers('3000', 1);
    await lab.node.asterisk.kill('SIGKILL');
    await lab.node.asterisk.stop();
    await lab.node.asterisk.start();
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', 0);
    await lab.phones.call('3000', { callerNumber: '102' });
    await lab.node.waitForMembers('3000', 1);
    expect(await lab.node.member('3000', '102')).toMatchObject({ presence: 'present' });
  });
});

describe('nothing is left behind', () => {
  it('when the conference ends', async () => {
    const node2 = await RostrumNode.start({ profile: { idleSeconds: 1 } });
    const bank = new PhoneBank({ server: node2.server });
    await bank.start();
    try {
      await bank.call('3000', { callerNumber: '101' });
      await node2.waitForMembers('3000', 1);
      await bank.hangUpAll();
      await expect
        .poll(() => node2.cli('list', '--json').then(({ stdout }) => JSON.parse(stdout)), { timeout: 5000 })
        .toEqual([]);
      await expect.poll(() => node2.asterisk.cli('bridge show all'), { timeout: 5000 }).not.toContain('floor');
    } finally {
      await bank.stop();
      await node2.stop();
    }
  });

  it('when callers hang up at any point of joining', async () => {
    for (let delayMs = 0; delayMs <= 60; delayMs += 4) {
      const call = lab.phones.dial('3000', { callerNumber: '101' });
      call.answered.catch(() => {});
      await sleep(delayMs);
      await call.hangUp();
    }
    await lab.node.waitForMembers('3000', 0);
    await expect
      .poll(() => lab.node.asterisk.cli('core show channels count'), { timeout: 5000 })
      .toContain('0 active channels');
  });
});
