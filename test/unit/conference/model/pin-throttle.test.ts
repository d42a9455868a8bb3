import { describe, expect, it } from 'vitest';
import {
  guessingDelayMs,
  isSuspicious,
  NO_WRONG_PINS,
  type PinThrottle,
  recordWrongPin,
} from '../../../../src/conference/model/pin-throttle.ts';

function wrong(times: number, callerOf: (index: number) => string = () => '100', nowMs = 0): PinThrottle {
  let pinThrottle = NO_WRONG_PINS;
  for (let i = 0; i < times; i++) pinThrottle = recordWrongPin(pinThrottle, callerOf(i), nowMs);
  return pinThrottle;
}

describe('wrong PINs', () => {
  it('have no consequence when there are two of a caller', () => {
    expect(guessingDelayMs(wrong(2), '100', 0)).toBe(0);
    expect(isSuspicious(wrong(2), '100', 0)).toBe(false);
  });

  it('delay each further try of the caller twice as long, up to 30 s', () => {
    expect([3, 4, 5, 8, 9, 2000].map((times) => guessingDelayMs(wrong(times), '100', 0))).toEqual([
      1000, 2000, 4000, 30_000, 30_000, 30_000,
    ]);
  });

  it('do not delay other callers, until there are many of all', () => {
    expect(guessingDelayMs(wrong(10), '200', 0)).toBe(0);
    expect(guessingDelayMs(wrong(21, String), 'new', 0)).toBe(1000);
  });

  it('are forgiven one a minute', () => {
    const pinThrottle = wrong(4);
    expect(guessingDelayMs(pinThrottle, '100', 59_999)).toBe(2000);
    expect(guessingDelayMs(pinThrottle, '100', 60_000)).toBe(1000);
    expect(guessingDelayMs(pinThrottle, '100', 120_000)).toBe(0);
  });

  it('are forgiven within minutes however many there were, and as fast while somebody goes on slowly', () => {
    expect(guessingDelayMs(wrong(2000), '100', 6 * 60_000)).toBe(0);
    let pinThrottle = wrong(2);
    for (let minute = 1; minute <= 20; minute++) pinThrottle = recordWrongPin(pinThrottle, '100', minute * 60_000);
    expect(guessingDelayMs(pinThrottle, '100', 20 * 60_000)).toBe(0);
  });

  it('are remembered of 1000 callers at most, the latest', () => {
    const { byCaller } = wrong(1500, String);
    expect(byCaller.size).toBe(1000);
    expect(byCaller.has('1499')).toBe(true);
    expect(byCaller.has('499')).toBe(false);
  });
});
