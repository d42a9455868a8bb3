import { describe, expect, it } from 'vitest';
import { floorLegOf } from '../../../../src/conference/model/floor-leg.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { comes, commands, conference, effectsOf, leaves, NOBODY_ELSEWHERE, play } from '../conferences.ts';

const NODES = ['oslo', 'rome'];
const elsewhere: Input = { type: 'remote', remote: { ...NOBODY_ELSEWHERE, admitted: 1, nodes: NODES } };

/** No comfort noise, unless the test is about it. */
const QUIET = { audio: { comfortNoise: 0 } };

const legOf = (inputs: readonly Input[], profile: object = QUIET) =>
  floorLegOf(play(conference(profile), inputs).conference);

describe('a floor is connected with the relay', () => {
  it('for a listener who hears it there, and for nobody who hears it in Asterisk', () => {
    expect(legOf([...comes('s', { speaker: true }), ...comes('a')])).toBeNull();
    expect(legOf([...comes('s', { speaker: true }), ...comes('a2')])).toEqual({
      noiseDbov: null,
      floorNoise: false,
      sampleRateHz: 8000,
      nodes: [],
    });
  });

  it('for other nodes, and for comfort noise, with any members', () => {
    expect(legOf([...comes('a'), elsewhere])).toMatchObject({ nodes: NODES });
    expect(legOf(comes('a'), { audio: { comfortNoise: -60, sampleRateHz: 16_000 } })).toMatchObject({
      noiseDbov: -60,
      sampleRateHz: 16_000,
    });
  });

  it('from when the first call comes whose caller can hear the relay until the last of them has gone', () => {
    const start = play(conference(QUIET), comes('a'));
    const came = play(start.conference, comes('b2').slice(0, 1));
    expect(effectsOf(came.effects, 'floor-leg')).toMatchObject([{ leg: { nodes: [] } }]);
    const speaks: Input = commands({ type: 'set-flags', memberId: 2, changes: { speaker: true } });
    // It is not made anew whenever somebody is given the word, or loses it.
    expect(effectsOf(play(came.conference, [speaks]).effects, 'floor-leg')).toEqual([]);
    expect(effectsOf(play(came.conference, [leaves('b2')]).effects, 'floor-leg')).toEqual([
      { type: 'floor-leg', leg: null },
    ]);
  });

  it('never where nobody is', () => {
    expect(legOf([...comes('a2'), leaves('a2'), elsewhere])).toBeNull();
    expect(legOf([])).toBeNull();
  });
});

describe('comfort noise on the floor', () => {
  const noise = { audio: { comfortNoise: -60 } };

  it('is for the speakers too, unless one of them wants none', () => {
    const quiet = { speaker: true, cng: false };
    expect(legOf(comes('a', { speaker: true }), noise)).toMatchObject({ floorNoise: true });
    expect(legOf([...comes('a', { speaker: true }), ...comes('b', quiet)], noise)).toMatchObject({ floorNoise: false });
    expect(legOf([...comes('a', { speaker: true }), ...comes('b', { cng: false })], noise)).toMatchObject({
      floorNoise: true,
    });
  });
});
