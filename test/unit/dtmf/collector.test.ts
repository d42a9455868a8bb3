import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Collector, DIGITS, expire, IDLE, press } from '../../../src/dtmf/collector.ts';

const PAUSE_MS = 2000;

/** Presses keys at the given times; returns what fired at each press. */
function type(sequences: readonly string[], presses: readonly (readonly [key: string, atMs: number])[]) {
  let collector: Collector = IDLE;
  const fired = presses.map(([key, atMs]) => {
    const collected = press(collector, key, sequences, PAUSE_MS, atMs);
    collector = collected.collector;
    return collected.fired;
  });
  return { fired, collector };
}

describe('the DTMF collector', () => {
  it('fires a sequence that cannot grow with its last key', () => {
    const { fired, collector } = type(
      ['#', '12'],
      [
        ['#', 0],
        ['1', 10],
        ['2', 20],
      ],
    );
    expect(fired).toEqual([['#'], [], ['12']]);
    expect(collector).toEqual(IDLE);
  });

  it('does not delay a single key because other sequences have two', () => {
    expect(type(['5', '12'], [['5', 0]]).fired).toEqual([['5']]);
  });

  it('waits for a longer sequence, and fires the shorter one when the caller pauses', () => {
    const { fired, collector } = type(['1', '12'], [['1', 0]]);
    expect(fired).toEqual([[]]);
    expect(expire(collector, ['1', '12'], 1999).fired).toEqual([]);
    expect(expire(collector, ['1', '12'], 2000)).toEqual({ collector: IDLE, fired: ['1'] });
  });

  it('counts the pause from the last key', () => {
    const { fired } = type(
      ['123'],
      [
        ['1', 0],
        ['2', 1900],
        ['3', 3800],
      ],
    );
    expect(fired).toEqual([[], [], ['123']]);
  });

  it('treats a key after the pause as a new beginning, even if nobody had looked at the clock', () => {
    const { fired } = type(
      ['1', '12', '2'],
      [
        ['1', 0],
        ['2', 2500],
      ],
    );
    expect(fired).toEqual([[], ['1', '2']]);
  });

  it('fires a whole sequence when the next key does not continue it, and takes that key as a new beginning', () => {
    expect(
      type(
        ['1', '12', '3'],
        [
          ['1', 0],
          ['3', 10],
        ],
      ).fired,
    ).toEqual([[], ['1', '3']]);
  });

  it('forgets keys that lead nowhere', () => {
    expect(
      type(
        ['99', '5'],
        [
          ['9', 0],
          ['5', 10],
          ['7', 20],
        ],
      ).fired,
    ).toEqual([[], ['5'], []]);
  });

  it('fires nothing that the caller did not press, and holds no more than a sequence, whatever is pressed', () => {
    const key = fc.constantFrom(...DIGITS.slice(0, 4));
    const sequences = fc.uniqueArray(fc.string({ unit: key, minLength: 1, maxLength: 4 }), { maxLength: 8 });
    const presses = fc.array(fc.tuple(key, fc.integer({ min: 0, max: 3000 })), { maxLength: 30 });
    fc.assert(
      fc.property(sequences, presses, (known, gaps) => {
        let nowMs = 0;
        const timed = gaps.map(([each, gapMs]) => {
          nowMs += gapMs;
          return [each, nowMs] as const;
        });
        const { fired, collector } = type(known, timed);
        const all = fired.flat();
        expect(all.every((sequence) => known.includes(sequence))).toBe(true);
        expect(collector.pending.length).toBeLessThanOrEqual(4);
        // In order, what fired is contained in what was pressed.
        const pressed = timed.map(([each]) => each).join('');
        let from = 0;
        for (const sequence of all) {
          const at = pressed.indexOf(sequence, from);
          expect(at).toBeGreaterThanOrEqual(0);
          from = at + sequence.length;
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
