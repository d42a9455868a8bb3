import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectNothingLost, hears, isReminder, WITHIN } from './judge.ts';
import type { Arrival } from './line.ts';
import { RelayHarness } from './relay-harness.ts';

const FRAME_MS = 20;
/** Asterisk's bridge throws away the queue of a channel that holds more than 80 ms. */
const MOST_QUEUED = 4;
const SETTLED_MS = 1000;
const HEARD_MS = 4000;

/** How many of the packets the bridge makes nothing of, and how often it has nothing to mix. */
function bridged(arrivals: readonly Arrival[], atMs: number): { thrownAway: number; holes: number } {
  let [queued, thrownAway, holes, next] = [0, 0, 0, 0];
  for (let nowMs = arrivals[0]?.atMs ?? 0; nowMs < atMs; nowMs += FRAME_MS) {
    for (; (arrivals[next]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs; next++) {
      if (queued > MOST_QUEUED) {
        thrownAway += queued;
        queued = 0;
      }
      queued += 1;
    }
    if (queued === 0) holes += 1;
    else queued -= 1;
  }
  return { thrownAway, holes };
}

describe.each(['libc', 'dgram'] as const)('a speaker whose packets come in bursts, through %s,', (driver) => {
  let lab: RelayHarness;
  beforeAll(async () => {
    lab = await RelayHarness.start({ driver });
  });
  afterEach(() => lab.reset());
  afterAll(() => lab.stop());

  it.each([200, 300])('of %i ms, is passed on so evenly that the bridge loses nothing', async (burstMs) => {
    const call = await lab.openCall('a');
    call.phone.say(700, -20, burstMs);
    await hears(call.asterisk, 700, -20);
    await sleep(SETTLED_MS);
    const from = call.asterisk.arrivals.length;
    await sleep(HEARD_MS);
    const arrivals = call.asterisk.arrivals.slice(from).filter((each) => !isReminder(each));
    expectNothingLost(arrivals);
    // Packets are late here if the machine is busy; without the relay's buffer, most are thrown away.
    const { thrownAway, holes } = bridged(arrivals, performance.now());
    expect(thrownAway / arrivals.length).toBeLessThan(0.05);
    expect(holes / arrivals.length).toBeLessThan(0.05);
  });

  it('gets what waits to Asterisk when the member becomes a listener, and has keys in their order', async () => {
    const call = await lab.openCall('a');
    call.phone.say(700, -20, 300);
    await hears(call.asterisk, 700, -20);
    for (let packet = 0; packet < 8; packet++) call.phone.sendKey(5, packet, 96);
    await expect.poll(() => call.asterisk.arrivals.filter((each) => each.payloadType === 96).length, WITHIN).toBe(8);
    const passed = call.asterisk.arrivals.filter((each) => !isReminder(each)).map(({ sequence }) => sequence);
    expect(passed).toEqual([...passed].sort((a, b) => a - b));
    await lab.floor(440, -20);
    lab.hear(call, {});
    await hears(call.phone, 440, -20);
  });
});

it('a punctual speaker is passed on at once', async () => {
  const lab = await RelayHarness.start();
  try {
    const call = await lab.openCall('a');
    call.phone.say(700, -20);
    await hears(call.asterisk, 700, -20);
    await sleep(SETTLED_MS);
    const arrivals = call.asterisk.arrivals.slice(-40);
    const [first] = arrivals;
    const lateMs = arrivals.map(({ atMs, timestamp }) => atMs - (timestamp - (first?.timestamp ?? 0)) / 8);
    const median = [...lateMs].sort((a, b) => a - b)[20] ?? 0;
    expect(median - Math.min(...lateMs)).toBeLessThan(10);
  } finally {
    await lab.stop();
  }
});
