import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { TrunkStatsReport } from '../../../src/relay/protocol/protocol.ts';
import { talkVoice, toneVoice } from '../../kit/floor-voices.ts';
import { burstsOf, type Impairment } from '../../kit/impairment/impairment.ts';
import { type ImpairedMesh, meshOf } from '../../kit/impairment/mesh.ts';
import { ImpairmentProxy } from '../../kit/impairment/udp-proxy.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { toneLevelDbov } from '../../kit/phone/judge.ts';
import { CONFERENCE, TrunkRelays } from '../../kit/trunk-relays.ts';
import { TrunkVoice } from '../../kit/trunk-voice.ts';

const NODES = { a: ownAddress(), b: ownAddress() };
const SETTLE_MS = 600;
const FRAMES_PER_SECOND = 50;
/** Uniform: 30 ms between the fastest and the slowest. */
const JITTER_30_MS = { delayMs: 15, jitter: { kind: 'uniform', spreadMs: 15 } } as const;

let relays: TrunkRelays | null = null;
let proxy: ImpairmentProxy | null = null;
let voice: TrunkVoice | null = null;

/** Two relays that reach each other through a bad network. */
async function start(
  seed: number,
  impairment: Partial<Impairment>,
  trunk: Record<string, unknown> = {},
): Promise<{ all: TrunkRelays; mesh: ImpairedMesh }> {
  const between = new ImpairmentProxy({ seed, impairment });
  proxy = between;
  let mesh: ImpairedMesh | null = null;
  const all = await TrunkRelays.start({
    nodes: NODES,
    trunk,
    route: async (trunks) => {
      const made = await meshOf(between, trunks);
      mesh = made;
      return (from, to) => made.address(from, to);
    },
  });
  relays = all;
  if (mesh === null) throw new Error('no mesh');
  return { all, mesh };
}

/** Frames of a node that had to be made up. */
function concealed(stats: TrunkStatsReport, nodeId = 'a'): number {
  return stats.nodes[nodeId]?.concealed ?? 0;
}

function toneAtB(all: TrunkRelays): number {
  return toneLevelDbov(all.floor('b').heardSince(performance.now() - 500), 400);
}

afterEach(async () => {
  await relays?.stop();
  await proxy?.stop();
  await voice?.close();
  relays = null;
  proxy = null;
  voice = null;
});

describe('a trunk over a network with 30 ms of jitter and 5 % loss', () => {
  it('misses less than 0.5 % of talk and of a tone when each frame is sent again once', { retry: 2 }, async () => {
    const { all, mesh } = await start(12, { ...JITTER_30_MS, lossRatio: 0.05 }, { redundancy: 1 });
    all.floor('a').voice = talkVoice(3);
    all.floor('b').voice = toneVoice(400, -20);
    await sleep(20_000);
    const frames = 20 * FRAMES_PER_SECOND;
    expect(concealed(await all.stats('b'), 'a') / frames).toBeLessThan(0.005);
    expect(concealed(await all.stats('a'), 'b') / frames).toBeLessThan(0.005);
    const { received, lost } = mesh.link('a', 'b').counters('b-to-a');
    expect(lost / received).toBeGreaterThan(0.03);
  });
});

describe('a trunk over a bad network', () => {
  it('misses little when two packets in a row are lost, and each frame is sent again twice', { retry: 1 }, async () => {
    const { all, mesh } = await start(5, { burstLoss: burstsOf(0.05, 1.5) }, { redundancy: 2 });
    all.floor('a').voice = toneVoice(400, -20);
    await sleep(10_000);
    const share = concealed(await all.stats('b')) / (10 * FRAMES_PER_SECOND);
    const { received, lostInBurst } = mesh.link('a', 'b').counters('a-to-b');
    expect(lostInBurst / received).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.02);
    expect(share).toBeLessThan(lostInBurst / received / 3);
  });

  it('neither hears twice nor out of order what comes twice and out of order', { retry: 1 }, async () => {
    const { all } = await start(6, { duplicateRatio: 0.5, reorderRatio: 0.1, reorderHoldMs: 25 });
    all.floor('a').voice = toneVoice(400, -20);
    await sleep(3000);
    const before = await all.stats('b');
    await sleep(3000);
    const after = await all.stats('b');
    const packets = (after.nodes['a']?.packets ?? 0) - (before.nodes['a']?.packets ?? 0);
    // Each once, though half of them came twice.
    expect(packets).toBeLessThan(4.2 * FRAMES_PER_SECOND);
    expect(after.dropped['replayed']).toBeGreaterThan(packets / 3);
    expect(concealed(after) - concealed(before)).toBeLessThan(4);
    expect(Math.abs(toneAtB(all) + 20)).toBeLessThan(0.5);
  });

  it('takes no packet that was damaged', async () => {
    const { all, mesh } = await start(7, { corruptRatio: 0.3, corruptBits: 3 });
    all.floor('a').voice = toneVoice(400, -20);
    await sleep(3000);
    mesh.impair({ corruptRatio: 0 });
    await sleep(100);
    const { dropped, nodes } = await all.stats('b');
    const { received, corrupted } = mesh.link('a', 'b').counters('a-to-b');
    const refused = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expect(corrupted).toBeGreaterThan(20);
    expect(refused).toBeGreaterThanOrEqual(corrupted);
    expect(nodes['a']?.packets).toBeLessThanOrEqual(received - corrupted);
  });

  it.each([1000, 6500])('is silent while it is cut, for %d ms, and goes on when it is not', async (cutMs) => {
    const { all, mesh } = await start(8, {});
    all.floor('a').voice = toneVoice(400, -20);
    await sleep(SETTLE_MS);
    expect(toneAtB(all)).toBeGreaterThan(-21);
    mesh.split(['a']);
    await sleep(cutMs - 500);
    const fromMs = performance.now();
    await sleep(500);
    expect(all.floor('b').heardSince(fromMs)).toHaveLength(0);
    const healedMs = performance.now();
    mesh.heal();
    await sleep(700);
    expect((all.floor('b').firstHeardSince(healedMs) ?? Number.POSITIVE_INFINITY) - healedMs).toBeLessThan(200);
    expect(Math.abs(toneAtB(all) + 20)).toBeLessThan(0.5);
  });

  it('is not disturbed by a node that sends ten times as many valid packets as it should', { retry: 1 }, async () => {
    const { all } = await start(9, {});
    const flood = await TrunkVoice.open({ nodeId: 'flood', conference: CONFERENCE, address: ownAddress() });
    voice = flood;
    const tell = await all.admit({ nodeId: 'flood', address: null, told: () => {} });
    tell(flood.announcement);
    all.floor('a').voice = toneVoice(400, -20);
    await sleep(SETTLE_MS);
    const before = concealed(await all.stats('b'));
    const startedMs = performance.now();
    for (let index = 0; performance.now() - startedMs < 4000; await sleep(2)) {
      for (; index < (performance.now() - startedMs) / 2; index += 1) flood.send(index, all.trunk('b'));
    }
    const after = await all.stats('b');
    expect(after.nodes['flood']?.packets).toBeGreaterThan(1900);
    expect(concealed(after) - before).toBeLessThan(4);
    expect(Math.abs(toneAtB(all) + 20)).toBeLessThan(0.5);
  });
});
