import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../../scripts/machine.ts';
import { toneVoice } from '../../kit/floor-voices.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { toneLevelDbov } from '../../kit/phone/judge.ts';
import { TrunkRelays } from '../../kit/trunk-relays.ts';

/** A relay that starts takes several times as long. */
const MOST_AWAY_MS = 200;

let relays: TrunkRelays | null = null;

afterEach(async () => {
  await relays?.stop();
  relays = null;
});

/** How long a tone was away at a floor in that time; silence is not given back. */
function awayMs(all: TrunkRelays, name: string, freqHz: number, sinceMs: number): number {
  const lastedMs = performance.now() - sinceMs;
  const heard = all.floor(name).heardSince(sinceMs);
  let heardMs = 0;
  for (let at = 0; at + 80 <= heard.length; at += 80) {
    if (toneLevelDbov(heard.subarray(at, at + 80), freqHz) > -35) heardMs += 10;
  }
  return lastedMs - heardMs;
}

it.each(['unicast', 'multicast'])(
  'trunks by %s go on with a relay that takes over, as soon as nodes have told each other its keys',
  async (way) => {
    const group = `239.255.74.1:${await freePort('127.0.0.1')}`;
    const trunk = way === 'multicast' ? { multicast: { group, interface: '127.0.0.1' } } : {};
    relays = await TrunkRelays.start({ nodes: { a: ownAddress(), b: ownAddress() }, trunk });
    const all = relays;
    all.floor('a').voice = toneVoice(400, -20);
    all.floor('b').voice = toneVoice(1000, -20);
    const isHeard = (name: string, freqHz: number) =>
      expect.poll(() => awayMs(all, name, freqHz, performance.now() - 500), { timeout: 5000 }).toBeLessThan(60);
    await isHeard('a', 1000);
    await isHeard('b', 400);
    const sinceMs = performance.now();
    await all.relay('a').upgrade();
    await all.state('a');
    all.introduce('a');
    await isHeard('a', 1000);
    await isHeard('b', 400);
    const away = [awayMs(all, 'a', 1000, sinceMs), awayMs(all, 'b', 400, sinceMs)];
    expect(Math.max(...away)).toBeLessThan(MOST_AWAY_MS);
  },
);
