import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/machine.ts';
import { Trunk } from '../../../src/relay/floors/trunk.ts';
import { loadAead } from '../../../src/trunk/sodium-aead.ts';
import { TrunkStream } from '../../../src/trunk/trunk-stream.ts';
import { openUdp } from '../../../src/udp/open-udp.ts';
import { burstVoice, nobody, toneVoice } from '../../kit/floor-voices.ts';
import { kernelDrops } from '../../kit/hostile/kernel-drops.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { levelDbov, toneLevelDbov } from '../../kit/phone/judge.ts';
import { burstLatency } from '../../kit/phone/judge-bursts.ts';
import { boundSocket, closeSocket } from '../../kit/sip/udp.ts';
import { CONFERENCE, TrunkRelays, type TrunkRelaysOptions } from '../../kit/trunk-relays.ts';

const TWO = { a: ownAddress(), b: ownAddress() };
const THREE = { ...TWO, c: ownAddress() };
/** Time for a voice to be given back, and for the delay to settle. */
const SETTLE_MS = 600;
const HEAR_MS = 500;
const TOLERANCE_DB = 0.5;
/** More with ROSTRUM_REKEY_SECONDS=60. */
const REKEY_SECONDS = Number(process.env['ROSTRUM_REKEY_SECONDS'] ?? 10);

let relays: TrunkRelays | null = null;

async function start(nodes: TrunkRelaysOptions['nodes'], trunk: Record<string, unknown> = {}): Promise<TrunkRelays> {
  relays = await TrunkRelays.start({ nodes, trunk });
  return relays;
}

/** What has been given back at a floor during the last half second. */
function heardAt(all: TrunkRelays, name: string): Int16Array {
  return all.floor(name).heardSince(performance.now() - HEAR_MS);
}

/** Waits until a tone is given back at a floor. @returns how long it took, in ms */
async function untilHeard(all: TrunkRelays, name: string, freqHz: number): Promise<number> {
  const startedMs = performance.now();
  for (let tookMs = 0; tookMs < 5000; tookMs = performance.now() - startedMs) {
    if (toneLevelDbov(all.floor(name).heardSince(performance.now() - 100), freqHz) > -30) return tookMs;
    await sleep(5);
  }
  throw new Error(`${freqHz} Hz is not heard at ${name}`);
}

/** Waits until a tone has been given back at a floor for half a second, at that level. */
async function expectLevel(all: TrunkRelays, name: string, freqHz: number, dbov: number): Promise<void> {
  const offDb = () => Math.abs(toneLevelDbov(heardAt(all, name), freqHz) - dbov);
  await expect.poll(offDb, { timeout: 5000, interval: 100 }).toBeLessThan(TOLERANCE_DB);
}

afterEach(async () => {
  await relays?.stop();
  relays = null;
});

describe('relays of several nodes', () => {
  it('give each floor the others at their level, and never its own voice', async () => {
    const all = await start(THREE);
    all.floor('a').voice = toneVoice(400, -20);
    all.floor('b').voice = toneVoice(1000, -26);
    await expectLevel(all, 'a', 1000, -26);
    await expectLevel(all, 'b', 400, -20);
    await expectLevel(all, 'c', 400, -20);
    await expectLevel(all, 'c', 1000, -26);
    expect(toneLevelDbov(heardAt(all, 'a'), 400)).toBeLessThan(-70);
    expect(toneLevelDbov(heardAt(all, 'b'), 1000)).toBeLessThan(-70);
  });

  it('take 10 to 30 ms from one floor to another, and what the network takes', async () => {
    const all = await start(TWO);
    all.floor('a').voice = burstVoice(200);
    await sleep(SETTLE_MS);
    const fromMs = performance.now();
    await sleep(3000);
    const said = all.floor('a').onsetsSaidSince(fromMs).slice(0, -2);
    const heard = burstLatency(said, all.floor('b').onsetsHeardSince(fromMs), { maxLatencyMs: 190 });
    const middleMs = heard.latenciesMs.toSorted((a, b) => a - b)[heard.latenciesMs.length >> 1];
    expect(heard.missed).toBe(0);
    expect(middleMs).toBeGreaterThan(5);
    expect(middleMs).toBeLessThan(40);
  });

  it('send only silence descriptors while nobody speaks, and then nothing is given back', async () => {
    const all = await start(THREE);
    await sleep(SETTLE_MS);
    const before = await all.stats('a');
    const fromMs = performance.now();
    const after = await all.stats('a');
    // Five a second to each of the two others; a voice would be fifty.
    const perSecond = (after.sent - before.sent) / 2 / 2;
    expect(perSecond).toBeGreaterThan(3);
    expect(perSecond).toBeLessThan(7);
    expect(all.floor('b').heardSince(fromMs)).toHaveLength(0);
  });

  it('begin at once with a voice after silence', async () => {
    const all = await start(TWO);
    await sleep(SETTLE_MS);
    all.floor('a').voice = toneVoice(400, -20);
    expect(await untilHeard(all, 'b', 400)).toBeLessThan(300);
    all.floor('a').voice = nobody;
    await sleep(1000);
    expect(levelDbov(heardAt(all, 'b'))).toBe(-127);
  });

  it('send nothing for long to an address that a node has named and that does not answer', async () => {
    const all = await start(TWO);
    all.floor('a').voice = toneVoice(400, -20);
    const victim = createSocket('udp4');
    await boundSocket(victim, { address: ownAddress(), port: 0 });
    let packets = 0;
    victim.on('message', () => {
      packets += 1;
    });
    await all.admit({ nodeId: 'victim', address: victim.address(), told: () => {} });
    await untilHeard(all, 'b', 400);
    await expect.poll(() => packets, { timeout: 5000 }).toBeGreaterThan(0);
    // A relay that has just started sends more.
    await sleep(2000);
    const [before, sinceMs] = [packets, performance.now()];
    await sleep(2000);
    // Five of each relay; a voice is fifty.
    expect(((packets - before) * 1000) / (performance.now() - sinceMs)).toBeLessThan(15);
    await expectLevel(all, 'b', 400, -20);
    await closeSocket(victim);
  });

  it('reach a node whose packets come from elsewhere than it says', async () => {
    const [aead, udp] = await Promise.all([loadAead(), openUdp({ eventLoop: true })]);
    const [here, there] = await Promise.all(
      Object.entries(TWO).map(async ([nodeId, host]) => ({ nodeId, address: { host, port: await freePort(host) } })),
    );
    if (!here || !there) throw new Error('two nodes');
    const announced: (() => void)[] = [];
    const open = ({ nodeId, address }: typeof here, other: () => Trunk) =>
      new Trunk(
        { nodeId, bind: address, multicast: null, rekeyIntervalMs: 900_000, redundancy: 0, codec: 'PCMU' },
        {
          aead,
          udp,
          onFrame: () => {},
          onAnnounce: (_, key) => void announced.push(() => other().installKey(nodeId, key)),
        },
      );
    const first: Trunk = open(here, () => second);
    const second: Trunk = open(there, () => first);
    for (const trunk of [first, second]) {
      await trunk.start();
      trunk.conferences.add(CONFERENCE);
    }
    const named = { host: ownAddress(), port: there.address.port };
    first.setPeers([{ nodeId: there.nodeId, address: named, multicast: false }]);
    second.setPeers([{ ...here, multicast: false }]);
    for (const install of announced) install();
    const stream = new TrunkStream({ conference: CONFERENCE, redundancy: 0 });
    let frameIndex = 0;
    const sending = setInterval(() => {
      frameIndex += 1;
      for (const [trunk, { nodeId }] of [
        [first, there],
        [second, here],
      ] as const) {
        trunk.tick(performance.now());
        trunk.send(stream, { kind: 'silence', frameIndex, noiseLevelDbov: -60 }, [nodeId]);
      }
    }, 20);
    await expect.poll(() => second.stats.accepted[here.nodeId], { timeout: 10_000 }).toBeGreaterThan(200);
    clearInterval(sending);
    first.stop();
    second.stop();
  });

  it('lose no packet to a new key every second', { timeout: 60_000 + REKEY_SECONDS * 1000 }, async () => {
    const all = await start(TWO, { rekeySeconds: 1, redundancy: 0 });
    all.floor('a').voice = toneVoice(400, -20);
    all.floor('b').voice = toneVoice(1000, -20);
    await sleep(SETTLE_MS);
    const before = await all.stats('b');
    await sleep(REKEY_SECONDS * 1000);
    const after = await all.stats('b');
    const packets = (after.nodes['a']?.packets ?? 0) - (before.nodes['a']?.packets ?? 0);
    expect(packets).toBeGreaterThan(50 * REKEY_SECONDS - 3);
    expect(after.dropped).toEqual(before.dropped);
    expect(after.refused).toEqual({ 'no-key': 0, 'key-used-up': 0 });
    expect(await kernelDrops(all.trunk('b'))).toBe(0);
    const epochs = all
      .relay('a')
      .reports.flatMap((each) => (each.type === 'announce' ? [each.announcement.epoch] : []));
    expect(new Set(epochs).size).toBeGreaterThan(0.8 * REKEY_SECONDS);
    if (process.env['ROSTRUM_REKEY_SECONDS']) console.log(after);
  });

  it('go on with each other within a second after one was killed, started again and told everything', async () => {
    const all = await start(TWO);
    all.floor('a').voice = toneVoice(400, -20);
    all.floor('b').voice = toneVoice(1000, -20);
    await sleep(SETTLE_MS);
    for (let times = 0; times < 2; times++) {
      await all.kill('b');
      await sleep(200);
      await all.restart('b');
      const fromMs = performance.now();
      await all.state('b');
      all.introduce('b');
      await Promise.all([untilHeard(all, 'b', 400), untilHeard(all, 'a', 1000)]);
      expect(performance.now() - fromMs).toBeLessThan(1000);
    }
    await expectLevel(all, 'a', 1000, -20);
    await expectLevel(all, 'b', 400, -20);
  });

  it('do not listen to a node that they have not been told of, or whose key they lack', async () => {
    const all = await start(TWO);
    all.floor('a').voice = toneVoice(400, -20);
    await sleep(SETTLE_MS);
    await all.state('b', ['a']);
    await sleep(SETTLE_MS);
    const unknown = await all.stats('b');
    expect(unknown.dropped['unknown-sender']).toBeGreaterThan(10);
    expect(heardAt(all, 'b')).toHaveLength(0);
    await all.state('b');
    await sleep(SETTLE_MS);
    const keyless = await all.stats('b');
    expect(keyless.dropped['unknown-epoch']).toBeGreaterThan(10);
    expect(keyless.nodes['a']?.packets).toBe(0);
    all.introduce('b');
    await untilHeard(all, 'b', 400);
  });

  it('send one packet for all with multicast', async () => {
    const group = `239.255.71.1:${await freePort('127.0.0.1')}`;
    const all = await start(THREE, { multicast: { group, interface: '127.0.0.1' } });
    all.floor('a').voice = toneVoice(400, -20);
    await sleep(SETTLE_MS);
    const before = await all.stats('a');
    const after = await all.stats('a');
    await expectLevel(all, 'b', 400, -20);
    await expectLevel(all, 'c', 400, -20);
    expect((after.sent - before.sent) / 2).toBeLessThan(52);
    expect(after.dropped['own']).toBeGreaterThan(90);
    expect(heardAt(all, 'a')).toHaveLength(0);
  });
});
