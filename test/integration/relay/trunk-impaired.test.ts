import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import type { TrunkStatsReport } from '../../../src/relay/protocol/protocol.ts';
import { talkVoice, toneVoice } from '../../kit/floor-voices.ts';
import { burstsOf, type Impairment } from '../../kit/impairment/impairment.ts';
import { type ImpairedMesh, meshOf } from '../../kit/impairment/mesh.ts';
import { ImpairmentProxy } from '../../kit/impairment/udp-proxy.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { toneLevelDbov } from '../../kit/phone/judge.ts';
import { CONFERENCE, TrunkRelays } from '../../kit/trunk-relays.ts';
import { TrunkVoice } from '../../kit/trunk-voice.ts';

const SETTLE_MS = 600;
const FRAMES_PER_SECOND = 50;
/** A relay reports so often. */
const REPORT_SECONDS = 2;
/** Uniform: 30 ms between the fastest and the slowest. */
const JITTER_30_MS = { delayMs: 15, jitter: { kind: 'uniform', spreadMs: 15 } } as const;

/**
 * Relays of which two reach each other through a bad network. The third one is a witness: what it misses is the machine's
 * doing.
 */
async function start(
  { onTestFinished }: TestContext,
  seed: number,
  impairment: Partial<Impairment>,
  trunk: Record<string, unknown> = {},
): Promise<{ all: TrunkRelays; mesh: ImpairedMesh }> {
  const between = new ImpairmentProxy({ seed });
  onTestFinished(() => between.stop());
  let mesh: ImpairedMesh | null = null;
  const all = await TrunkRelays.start({
    nodes: { a: ownAddress(), b: ownAddress(), witness: ownAddress() },
    trunk,
    route: async (trunks) => {
      const made = await meshOf(between, trunks);
      made.link('a', 'b').impair(impairment);
      mesh = made;
      return (from, to) => made.address(from, to);
    },
  });
  onTestFinished(() => all.stop());
  if (mesh === null) throw new Error('no mesh');
  return { all, mesh };
}

/** Frames of a node that had to be made up. */
function concealed(stats: TrunkStatsReport, nodeId = 'a'): number {
  return stats.nodes[nodeId]?.concealed ?? 0;
}

/**
 * The share of the frames of each of the two that the other one misses, in so many seconds in which the witness misses none: what
 * the machine is too busy for is not the network's doing.
 */
async function missedShare(all: TrunkRelays, seconds: number): Promise<number> {
  const look = () => Promise.all([all.stats('a'), all.stats('b'), all.stats('witness')]);
  const ofNetwork: number[] = [];
  let [before, wasCalm] = [await look(), false];
  while (ofNetwork.length * REPORT_SECONDS < seconds) {
    const now = await look();
    const grown = (index: 0 | 1 | 2, of: string) => concealed(now[index], of) - concealed(before[index], of);
    const [atA, atB, atWitness] = [grown(0, 'b'), grown(1, 'a'), grown(2, 'a') + grown(2, 'b')];
    before = now;
    const isCalm = atWitness === 0;
    // Relays report at times of their own: the report before is about some of the same frames.
    if (isCalm && wasCalm) ofNetwork.push(Math.max(atA, atB));
    wasCalm = isCalm;
  }
  return ofNetwork.reduce((sum, frames) => sum + frames, 0) / (ofNetwork.length * REPORT_SECONDS * FRAMES_PER_SECOND);
}

function toneAtB(all: TrunkRelays): number {
  return toneLevelDbov(all.floor('b').heardSince(performance.now() - 500), 400);
}

describe.concurrent('a trunk over a network with 30 ms of jitter and 5 % loss', () => {
  it('misses less than 0.5 % of talk and of a tone when each frame is sent again once', async (test) => {
    const { all, mesh } = await start(test, 12, { ...JITTER_30_MS, lossRatio: 0.05 }, { redundancy: 1 });
    all.floor('a').voice = talkVoice(3);
    all.floor('b').voice = toneVoice(400, -20);
    expect(await missedShare(all, 20)).toBeLessThan(0.005);
    const { received, lost } = mesh.link('a', 'b').counters('b-to-a');
    expect(lost / received).toBeGreaterThan(0.03);
  });
});

describe.concurrent('a trunk over a bad network', () => {
  it('misses little when two packets in a row are lost, and each frame is sent again twice', async (test) => {
    const { all, mesh } = await start(test, 5, { burstLoss: burstsOf(0.05, 1.5) }, { redundancy: 2 });
    all.floor('a').voice = toneVoice(400, -20);
    const share = await missedShare(all, 10);
    const { received, lostInBurst } = mesh.link('a', 'b').counters('a-to-b');
    expect(lostInBurst / received).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.02);
    expect(share).toBeLessThan(lostInBurst / received / 3);
  });

  it('neither hears twice nor out of order what comes twice and out of order', async (test) => {
    const { all, mesh } = await start(test, 6, { duplicateRatio: 0.5, reorderRatio: 0.1, reorderHoldMs: 25 });
    all.floor('a').voice = toneVoice(400, -20);
    expect(await missedShare(all, 4)).toBeLessThan(0.02);
    const { dropped, nodes } = await all.stats('b');
    const packets = nodes['a']?.packets ?? 0;
    // Each once, though half of them came twice.
    expect(packets).toBeGreaterThan(4 * FRAMES_PER_SECOND);
    expect(packets).toBeLessThanOrEqual(mesh.link('a', 'b').counters('a-to-b').received);
    expect(dropped['replayed']).toBeGreaterThan(packets / 3);
    expect(Math.abs(toneAtB(all) + 20)).toBeLessThan(0.5);
  });

  it('takes no packet that was damaged', async (test) => {
    const { all, mesh } = await start(test, 7, { corruptRatio: 0.3, corruptBits: 3 });
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

  it.for([1000, 6500])('is silent while it is cut, for %d ms, and goes on when it is not', async (cutMs, test) => {
    const { all, mesh } = await start(test, 8, {});
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

  it('is not disturbed by a node that sends ten times as many valid packets as it should', async (test) => {
    const { all } = await start(test, 9, {});
    const flood = await TrunkVoice.open({ nodeId: 'flood', conference: CONFERENCE, address: ownAddress() });
    test.onTestFinished(() => flood.close());
    const tell = await all.admit({ nodeId: 'flood', address: null, told: () => {} });
    tell(flood.announcement);
    all.floor('a').voice = toneVoice(400, -20);
    let isFlooding = true;
    const flooding = (async () => {
      const startedMs = performance.now();
      for (let index = 0; isFlooding; await sleep(2)) {
        for (; index < (performance.now() - startedMs) / 2; index += 1) flood.send(index, all.trunk('b'));
      }
    })();
    expect(await missedShare(all, 4)).toBeLessThan(0.02);
    isFlooding = false;
    await flooding;
    expect((await all.stats('b')).nodes['flood']?.packets).toBeGreaterThan(1900);
    expect(Math.abs(toneAtB(all) + 20)).toBeLessThan(0.5);
  });
});
