import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REPLAY_WINDOW, ReplayWindow } from '../../../src/trunk/replay-window.ts';

const FROM_START = { high: 0, low: 0 };
const HIGHEST = 2n ** 64n - 1n;
const JUMPS = [1, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 4063, 4064, 4065, 4095, 4096, 4097, 1_000_000].map(BigInt);
const ALL_JUMPS = [...JUMPS, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 33n];

const halves = (counter: bigint) => ({ high: Number(counter >> 32n), low: Number(counter & 0xffffffffn) });

function isFresh(window: ReplayWindow, counter: bigint): boolean {
  const { high, low } = halves(counter);
  return window.isFresh(high, low);
}

/** What a receiver does with an authentic packet. */
function offer(window: ReplayWindow, counter: bigint): boolean {
  const { high, low } = halves(counter);
  if (!window.isFresh(high, low)) return false;
  window.accept(high, low);
  return true;
}

/** What is to be: everything is remembered. */
class Model {
  readonly #seen = new Set<bigint>();
  readonly #floor: bigint;
  #top: bigint;

  constructor(floor: bigint) {
    this.#floor = floor;
    this.#top = floor;
  }

  offer(counter: bigint): boolean {
    if (counter < this.#floor || this.#seen.has(counter)) return false;
    if (this.#top - counter >= BigInt(REPLAY_WINDOW)) return false;
    this.#seen.add(counter);
    if (counter > this.#top) this.#top = counter;
    return true;
  }
}

describe('a replay window', () => {
  it('is at least 1024 packets', () => {
    expect(REPLAY_WINDOW).toBeGreaterThanOrEqual(1024);
  });

  it('takes every counter once, the first one too', () => {
    const window = new ReplayWindow(FROM_START);
    for (const counter of [0n, 1n, 5n, 3n]) expect(offer(window, counter)).toBe(true);
    for (const counter of [0n, 1n, 5n, 3n]) expect(offer(window, counter)).toBe(false);
    for (const counter of [2n, 4n]) expect(offer(window, counter)).toBe(true);
  });

  it('takes nothing below the counter that it begins with', () => {
    const window = new ReplayWindow({ high: 1, low: 0 });
    expect(isFresh(window, 2n ** 32n - 1n)).toBe(false);
    expect(offer(window, 2n ** 32n)).toBe(true);
    expect(isFresh(window, 2n ** 32n - 1n)).toBe(false);
  });

  it('is not changed by being asked', () => {
    const window = new ReplayWindow(FROM_START);
    expect(isFresh(window, 1_000_000n)).toBe(true);
    expect(offer(window, 0n)).toBe(true);
  });

  it('reaches back exactly so far', () => {
    for (const top of [100_000n, 2n ** 32n, 2n ** 32n + 100n, HIGHEST]) {
      const window = new ReplayWindow(FROM_START);
      offer(window, top);
      expect(offer(window, top - BigInt(REPLAY_WINDOW))).toBe(false);
      expect(offer(window, top - BigInt(REPLAY_WINDOW) + 1n)).toBe(true);
    }
  });

  const starts = [0n, 1n, 31n, 1000n, 2n ** 32n - 1025n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, HIGHEST - 2_000_000n];
  it.each(starts)('is right after every jump from counter %s on', (start) => {
    for (const jump of ALL_JUMPS) {
      if (start + jump > HIGHEST) continue;
      const window = new ReplayWindow(FROM_START);
      const model = new Model(0n);
      // Some before, so that there is something to forget or to keep; then the jump; then everything around.
      const before = [0n, 1n, 2n, 30n, 33n, 64n, 1024n, 4063n].map((back) => start - back).filter((c) => c >= 0n);
      const top = start + jump;
      const around = [];
      for (let back = 0n; back < 4200n; back += 1n) if (top >= back) around.push(top - back);
      for (const counter of [...before, top, ...around]) {
        if (offer(window, counter) !== model.offer(counter)) throw new Error(`wrong about ${counter} after ${jump}`);
      }
    }
  });

  it('does not wrap at the highest counter', () => {
    const window = new ReplayWindow(FROM_START);
    for (const counter of [HIGHEST - 1n, HIGHEST]) expect(offer(window, counter)).toBe(true);
    for (const counter of [HIGHEST, HIGHEST - 1n, 0n, 1n]) expect(offer(window, counter)).toBe(false);
  });

  it('agrees with a memory without bounds on any sequence', () => {
    const jump = fc.oneof(fc.constantFrom(...ALL_JUMPS), fc.bigInt(0n, 70n), fc.bigInt(0n, 10_000n));
    const step = fc.record({ jump, back: fc.boolean() });
    const first = fc.oneof(fc.bigInt(0n, 5000n), fc.bigInt(2n ** 32n - 5000n, 2n ** 32n), fc.bigInt(0n, HIGHEST));
    fc.assert(
      fc.property(first, fc.array(step, { maxLength: 200 }), (floor, steps) => {
        const window = new ReplayWindow(halves(floor));
        const model = new Model(floor);
        let counter = floor;
        for (const { jump, back } of steps) {
          const next = back ? counter - jump : counter + jump;
          counter = next < 0n || next > HIGHEST ? floor : next;
          expect(offer(window, counter)).toBe(model.offer(counter));
        }
      }),
    );
  });
});
