import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLACEMENTS, type Place, place } from '../../../src/cluster/placement.ts';

const node = (id: string, given: Partial<Place> = {}): Place => ({
  node: id,
  sip: `sip:${id}`,
  calls: 0,
  capacity: 100,
  draining: false,
  congested: false,
  load: 0,
  inConference: 0,
  ...given,
});

const placed = (...given: Parameters<typeof place>) => place(...given)?.node ?? null;

describe('the node for a caller', () => {
  it('is the one that was called, as long as it has room', () => {
    expect(placed('here-first', 'b', [node('a'), node('b', { calls: 99 })])).toBe('b');
    expect(placed('here-first', 'b', [node('a'), node('b', { calls: 100 })])).toBe('a');
    expect(placed('here-first', 'b', [node('a'), node('b', { draining: true })])).toBe('a');
  });

  it('is the one with the least to do, where that is asked for', () => {
    const nodes = [node('a', { calls: 40 }), node('b', { calls: 20 }), node('c', { load: 0.9 })];
    expect(placed('least-loaded', 'a', nodes)).toBe('b');
  });

  it('is not another one that is as good as equally loaded', () => {
    expect(placed('least-loaded', 'b', [node('a', { calls: 50 }), node('b', { calls: 52 })])).toBe('b');
  });

  it('is where most of the conference is, where that is asked for', () => {
    const nodes = [node('a'), node('b', { calls: 90, inConference: 7 }), node('c', { inConference: 3 })];
    expect(placed('together', 'a', nodes)).toBe('b');
    expect(placed('together', 'a', [node('a'), node('b', { calls: 100, inConference: 7 }), node('c')])).toBe('a');
  });

  it('is one where nobody waits to be let in, whatever else is preferred', () => {
    const nodes = [node('a', { congested: true, inConference: 9 }), node('b', { calls: 90 }), node('c', { sip: null })];
    for (const strategy of PLACEMENTS) expect(placed(strategy, 'a', nodes)).toBe('b');
    expect(placed('here-first', 'a', [node('a', { congested: true }), node('b', { congested: true })])).toBe('a');
    expect(placed('here-first', 'a', [node('a', { congested: true }), node('b', { calls: 100 })])).toBe('a');
  });

  it('is none to which nobody knows the way, unless it is this one', () => {
    expect(placed('least-loaded', 'a', [node('a', { sip: null, calls: 90 }), node('b', { sip: null })])).toBe('a');
  });

  it('has room, takes calls, and is the same whichever node is asked first', () => {
    const places = fc.uniqueArray(
      fc.record({
        node: fc.constantFrom('a', 'b', 'c', 'd'),
        sip: fc.constantFrom('sip:x', null),
        calls: fc.nat(5),
        capacity: fc.option(fc.nat(5)),
        draining: fc.boolean(),
        congested: fc.boolean(),
        load: fc.double({ min: 0, max: 2, noNaN: true }),
        inConference: fc.nat(3),
      }),
      { selector: ({ node }) => node },
    );
    fc.assert(
      fc.property(fc.constantFrom(...PLACEMENTS), places, (strategy, given) => {
        const chosen = place(strategy, 'a', given);
        expect(place(strategy, 'a', [...given].reverse())).toBe(chosen);
        const open = given.filter((each) => !each.draining && each.calls < (each.capacity ?? Number.POSITIVE_INFINITY));
        if (chosen) expect(open).toContain(chosen);
        else expect(open.every(({ node, sip }) => sip === null && node !== 'a')).toBe(true);
      }),
    );
  });
});
