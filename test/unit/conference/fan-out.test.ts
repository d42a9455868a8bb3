import { describe, expect, it } from 'vitest';
import type { Conference } from '../../../src/conference/conference.ts';
import { floorLegOf } from '../../../src/conference/fan-out.ts';
import type { FlagChanges } from '../../../src/conference/flags.ts';
import type { Input } from '../../../src/conference/inputs.ts';
import { comes, commands, conference, effectsOf, leaves, memberAt, play } from './conferences.ts';

const RELAY: Input = { type: 'relay', present: true };
const NO_RELAY: Input = { type: 'relay', present: false };
const moved = (channelId: string): Input => ({ type: 'fanned-out', channelId });
const failed = (channelId: string): Input => ({ type: 'fan-out-failed', channelId });
const flags = (memberId: number, changes: FlagChanges) => commands({ type: 'set-flags', memberId, changes });
const paths = ({ members }: Conference) => [...members.values()].map(({ path }) => path);

/** A speaker `s`, and listeners `a`, `b`, ... of whom none has been moved yet. */
function audience(listeners: readonly string[], profile: object = { audience: 'fanout' }) {
  const inputs = [RELAY, ...comes('s', { speaker: true }), ...listeners.flatMap((channelId) => comes(channelId))];
  return play(conference(profile), inputs).conference;
}
/** All of them are at the relay. */
const settled = (listeners: readonly string[], profile?: object) =>
  play(
    audience(listeners, profile),
    listeners.map((channelId) => moved(channelId)),
  ).conference;

describe('moving to the relay', () => {
  it('happens two at a time, and each one that is through makes room for the next', () => {
    const before = audience(['a', 'b', 'c', 'd']);
    expect(paths(before)).toEqual(['bridge', 'moving', 'moving', 'bridge', 'bridge']);
    const { conference: after, effects } = play(before, [moved('a')]);
    expect(paths(after)).toEqual(['bridge', 'relay', 'moving', 'moving', 'bridge']);
    expect(effectsOf(effects, 'arrange').map(({ channelId, to }) => [channelId, to.bridge])).toEqual([['c', 'relay']]);
    expect(paths(play(after, [leaves('b')]).conference)).toEqual(['bridge', 'relay', 'moving', 'moving']);
  });

  it('is not tried again with a phone that cannot, until another relay comes', () => {
    const refused = play(audience(['a', 'b']), [failed('a')]);
    expect(memberAt(refused.conference, 'a').path).toBe('refused');
    expect(effectsOf(refused.effects, 'arrange')[0]).toMatchObject({ channelId: 'a', to: { bridge: 'floor' } });
    const later = play(refused.conference, [moved('b'), flags(2, { deaf: true }), flags(2, { deaf: false })]);
    expect(memberAt(later.conference, 'a').path).toBe('refused');
    expect(memberAt(play(later.conference, [RELAY]).conference, 'a').path).toBe('moving');
  });

  it('is not for whoever speaks, hears nothing, is elsewhere or alone', () => {
    const before = settled(['a', 'b']);
    const away: Input[] = [
      flags(2, { speaker: true }),
      flags(2, { deaf: true }),
      commands({ type: 'hold', memberId: 2, held: true }),
      commands({ type: 'talk-privately', memberId: 2, withMemberId: 1 }),
      commands({ type: 'execute', memberId: 2, application: 'Echo', data: '' }),
    ];
    for (const input of away) expect(memberAt(play(before, [input]).conference, 'a').path).toBe('bridge');
    const alone = play(before, [leaves('s'), leaves('b')]);
    expect(memberAt(alone.conference, 'a').path).toBe('bridge');
    expect(effectsOf(alone.effects, 'arrange')[0]).toMatchObject({ to: { bridge: 'floor', relay: null } });
  });

  it('takes back at once whoever is given a voice, and news of his move that come later do not count', () => {
    const before = audience(['a']);
    const { conference: after, effects } = play(before, [flags(2, { speaker: true })]);
    expect(effectsOf(effects, 'arrange')[0]).toMatchObject({ to: { bridge: 'floor', voice: true } });
    for (const news of [moved('a'), failed('a')]) {
      expect(memberAt(play(after, [news]).conference, 'a').path).toBe('bridge');
    }
  });
});

describe('audience: auto', () => {
  const profile = { audience: 'auto', fanOutFrom: 4 };
  const names = ['a', 'b', 'c', 'd'];

  it('begins with so many listeners, and ends with fewer than half of them', () => {
    expect(audience(['a', 'b', 'c'], profile).fannedOut).toBe(false);
    const before = settled(names, profile);
    expect(paths(before)).toEqual(['bridge', 'relay', 'relay', 'relay', 'relay']);
    const half = play(before, [leaves('c'), leaves('d')]).conference;
    expect(paths(half)).toEqual(['bridge', 'relay', 'relay']);
    expect(paths(play(half, [leaves('b')]).conference)).toEqual(['bridge', 'bridge']);
  });

  it('ends when the number is raised while the conference runs', () => {
    const { settings } = conference({ audience: 'auto', fanOutFrom: 100 });
    expect(paths(play(settled(names, profile), [{ type: 'settings', settings }]).conference)).toEqual(
      Array(5).fill('bridge'),
    );
  });
});

describe('the volume of a listener', () => {
  it('is left to the relay from the first, and is in Asterisk only for whoever cannot hear the relay', () => {
    const profile = { audience: 'fanout', audio: { listenVolume: 2 } };
    const before = play(audience(['a', 'b'], profile), comes('c'));
    const c = effectsOf(before.effects, 'arrange').find(({ channelId }) => channelId === 'c');
    expect(c?.to.listenVolume ?? 0).toBe(0);
    const at = play(before.conference, [moved('a')]);
    expect(effectsOf(at.effects, 'arrange')[0]?.to).toMatchObject({ relay: { volume: 2 }, listenVolume: 0 });
    const refused = play(before.conference, [failed('a')]);
    expect(effectsOf(refused.effects, 'arrange')[0]?.to).toMatchObject({ bridge: 'floor', listenVolume: 2 });
  });
});

describe('without a relay', () => {
  it('everybody hears the bridge, and its floor has no leg', () => {
    const before = settled(['a', 'b']);
    expect(floorLegOf(before)).not.toBeNull();
    const { conference: after, effects } = play(before, [NO_RELAY]);
    expect(paths(after)).toEqual(['bridge', 'bridge', 'bridge']);
    expect(effectsOf(effects, 'floor-leg')).toEqual([{ type: 'floor-leg', leg: null }]);
  });
});
