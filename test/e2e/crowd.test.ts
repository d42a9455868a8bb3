import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/schemas.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import type { RostrumNode } from '../kit/rostrum-node.ts';
import { gapsMs, HEARD } from './audience-harness.ts';
import { slowHarness } from './slow-harness.ts';

/** What the dialplan makes of ROSTRUM_RESULT=BUSY. */
const SERVICE_UNAVAILABLE = 503;

async function admission(node: RostrumNode): Promise<StatusView['admission']> {
  return (await node.api.get<StatusView>('/status')).admission;
}

describe('a crowd', () => {
  const CALLS = 200;
  const { lab, slowDown } = slowHarness({ admission: { waitSeconds: 60 } });

  it('comes in one after the other, rings until then, and those who are in hear nothing of it', async () => {
    const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    const listener = await lab.phones.call('3000', { callerNumber: '201', send: silence() });
    await listener.waitForTone(440, HEARD);
    await sleep(500);
    for (const call of [speaker, listener]) call.resetStats();

    // There and back: 40 ms for each request.
    slowDown(20);
    const calls: Call[] = [];
    for (let index = 0; index < CALLS; index++) {
      const callerNumber = String(1000 + index);
      const answerTimeoutMs = 50_000;
      calls.push(lab.phones.dial('3000', { callerNumber, send: silence(), keepAudio: false, answerTimeoutMs }));
    }
    let mostWaiting = 0;
    const rang = new Set<Call>();
    const inState = (state: Call['state']) => calls.filter((call) => call.state === state).length;
    while (inState('answered') + inState('ended') < CALLS) {
      mostWaiting = Math.max(mostWaiting, (await admission(lab.node)).waiting);
      for (const call of calls) if (call.state === 'ringing') rang.add(call);
      await sleep(50);
    }
    slowDown(0);
    expect(inState('answered')).toBe(CALLS);
    await lab.node.waitForMembers('3000', CALLS + 2);
    expect(mostWaiting).toBeGreaterThan(CALLS / 2);
    expect(rang.size).toBeGreaterThan(CALLS / 8);
    expect(await admission(lab.node)).toMatchObject({ waiting: 0, refused: 0 });
    expect(await lab.node.log()).toMatch(/letting calls in: \d+ wait, \d+\/s, the longest for \d+\.\d s/);
    for (const call of [speaker, listener]) expect(call.stats().lost).toBe(0);
    expect(gapsMs([listener], speaker)[0]).toBeLessThan(100);
    await listener.waitForTone(440, HEARD);
  });
});

describe('callers who have waited for too long', () => {
  const { lab, slowDown } = slowHarness({ admission: { waitSeconds: 1 } });

  it('are refused with 503, unanswered', async () => {
    const before = (await admission(lab.node)).refused;
    slowDown(300);
    const calls = Array.from({ length: 12 }, (_, index) =>
      lab.phones.dial('3000', { callerNumber: String(100 + index), send: silence() }),
    );
    const undecided = () => calls.filter(({ state }) => state === 'dialling' || state === 'ringing').length;
    await expect.poll(undecided, { timeout: 20_000 }).toBe(0);
    slowDown(0);
    const refused = calls.filter(({ state }) => state === 'ended');
    expect(refused.length).toBeGreaterThan(0);
    expect(calls.length - refused.length).toBeGreaterThanOrEqual(8);
    expect(refused.map(({ end }) => end?.status)).toEqual(refused.map(() => SERVICE_UNAVAILABLE));
    expect(refused.map(({ answeredAtMs }) => answeredAtMs)).toEqual(refused.map(() => null));
    const told = { waiting: 0, refused: before + refused.length };
    await expect.poll(() => admission(lab.node)).toMatchObject(told);
  });
});
