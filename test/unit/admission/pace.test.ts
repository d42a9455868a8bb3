import { beforeEach, describe, expect, it } from 'vitest';
import { Pace } from '../../../src/admission/pace.ts';

let pace: Pace;
let nowMs: number;

beforeEach(() => {
  pace = new Pace();
  nowMs = 1_000_000;
});

/**
 * Calls that always wait, for a time, at an Asterisk that takes `tookMs(calls on their way)` for each.
 * @returns how many were set up, and how many were on their way in at most
 */
function storm(durationMs: number, tookMs: (underWay: number) => number): { settled: number; most: number } {
  const endMs = nowMs + durationMs;
  const underWay: { sinceMs: number; untilMs: number }[] = [];
  let settled = 0;
  let most = 0;
  const admit = () => {
    while (pace.hasRoom(nowMs)) {
      pace.admitted(nowMs);
      underWay.push({ sinceMs: nowMs, untilMs: nowMs + tookMs(underWay.length + 1) });
    }
    most = Math.max(most, underWay.length);
  };
  for (; nowMs < endMs; nowMs++) {
    for (const call of underWay.filter(({ untilMs }) => untilMs <= nowMs)) {
      underWay.splice(underWay.indexOf(call), 1);
      pace.settled(call.sinceMs, nowMs);
      settled++;
      admit();
    }
    admit();
  }
  for (const call of underWay) pace.gone(call.sinceMs, nowMs);
  return { settled, most };
}

/** So many calls a second, each of which takes so long. @returns how many found no room */
function calls(perSecond: number, durationMs: number, tookMs: (index: number) => number): number {
  let kept = 0;
  for (let index = 0; index < (perSecond * durationMs) / 1000; index++, nowMs += 1000 / perSecond) {
    if (!pace.hasRoom(nowMs)) kept++;
    else {
      pace.admitted(nowMs);
      pace.settled(nowMs, nowMs + tookMs(index));
    }
  }
  return kept;
}

describe('at a healthy Asterisk', () => {
  it('50 calls a second come in as they come', () => {
    expect(calls(50, 60_000, (index) => 5 + (index % 11))).toBe(0);
  });

  it('a late call now and then keeps nobody out', () => {
    expect(calls(50, 60_000, (index) => (index % 40 === 0 ? 90 : 10))).toBe(0);
    expect(pace.limit).toBeGreaterThanOrEqual(4);
  });

  it('that takes no longer for many at once, more and more calls are let in at once, up to a bound', () => {
    expect(storm(20_000, () => 10).most).toBe(64);
  });

  it('that does one call after the other, few are on their way in at once, and it is busy all the time', () => {
    storm(2000, (underWay) => 10 * underWay);
    const { settled, most } = storm(60_000, (underWay) => 10 * underWay);
    expect(most).toBeLessThanOrEqual(10);
    // 100 a second is all that it can do.
    expect(settled).toBeGreaterThan(5000);
  });

  it('behind a slow network, as many calls are let in at once as elsewhere', () => {
    storm(20_000, () => 400);
    expect(pace.limit).toBeGreaterThan(16);
  });

  it('that has become slower with time, it is not taken for ill for ever', () => {
    storm(5000, () => 10);
    storm(90_000, () => 100);
    expect(pace.limit).toBeGreaterThan(16);
  });
});

describe('at an Asterisk that takes 3 s for each call', () => {
  it('one call at a time is let in, and soon more when it is well again', () => {
    storm(2000, () => 10);
    storm(20_000, () => 3000);
    expect(pace.limit).toBe(1);
    storm(1000, () => 10);
    expect(pace.limit).toBeGreaterThanOrEqual(8);
  });

  it('that is so from the beginning, too', () => {
    storm(60_000, () => 3000);
    expect(pace.limit).toBe(1);
  });
});

describe('the limit', () => {
  it('is cut once for all calls that were let in before that', () => {
    calls(50, 1000, () => 10);
    for (let index = 0; index < 8; index++) pace.admitted(nowMs);
    for (let index = 0; index < 8; index++) pace.settled(nowMs, nowMs + 200);
    // By a fifth at most, since one slow call may be chance.
    expect(pace.limit).toBe(6);
  });

  it('is cut when the event loop is late for a while, but not by what is usual', () => {
    const late = (byMs: number, forMs: number) => {
      for (const endMs = nowMs + forMs; nowMs < endMs; nowMs += 20 + byMs) pace.late(byMs, nowMs);
    };
    late(29, 2000);
    expect(pace.limit).toBe(8);
    late(0, 2000);
    pace.late(100, nowMs);
    expect(pace.limit).toBe(8);
    late(40, 200);
    expect(pace.limit).toBe(5);
    late(40, 3000);
    expect(pace.limit).toBe(1);
  });

  it('grows again where a call that is alone takes longer as well: it is not because of the others', () => {
    storm(5000, () => 10);
    storm(3000, (underWay) => 180 + underWay);
    expect(pace.limit).toBeGreaterThan(6);
  });

  it('is cut when Asterisk does not answer, and nobody is let in for a second', () => {
    pace.unanswered(nowMs);
    expect(pace.limit).toBe(4);
    expect(pace.hasRoom(nowMs + 999)).toBe(false);
    expect(pace.hasRoom(nowMs + 1000)).toBe(true);
  });

  it('is the first one again when nobody has come for a while', () => {
    pace.unanswered(nowMs);
    expect(pace.hasRoom(nowMs + 9000)).toBe(true);
    pace.admitted(nowMs);
    pace.gone(nowMs, nowMs);
    expect(pace.hasRoom(nowMs + 11_000)).toBe(true);
    expect(pace.limit).toBe(8);
  });

  it('is not kept down by a call that goes in alone and of which nothing is heard', () => {
    const admit = () => {
      let count = 0;
      for (; pace.hasRoom(nowMs); count++) pace.admitted(nowMs);
      return count;
    };
    expect(admit()).toBe(8);
    for (let index = 0; index < 8; index++) pace.settled(nowMs, nowMs + 10);
    nowMs += 11;
    expect(admit()).toBe(1);
    nowMs += 1001;
    expect(1 + admit()).toBe(pace.limit);
  });
});
