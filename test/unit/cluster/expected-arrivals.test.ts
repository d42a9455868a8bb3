import { describe, expect, it } from 'vitest';
import { ExpectedArrivals } from '../../../src/cluster/expected-arrivals.ts';

describe('callers who were sent to another node', () => {
  it('count as its members before it tells of them, and once when it does', () => {
    const arrivals = new ExpectedArrivals();
    for (let call = 0; call < 5; call++) arrivals.sent('oslo', 10, 1000 + call);
    expect(arrivals.membersOf('oslo', 10, 1010)).toBe(15);
    expect(arrivals.membersOf('oslo', 13, 1100)).toBe(15);
    expect(arrivals.membersOf('oslo', 15, 1200)).toBe(15);
    expect(arrivals.membersOf('lyon', 3, 1200)).toBe(3);
  });

  it('count no more after a second, whether they have come or not', () => {
    const arrivals = new ExpectedArrivals();
    arrivals.sent('oslo', 10, 1000);
    arrivals.sent('oslo', 10, 1500);
    expect(arrivals.membersOf('oslo', 10, 2100)).toBe(11);
    expect(arrivals.membersOf('oslo', 10, 2600)).toBe(10);
  });

  it('never hide members that have come by themselves', () => {
    const arrivals = new ExpectedArrivals();
    arrivals.sent('oslo', 10, 1000);
    expect(arrivals.membersOf('oslo', 40, 1100)).toBe(40);
  });
});
