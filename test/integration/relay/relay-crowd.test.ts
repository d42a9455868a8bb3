import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { CallSpec, FloorSpec } from '../../../src/relay/protocol/protocol.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { expectNothingLost, hears, WITHIN } from './judge.ts';
import { ASTERISK, type HarnessCall, HEARING, RelayHarness } from './relay-harness.ts';

const FLOOR_HZ = 440;
const LEVEL_DBOV = -20;
const LISTENERS = 50;
const PACKET_MS = 20;
/** The relay's address for the calls of a crowd. Nobody else has ports there. */
const CROWD_HOST = ownAddress();
const FIRST_PORT = 10_000;
const SILENCE = new Uint8Array(160).fill(0xff);
/** For many calls. */
const LONGER = { timeout: 20_000, interval: 50 };

let lab: RelayHarness;

afterEach(() => lab.stop());

/** Listeners of a floor, whose phones all send. */
async function audience(): Promise<{ spec: FloorSpec; listeners: HarnessCall[] }> {
  const { spec, local } = await lab.floor(FLOOR_HZ, LEVEL_DBOV);
  const listeners: HarnessCall[] = [];
  for (let i = 0; i < LISTENERS; i++) {
    const call = await lab.openCall(`listener-${i}`, { hearing: HEARING });
    call.phone.repeat(PACKET_MS, () => call.phone.send(0, SILENCE));
    listeners.push(call);
  }
  for (const { phone } of listeners) await hears(phone, FLOOR_HZ);
  return { spec: { ...spec, port: local.port }, listeners };
}

/** A call of a crowd. The relay sends nothing to its phone unless an address of the phone is given. */
const callOf = (index: number, given: Partial<CallSpec> = {}): CallSpec => ({
  channelId: `crowd-${index}`,
  local: { host: CROWD_HOST, port: FIRST_PORT + 2 * index },
  asterisk: { host: ASTERISK, port: FIRST_PORT + 2 * index },
  phone: null,
  sources: [],
  signalling: null,
  codec: 'PCMU',
  gate: null,
  tones: false,
  talkLevel: null,
  hearing: HEARING,
  source: null,
  ...given,
});

const crowdOf = (calls: number, given: Partial<CallSpec> = {}) =>
  Array.from({ length: calls }, (_, index) => callOf(index, given));

const channelsOf = (type: 'call-open' | 'call-failed'): string[] =>
  lab.reports.flatMap((report) => (report.type === type ? [report.channelId] : []));

/** Begins to watch listeners. @returns how to check that they have lost nothing since then, and hear the floor */
function allOf(listeners: readonly HarnessCall[]): () => Promise<void> {
  const before = listeners.map(({ phone }) => phone.arrivals.length);
  return async () => {
    for (const [i, { phone }] of listeners.entries()) {
      await hears(phone, FLOOR_HZ);
      const arrivals = () => phone.arrivals.slice(before[i]);
      await expect.poll(() => arrivals().length, WITHIN).toBeGreaterThan(10);
      expectNothingLost(arrivals());
    }
  };
}

describe('a crowd of calls', () => {
  it('that ends at once costs no listener a packet, and gives all its ports back', async () => {
    lab = await RelayHarness.start();
    const { spec, listeners } = await audience();
    const sink = await lab.socket({ host: CROWD_HOST });
    const phone = { host: CROWD_HOST, port: sink.address().port };
    const crowd = crowdOf(500, { phone });
    for (const call of crowd) lab.tell({ type: 'call', call });
    await expect.poll(() => channelsOf('call-open').length, LONGER).toBe(crowd.length);
    const expectAll = allOf(listeners);
    lab.tellAll(
      [spec],
      listeners.map(({ spec }) => spec),
    );
    for (const { local: rtp } of crowd) {
      for (const port of [rtp.port, rtp.port + 1]) {
        await expect.poll(() => lab.socket({ host: CROWD_HOST, port }), LONGER).toBeDefined();
      }
    }
    await expect.poll(() => lab.sums, WITHIN).toMatchObject({ calls: LISTENERS, listeners: LISTENERS });
    await expectAll();
  });

  it('of 2000 that come within ten seconds is taken, and costs no listener a packet', async () => {
    lab = await RelayHarness.start();
    const { listeners } = await audience();
    const crowd = crowdOf(2000);
    const expectAll = allOf(listeners);
    const startedMs = performance.now();
    for (const [index, call] of crowd.entries()) {
      lab.tell({ type: 'call', call });
      if (index % 10 === 9) await sleep(Math.max(0, startedMs + (index + 1) * 5 - performance.now()));
    }
    await expect.poll(() => channelsOf('call-open').length, LONGER).toBe(crowd.length);
    expect(channelsOf('call-failed')).toEqual([]);
    await expect.poll(() => lab.sums?.listeners, WITHIN).toBe(LISTENERS + crowd.length);
    await expectAll();
  });
});

describe('a relay that may have few files open', () => {
  it.each(['libc', 'dgram'] as const)(
    'says which calls it cannot take and why, and takes others when some have ended, through %s',
    async (driver) => {
      lab = await RelayHarness.start({ driver, openFiles: 256 });
      const { spec, listeners } = await audience();
      const expectAll = allOf(listeners);
      const crowd = crowdOf(100);
      for (const call of crowd) lab.tell({ type: 'call', call });
      const told = () => channelsOf('call-open').length + channelsOf('call-failed').length;
      await expect.poll(told, LONGER).toBe(crowd.length);
      const [taken, refused] = [channelsOf('call-open'), channelsOf('call-failed')];
      expect(taken.length).toBeGreaterThan(10);
      expect(refused.length).toBeGreaterThan(10);
      for (const report of lab.reports) {
        if (report.type === 'call-failed') expect(report.message).toMatch(/256 files/);
      }
      // There is room for other things: another conference, and a controller that was started again.
      lab.tell({ type: 'floor', floor: { ...spec, conference: '3001', port: null } });
      expect(await lab.report('floor')).toMatchObject({ conference: '3001' });
      const { calls } = await lab.connect();
      const listening = listeners.map(({ spec }) => spec.channelId);
      expect(calls.map(({ channelId }) => channelId).sort()).toEqual([...listening, ...taken].sort());
      await expectAll();
      for (const channelId of taken.slice(0, 10)) lab.tell({ type: 'end-call', channelId });
      for (let index = 100; index < 120; index++) lab.tell({ type: 'call', call: callOf(index) });
      await expect.poll(told, LONGER).toBe(20);
      expect(channelsOf('call-open').sort()).toEqual(Array.from({ length: 10 }, (_, i) => `crowd-${100 + i}`));
      await expectAll();
    },
  );
});
