import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { FloorSpec } from '../../../src/relay/protocol/protocol.ts';
import { openDescriptors, settledDescriptors } from '../../kit/descriptors.ts';
import { hears, longestGapMs, missing, WITHIN } from './judge.ts';
import { type HarnessCall, HEARING, RelayHarness } from './relay-harness.ts';

const FLOOR_HZ = 440;
const LEVEL_DBOV = -20;
const LISTENERS = 6;

let lab: RelayHarness;

afterEach(() => lab.stop());

/** One listener has long packets. */
const packetMsOf = (line: number): 20 | 40 => (line === 4 ? 40 : 20);

/** Listeners of a floor with a tone, and a speaker; all phones send. */
async function audience() {
  const { spec, local } = await lab.floor(FLOOR_HZ, LEVEL_DBOV);
  const listeners: HarnessCall[] = [];
  for (let i = 0; i < LISTENERS; i += 1) {
    const codec = (['PCMU', 'PCMA', 'G722'] as const)[i % 3] ?? null;
    const hearing = { ...HEARING, packetMs: packetMsOf(i) };
    listeners.push(await lab.call(`listener-${i}`, { hearing, codec }));
  }
  const speaker = await lab.call('speaker');
  const calls = [...listeners, speaker];
  for (const { spec, phone, asterisk } of calls) {
    lab.tell({ type: 'call', call: spec });
    await lab.report('call-open');
    phone.say(700, LEVEL_DBOV);
    await expect.poll(() => asterisk.peer, WITHIN).not.toBeNull();
    if (asterisk.peer) asterisk.sendTo(asterisk.peer);
  }
  speaker.asterisk.say(300, LEVEL_DBOV);
  const soundsRight = async () => {
    for (const { phone } of listeners) await hears(phone, FLOOR_HZ);
    await hears(speaker.phone, 300);
    await hears(speaker.asterisk, 700);
  };
  await soundsRight();
  const lines = [...listeners.map(({ phone }) => phone), speaker.phone, speaker.asterisk];
  const restated: FloorSpec = { ...spec, port: local.port };
  return {
    lines,
    speaker,
    soundsRight,
    restate: () =>
      lab.tellAll(
        [restated],
        calls.map(({ spec }) => spec),
      ),
  };
}

it('a relay that takes over loses nothing: no packet, no stream, no descriptor; again and again', async () => {
  lab = await RelayHarness.start();
  const { lines, soundsRight, restate } = await audience();
  const descriptors = await settledDescriptors(lab.relayPid);
  const began = lines.map((line) => line.arrivals.length);
  const gapsMs: number[] = [];
  for (let times = 1; times <= 3; times += 1) {
    const atMs = performance.now();
    const before = lab.relayPid;
    expect(await lab.upgradeRelay()).toBeNull();
    expect(lab.relayPid).not.toBe(before);
    const { pid, calls } = await lab.connect();
    expect(pid).toBe(lab.relayPid);
    expect(calls).toHaveLength(LISTENERS + 1);
    restate();
    await sleep(300);
    await soundsRight();
    for (const [i, line] of lines.entries()) {
      const arrivals = line.arrivals.slice(began[i]);
      expect(missing(arrivals)).toBe(0);
      expect(new Set(arrivals.map(({ ssrc }) => ssrc)).size).toBe(1);
      const timestamps = arrivals.slice(1).map(({ timestamp }, at) => timestamp - (arrivals[at]?.timestamp ?? 0));
      expect(new Set(timestamps)).toEqual(new Set([8 * packetMsOf(i)]));
    }
    const lately = lines.map((line) => line.arrivals.filter((arrival) => arrival.atMs > atMs));
    gapsMs.push(Math.max(...lately.map(longestGapMs)));
    await expect.poll(() => openDescriptors(lab.relayPid), WITHIN).toBe(descriptors);
  }
  console.log(`longest time without a packet at each upgrade: ${gapsMs.map(Math.round).join(', ')} ms`);
});

it('a relay that cannot start leaves the one that runs as it is', async () => {
  lab = await RelayHarness.start();
  const { lines, soundsRight } = await audience();
  const pid = lab.relayPid;
  const began = lines.map((line) => line.arrivals.length);
  expect(await lab.upgradeRelay({ config: 'missing.yaml' })).toBe(2);
  await sleep(200);
  expect(lab.relayPid).toBe(pid);
  await soundsRight();
  for (const [i, line] of lines.entries()) {
    const arrivals = () => line.arrivals.slice(began[i]);
    await expect.poll(() => arrivals().length, WITHIN).toBeGreaterThan(10);
    expect(missing(arrivals())).toBe(0);
  }
});

it.each(['dgram', 'libc'] as const)(
  'without libc a relay ends the one that runs with %s, and is told everything anew',
  async (driver) => {
    lab = await RelayHarness.start(driver === 'dgram' ? { driver } : {});
    const { spec: floor, local } = await lab.floor(FLOOR_HZ, LEVEL_DBOV);
    const { spec: call, phone } = await lab.call('listener', { hearing: HEARING });
    lab.tell({ type: 'call', call });
    phone.say(700, LEVEL_DBOV);
    await hears(phone, FLOOR_HZ);
    expect(await lab.upgradeRelay({ driver: 'dgram' })).toBeNull();
    expect((await lab.connect()).calls).toEqual([]);
    lab.tellAll([{ ...floor, port: local.port }], [call]);
    await hears(phone, FLOOR_HZ);
  },
);
