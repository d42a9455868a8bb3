import { beforeEach, describe, expect, it } from 'vitest';
import { ExpectedArrivals } from '../../../src/cluster/expected-arrivals.ts';

let arrivals: ExpectedArrivals;

beforeEach(() => {
  arrivals = new ExpectedArrivals();
});

describe('callers who were sent to another node', () => {
  it('are expected there until it tells of them', () => {
    for (let call = 0; call < 5; call++) arrivals.sent('oslo', 1000 + call);
    expect(arrivals.expectedAt('oslo', 1010)).toBe(5);
    arrivals.arrived('oslo', 3);
    expect(arrivals.expectedAt('oslo', 1010)).toBe(2);
    arrivals.arrived('oslo', 7);
    expect(arrivals.expectedAt('oslo', 1010)).toBe(0);
    expect(arrivals.expectedAt('lyon', 1010)).toBe(0);
  });

  it('are expected still when others leave it', () => {
    arrivals.sent('oslo', 1000);
    arrivals.arrived('oslo', -4);
    arrivals.arrived('oslo', 0);
    expect(arrivals.expectedAt('oslo', 1010)).toBe(1);
  });

  it('are expected for a second', () => {
    arrivals.sent('oslo', 1000);
    arrivals.sent('oslo', 1500);
    expect(arrivals.expectedAt('oslo', 2100)).toBe(1);
    expect(arrivals.expectedAt('oslo', 2600)).toBe(0);
  });
});
