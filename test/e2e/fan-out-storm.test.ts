import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { silence, tone } from '../kit/phone/sound.ts';
import { AGAIN, callersAtRelay, gapsMs, HEARD, remains } from './fan-out-laboratory.ts';
import { laboratory } from './laboratory.ts';

const lab = laboratory({
  bindAddress: '127.0.74.1',
  profile: { audience: 'auto', fanOutFrom: 50, idleSeconds: 1 },
});

const CALLS = 150;
const CALLS_PER_SECOND = 50;

it('a storm of callers is answered and heard by all, and ends at the relay without a gap', AGAIN, async () => {
  const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const dialled = [];
  for (let index = 0; index < CALLS; index++) {
    dialled.push(lab.phones.call('3000', { callerNumber: String(1000 + index), send: silence() }));
    await sleep(1000 / CALLS_PER_SECOND);
  }
  const listeners = await Promise.all(dialled);
  await lab.node.waitForMembers('3000', CALLS + 1);
  await Promise.all(listeners.map((call) => call.waitForTone(440, HEARD)));
  for (const call of [speaking, ...listeners]) call.resetStats();
  const count = async () => (await callersAtRelay(lab.node)).length;
  await expect.poll(count, { timeout: 40_000, interval: 200 }).toBe(CALLS);
  await Promise.all(listeners.map((call) => call.waitForTone(440, HEARD)));
  const stats = listeners.map((call) => call.stats());
  expect(stats.reduce((sum, { lost }) => sum + lost, 0)).toBe(0);
  expect(Math.max(...gapsMs(listeners, speaking))).toBeLessThan(150);
  await lab.phones.hangUpAll();
  await expect.poll(() => remains(lab.node), { timeout: 20_000, interval: 200 }).toEqual([]);
  const channels = () => lab.node.asterisk.cli('core show channels count');
  await expect.poll(channels, { timeout: 10_000, interval: 200 }).toContain('0 active channels');
});
