import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import type { Call } from '../../kit/phone/call.ts';
import { levelDbov } from '../../kit/phone/judge.ts';
import { measureLatency, mouthToEar } from '../../kit/phone/latency.ts';
import { type AnswerPlan, PhoneBank, type PhoneBankOptions } from '../../kit/phone/phone-bank.ts';
import { bursts, nothing, type Sound, samples, silence, tone } from '../../kit/phone/sound.ts';
import { speechHeard } from '../../kit/phone/speech-heard.ts';

const banks: PhoneBank[] = [];

async function startBank(options: Partial<PhoneBankOptions>): Promise<PhoneBank> {
  const server = { host: '127.0.0.1', port: 9 };
  const bank = new PhoneBank({ bindAddress: '127.0.0.1', server, ...options });
  banks.push(bank);
  await bank.start();
  return bank;
}

async function callersAndCallees(
  onIncoming: AnswerPlan,
  options: Partial<PhoneBankOptions> = {},
): Promise<{ callers: PhoneBank; callees: PhoneBank }> {
  const callees = await startBank({ onIncoming, ...options });
  const callers = await startBank({ server: callees.address, ...options });
  return { callers, callees };
}

async function connectedPair(
  send: Sound,
  options: Partial<PhoneBankOptions> = {},
): Promise<{ caller: Call; callee: Call }> {
  const { callers, callees } = await callersAndCallees({ kind: 'answer', afterMs: 20 }, options);
  const caller = await callers.call('3000', { callerNumber: '100', callerName: 'Ann "A"', send });
  const callee = await callees.nextCall({ timeoutMs: 1000 });
  await callee.answered;
  return { caller, callee };
}

const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

afterEach(async () => {
  await Promise.all(banks.splice(0).map((bank) => bank.stop()));
});

describe('two phones in a call', () => {
  it.each(['PCMU', 'PCMA'] as const)('hear a tone at its level with %s', async (codec) => {
    const { caller, callee } = await connectedPair(tone(440, -20), { codec });
    expect(callee).toMatchObject({ callerNumber: '100', callerName: 'Ann "A"', calledNumber: '3000' });

    const firstMs = await callee.waitForTone(440, { aboveDbov: -30, timeoutMs: 1000 });
    expect(firstMs).toBeGreaterThan(callee.invitedAtMs);
    await sleep(600);
    expect(callee.toneLevelDbov(440, { lastMs: 500 })).toBeCloseTo(-20, 0);
    expect(Math.abs(callee.toneLevelDbov(440, { lastMs: 500 }) + 20)).toBeLessThan(0.5);
    expect(callee.toneLevelDbov(1000, { lastMs: 500 })).toBeLessThan(-55);
    expect(caller.levelDbov({ lastMs: 500 })).toBeLessThan(-60);

    const stats = callee.stats();
    expect(stats).toMatchObject({ lost: 0, late: 0, duplicates: 0, streams: 1 });
    expect(stats.packetsPerSecond).toBeGreaterThan(45);
    expect(stats.inviteToFirstAudibleMs).toBeGreaterThan(0);
  });

  it('hear when a sound changes and when it stops', async () => {
    const { caller, callee } = await connectedPair(silence());
    await callee.waitForSilence({ forMs: 100, timeoutMs: 1000 });
    const changedMs = performance.now();
    caller.send(tone(700, -15));
    const heardMs = await callee.waitForTone(700, { aboveDbov: -25, timeoutMs: 1000 });
    expect(heardMs - changedMs).toBeGreaterThan(-20);
    expect(heardMs - changedMs).toBeLessThan(100);

    expect(levelDbov(callee.heardBetween(heardMs - 60, heardMs - 20))).toBeLessThan(-60);
    expect(levelDbov(callee.heardBetween(heardMs, heardMs + 40))).toBeGreaterThan(-20);

    caller.send(tone(1000, -15));
    const goneMs = await callee.waitForNoTone(700, { belowDbov: -50, timeoutMs: 2000 });
    expect(goneMs - heardMs).toBeGreaterThan(0);
    expect(callee.toneLevelDbov(1000, { lastMs: 200 })).toBeCloseTo(-15, 0);

    caller.send(nothing());
    const silentMs = await callee.waitForSilence({ forMs: 200, timeoutMs: 2000 });
    expect(silentMs - goneMs).toBeGreaterThan(0);
    await expect(callee.waitForTone(700, { aboveDbov: -25, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'wait-timed-out',
    });
  });

  it('measure a small mouth-to-ear latency', async () => {
    const { caller, callee } = await connectedPair(bursts({ everyMs: 200 }));
    await sleep(1500);
    const latency = mouthToEar(caller, callee, { lastMs: 1400, maxLatencyMs: 100 });
    expect(latency.latenciesMs.length).toBeGreaterThanOrEqual(5);
    expect(latency.missed).toBe(0);
    expect(latency.meanMs).toBeGreaterThan(0);
    expect(latency.meanMs).toBeLessThan(10);
    expect(await measureLatency(caller, callee, { bursts: 12 })).toHaveLength(12);
  });

  it('send packets of 60 ms when told so', async () => {
    const { caller, callee } = await connectedPair(tone(440, -20), { ptimeMs: 60 });
    await sleep(1600);
    for (const call of [caller, callee]) {
      expect(call.stats().packetsPerSecond).toBeGreaterThan(15);
      expect(call.stats().packetsPerSecond).toBeLessThan(18.5);
    }
    expect(callee.toneLevelDbov(440, { lastMs: 500 })).toBeCloseTo(-20, 0);
    expect(callee.stats()).toMatchObject({ lost: 0, late: 0 });
  });

  it('recognise speech', async () => {
    const pcm = new Int16Array(16_000);
    // Syllables of noise: uneven lengths, so that only the right delay matches.
    for (let i = 0; i < pcm.length; i++) {
      const loud = Math.sin(i / 517) + Math.sin(i / 911) > 0.4;
      pcm[i] = loud ? 4000 * Math.sin(i * i * 0.37) : 0;
    }
    const { caller, callee } = await connectedPair(samples(pcm));
    await sleep(2000);
    const heard = speechHeard(caller, callee, { lastMs: 1500, maxDelayMs: 200 });
    expect(heard.match).toBeGreaterThan(0.95);
    expect(heard.delayMs).toBeLessThanOrEqual(12);
    expect(speechHeard(callee, caller, { lastMs: 1500, maxDelayMs: 200 }).match).toBeLessThan(0.5);
  });

  it('press keys for each other, as RTP events and as SIP INFO', async () => {
    const { caller, callee } = await connectedPair(tone(440, -20));
    await caller.pressKeys('12#', { toneMs: 60, gapMs: 60 });
    await callee.waitForKeys('12#', { timeoutMs: 500 });
    await callee.pressKeys('*0', { via: 'info' });
    await caller.waitForKeys('*0', { timeoutMs: 500 });
    expect(callee.heardKeys.map(({ via }) => via)).toEqual(['rfc4733', 'rfc4733', 'rfc4733']);
    expect(caller.heardKeys.map(({ via }) => via)).toEqual(['info', 'info']);
    expect(callee.stats().lost).toBe(0);
    await expect(caller.pressKeys('x')).rejects.toMatchObject({ code: 'bad-keys' });
  });

  it('hang up from either side', async () => {
    const first = await connectedPair(silence());
    expect(await first.caller.hangUp()).toMatchObject({ by: 'us' });
    expect(await first.callee.ended).toMatchObject({ by: 'them', reason: 'BYE' });

    const second = await connectedPair(silence());
    expect(await second.callee.hangUp()).toMatchObject({ by: 'us' });
    expect(await second.caller.ended).toMatchObject({ by: 'them', reason: 'BYE' });
  });

  it('keep only statistics when told so', async () => {
    const { callers, callees } = await callersAndCallees({ kind: 'answer', keepAudio: false, send: tone(500, -10) });
    const caller = await callers.call('1', { keepAudio: false });
    await sleep(200);
    expect(caller.stats().received).toBeGreaterThan(5);
    expect(caller.stats().firstAudibleMs).not.toBeNull();
    expect(() => caller.heard).toThrow(expect.objectContaining({ code: 'no-audio-kept' }));
    expect(callees.calls.size).toBe(1);
  });
});

describe('a call that is not answered', () => {
  it('is refused with the code of the other side', async () => {
    const { callers } = await callersAndCallees({ kind: 'reject', status: 486, reason: 'Busy Here' });
    const call = callers.dial('1');
    await expect(call.answered).rejects.toMatchObject({ code: 'call-failed', status: 486, reason: 'Busy Here' });
    expect(await call.ended).toMatchObject({ by: 'them', status: 486 });
  });

  it('is cancelled while it rings', async () => {
    const { callers, callees } = await callersAndCallees({ kind: 'ring-for-ever' });
    const call = callers.dial('1');
    const callee = await callees.nextCall({ timeoutMs: 1000 });
    await sleep(100);
    expect(call.state).toBe('ringing');
    expect(await call.cancel()).toMatchObject({ by: 'us', status: 487 });
    expect(await callee.ended).toMatchObject({ by: 'them', status: 487 });
  });

  it('is given up when nobody answers in time', async () => {
    const { callers } = await callersAndCallees({ kind: 'ring-for-ever' });
    const failed = { code: 'call-failed', status: 487, reason: 'no answer in time' };
    await expect(callers.call('1', { answerTimeoutMs: 150 })).rejects.toMatchObject(failed);
  });

  it('is cancelled at once when it has not left yet', async () => {
    const { callers } = await callersAndCallees({ kind: 'ring-for-ever' });
    const call = callers.dial('1');
    expect(await call.hangUp()).toMatchObject({ by: 'us', status: 487 });
  });

  it('is refused by a bank that takes no calls', async () => {
    const callees = await startBank({});
    const callers = await startBank({ server: callees.address });
    await expect(callers.call('1')).rejects.toMatchObject({ status: 480 });
  });
});

describe('a phone bank', () => {
  it('holds many calls with little loss', async () => {
    const { callers, callees } = await callersAndCallees({ kind: 'answer', keepAudio: false });
    const send = tone(440, -20);
    const calls = await Promise.all(Array.from({ length: 50 }, () => callers.call('1', { send, keepAudio: false })));
    expect(callees.calls.size).toBe(50);
    for (const call of calls) call.resetStats();
    await sleep(500);
    for (const call of calls) expect(call.stats().received).toBeGreaterThan(15);
    await callers.stop();
    await callers.stop();
    expect(callers.calls.size).toBe(0);
    await sleep(50);
    expect(callees.calls.size).toBe(0);
  });

  it('survives datagrams that are no SIP and answers OPTIONS', async () => {
    const bank = await startBank({});
    const socket = createSocket('udp4');
    const answered = new Promise<string>((resolve) => socket.once('message', (data) => resolve(data.toString())));
    const { port, host } = bank.address;
    for (const bytes of ['', '\0\0', 'INVITE sip:1 SIP/2.0\r\n\r\n']) socket.send(bytes, port, host);
    const options = [
      `OPTIONS sip:a@${host} SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:5;branch=z9hG4bK1`,
      'From: <sip:b@c>;tag=1',
      'To: <sip:a@d>',
      'Call-ID: x',
      'CSeq: 1 OPTIONS',
      '',
      '',
    ];
    socket.send(options.join('\r\n'), port, host);
    expect(await answered).toMatch(/^SIP\/2\.0 200 OK/);
    expect([...bank.malformedByProblem().values()].reduce((sum, count) => sum + count)).toBe(3);
    socket.close();
  });
});
