import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { nothing, silence, tone } from '../kit/phone/sound.ts';
import { HEARD, MOST_GAP_MS } from './audience-harness.ts';
import { dialEvenly, missedMs, relayCalls, tracesOf, waitForTraces } from './crowd-harness.ts';
import { harness } from './harness.ts';

/** 2000 take up to 28 s on two cores. */
const CALLS = 1600;
const PER_SECOND = 200;
/** No answer at all. */
const TIMED_OUT = 408;
const WITHIN = { timeout: 20_000, interval: 50 };

const lab = harness({ profile: { idleSeconds: 1 } });
let storm: PhoneBank;
beforeAll(async () => {
  storm = new PhoneBank({ server: lab.node.server });
  await storm.start();
});
afterAll(() => storm?.stop());

it(`${CALLS} calls at ${PER_SECOND} a second: each is in and hears, rings, or is refused; those who are in lose nothing`, async () => {
  const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const staying = await Promise.all(
    ['101', '102', '103'].map((callerNumber) => lab.phones.call('3000', { callerNumber, send: silence() })),
  );
  await Promise.all(staying.map((call) => call.waitForTone(440, HEARD)));
  await expect.poll(() => relayCalls(lab.node), WITHIN).toBe(4);
  const before = await tracesOf(lab.node);
  for (const call of [speaking, ...staying]) call.resetStats();
  const calls = await dialEvenly(CALLS, PER_SECOND, (index) =>
    storm.dial('3000', {
      callerNumber: String(10_000 + index),
      send: nothing(),
      keepAudio: false,
      answerTimeoutMs: 60_000,
    }),
  );
  const count = (test: (call: Call) => boolean) => calls.filter(test).length;
  await expect.poll(() => count(({ state }) => state === 'dialling'), WITHIN).toBe(0);
  const isDeaf = (call: Call) => call.state === 'answered' && call.stats().inviteToFirstAudibleMs === null;
  await expect.poll(() => count(isDeaf), WITHIN).toBe(0);
  for (const { end } of calls) {
    if (end === null) continue;
    expect(end).toMatchObject({ by: 'them', status: expect.any(Number) });
    expect(end.status).not.toBe(TIMED_OUT);
  }
  for (const call of staying) {
    expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
    expect(missedMs(call)).toBeLessThanOrEqual(missedMs(speaking) + MOST_GAP_MS);
  }
  await storm.hangUpAll();
  await waitForTraces(lab.node, before);
  await Promise.all(staying.map((call) => call.waitForToneLevel(440, -20)));
});
