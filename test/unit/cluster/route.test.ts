import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLACEMENTS, type Place } from '../../../src/cluster/placement.ts';
import { routeElsewhere, routeOf } from '../../../src/cluster/route.ts';

const node = (id: string, given: Partial<Place> = {}): Place => ({
  node: id,
  sip: `sip:${id}`,
  calls: 0,
  capacity: 10,
  draining: false,
  congested: false,
  load: 0,
  inConference: 0,
  ...given,
});
const full = { calls: 10 };
const draining = { draining: true };

describe('the route of a caller', () => {
  it('says why the caller goes elsewhere', () => {
    const to = (here: Partial<Place>, there: Partial<Place> = {}) =>
      routeOf('together', 'a', [node('a', here), node('b', there)]);
    expect(to(draining)).toEqual({ node: 'b', sip: 'sip:b', reason: 'draining' });
    expect(to(full)).toEqual({ node: 'b', sip: 'sip:b', reason: 'full' });
    expect(to({ congested: true })).toEqual({ node: 'b', sip: 'sip:b', reason: 'congested' });
    expect(to({}, { inConference: 3 })).toEqual({ node: 'b', sip: 'sip:b', reason: 'placement' });
  });

  it('is this node, if that is draining but nobody else has room', () => {
    const here = { node: 'a', reason: 'only-here' };
    expect(routeOf('here-first', 'a', [node('a', draining)])).toMatchObject(here);
    expect(routeOf('here-first', 'a', [node('a', draining), node('b', draining)])).toMatchObject(here);
    expect(routeOf('here-first', 'a', [node('a', draining), node('b', full)])).toMatchObject(here);
    expect(routeOf('here-first', 'a', [node('a', draining), node('b', { sip: null })])).toMatchObject(here);
  });

  it('is none, if this node is full and nobody else takes calls', () => {
    for (const others of [[], [node('b', full)], [node('b', draining)], [node('b', { sip: null })]]) {
      expect(routeOf('least-loaded', 'a', [node('a', full), ...others])).toMatchObject({ node: null });
    }
  });

  it('after waiting here is another one that takes calls, or none', () => {
    const elsewhere = (there: Partial<Place>) => routeElsewhere('here-first', 'a', [node('a'), node('b', there)]);
    expect(elsewhere({})).toEqual({ node: 'b', sip: 'sip:b', reason: 'congested' });
    for (const there of [draining, full, { sip: null }]) expect(elsewhere(there)).toBeNull();
  });

  it('never leads to a full node, nor to another one that is draining or without an address', () => {
    const place = fc.record({
      sip: fc.option(fc.constant('sip:x')),
      calls: fc.integer({ min: 0, max: 12 }),
      draining: fc.boolean(),
      inConference: fc.nat(5),
      load: fc.double({ min: 0, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...PLACEMENTS),
        fc.array(place, { minLength: 1, maxLength: 6 }),
        (strategy, given) => {
          const places = given.map((each, index) => node(`n${index}`, each));
          const route = routeOf(strategy, 'n0', places);
          const chosen = places.find((each) => each.node === route.node);
          if (route.node === null) expect(places[0]?.calls).toBeGreaterThanOrEqual(10);
          else expect(chosen?.calls).toBeLessThan(10);
          if (route.node !== 'n0' && chosen) expect(chosen).toMatchObject({ draining: false, sip: 'sip:x' });
        },
      ),
    );
  });
});

describe('a conference that is kept to a node', () => {
  const to = (home: Partial<Place>, here: Partial<Place> = {}) =>
    routeOf('here-first', 'a', [node('a', here), node('b', home)], 'b');

  it('has its callers sent there, whatever placement would prefer', () => {
    expect(to({})).toEqual({ node: 'b', sip: 'sip:b', reason: 'kept' });
    expect(to({ load: 0.9 }, { inConference: 5 })).toMatchObject({ node: 'b', reason: 'kept' });
    expect(to({ congested: true }, { congested: true })).toMatchObject({ node: 'b', reason: 'kept' });
    expect(routeOf('together', 'b', [node('a', { inConference: 5 }), node('b')], 'b')).toMatchObject({ node: 'b' });
  });

  it('is elsewhere while that node has no room, cannot be reached, or is down', () => {
    for (const home of [full, draining, { sip: null }, { congested: true }])
      expect(to(home)).toMatchObject({ node: 'a', reason: 'placement' });
    expect(routeOf('here-first', 'a', [node('a')], 'b')).toMatchObject({ node: 'a', reason: 'placement' });
  });
});
