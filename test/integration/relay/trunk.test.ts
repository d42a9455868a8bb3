import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { burstVoice, nobody, toneVoice } from '../../kit/floor-voices.ts';
import { levelDbov, toneLevelDbov } from '../../kit/phone/judge.ts';
import { burstLatency } from '../../kit/phone/judge-bursts.ts';
import { TrunkRelays, type TrunkRelaysOptions } from '../../kit/trunk-relays.ts';

const NODES = { a: '127.0.71.1', b: '127.0.71.2', c: '127.0.71.3' };
/** Time for a voice to be given back, and for the delay to settle. */
const SETTLE_MS = 500;
const HEAR_MS = 500;

let relays: TrunkRelays | null = null;

async function start(options: Partial<TrunkRelaysOptions> = {}): Promise<TrunkRelays> {
  relays = await TrunkRelays.start({ nodes: NODES, ...options });
  return relays;
}

/** What is given back at a floor during the next half second. */
async function hear(at: TrunkRelays, name: string): Promise<Int16Array> {
  const fromMs = performance.now();
  await sleep(HEAR_MS);
  return at.floor(name).heardSince(fromMs);
}

afterEach(async () => {
  await relays?.stop();
  relays = null;
});

describe('relays of several nodes', () => {
  it('give each floor the others at their level, and nobody himself', async () => {
    const all = await start();
    all.floor('a').voice = toneVoice(400, -20);
    all.floor('b').voice = toneVoice(1000, -26);
    await sleep(SETTLE_MS);
    const [atA, atB, atC] = await Promise.all([hear(all, 'a'), hear(all, 'b'), hear(all, 'c')]);
    expect(toneLevelDbov(atB, 400)).toBeCloseTo(-20, 0);
    console.log(
      toneLevelDbov(atB, 400),
      toneLevelDbov(atA, 1000),
      toneLevelDbov(atA, 400),
      toneLevelDbov(atC, 400),
      toneLevelDbov(atC, 1000),
      levelDbov(atC),
    );
    console.log(JSON.stringify(await all.stats('c')));
  });
  it('latency', async () => {
    const all = await start();
    all.floor('a').voice = burstVoice(200);
    all.floor('b').voice = nobody;
    await sleep(SETTLE_MS);
    const fromMs = performance.now();
    await sleep(4000);
    const said = all.floor('a').onsetsSaidSince(fromMs).slice(0, -2);
    const l = burstLatency(said, all.floor('b').onsetsHeardSince(fromMs), { maxLatencyMs: 190 });
    console.log(JSON.stringify(l));
  });
});
