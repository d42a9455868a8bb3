import { describe, expect, it } from 'vitest';
import type { FlagChanges } from '../../../../src/conference/model/flags.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import type { RemoteView } from '../../../../src/conference/model/remote.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
  commands,
  conference,
  dials,
  effectsOf,
  enters,
  heardBy,
  joins,
  leaves,
  memberAt,
  play,
  told,
  wake,
} from '../conferences.ts';

const asks = (memberId: number, asked = true) => commands({ type: 'ask-help', memberId, asked });
/** Moderators `m` and `n`, and listeners `a` and `b`. */
const start = play(conference(ALOUD, { '*0': 'help', '9': 'private' }), [
  ...greeted('m', { admin: true }),
  ...greeted('n', { admin: true, speaker: true }),
  ...greeted('a'),
  ...greeted('b'),
]).conference;

/** Joins, hears the welcome, and is on the floor. */
function greeted(channelId: string, flags: FlagChanges = {}): Input[] {
  return [joins(channelId, flags), { type: 'heard', channelId, nextStep: 'enter' }, enters(channelId)];
}

const ASKED = ['You have asked for help.'];
const WANTED = ['Somebody asks for help.'];

describe('a member who asks for help', () => {
  it('hears that, and is told of to all moderators and to programs', () => {
    const { conference: state, effects } = play(start, dials('a', '*0'), 1000);
    expect(memberAt(state, 'a').helpAskedAtMs).toBe(1000);
    expect(told(effects)).toEqual([{ type: 'help', memberId: 3, asked: true }]);
    expect(['m', 'n', 'a', 'b'].map((channelId) => heardBy(channelId, effects))).toEqual([WANTED, WANTED, ASKED, []]);
    expect(play(state, [asks(3)]).effects).toEqual([]);
  });

  it('no longer does with the same key, or when an operator says so', () => {
    const { conference: asked } = play(start, dials('a', '*0'));
    for (const inputs of [dials('a', '*0'), [asks(3, false)]]) {
      const { conference: state, effects } = play(asked, inputs);
      expect(memberAt(state, 'a').helpAskedAtMs).toBeNull();
      expect(told(effects)).toEqual([{ type: 'help', memberId: 3, asked: false }]);
      expect(heardBy('a', effects)).toEqual(['Your request for help is closed.']);
      expect(heardBy('m', effects)).toEqual([]);
    }
  });

  it('is the first with whom a moderator talks privately, and is helped by that', () => {
    const raised = [commands({ type: 'raise-hand', memberId: 4, raised: true }), asks(3)];
    const { conference: state, effects } = play(start, [...raised, ...dials('m', '9')]);
    expect(['m', 'a', 'b'].map((channelId) => memberAt(state, channelId).place.at)).toEqual([
      'private',
      'private',
      'floor',
    ]);
    expect(memberAt(state, 'a').helpAskedAtMs).toBeNull();
    expect(told(effects)).toContainEqual({ type: 'help', memberId: 3, asked: false });
    expect(heardBy('a', effects)).toEqual(['You are now in a private talk.']);
  });

  it('does not while leaving', () => {
    const { conference: state } = play(start, [asks(3), commands({ type: 'kick', memberId: 3 })]);
    expect(memberAt(state, 'a').helpAskedAtMs).toBeNull();
    expect(state.members.counts.helps).toBe(0);
  });
});

describe('moderators', () => {
  const first = play(start, [asks(3)], 1000);
  const second = play(first.conference, [asks(4)], 5000);

  it('are told at most each 30 s, however many ask', () => {
    expect(heardBy('m', first.effects)).toEqual(WANTED);
    expect(heardBy('m', second.effects)).toEqual([]);
    expect(effectsOf(second.effects, 'wake').map(({ atMs }) => atMs)).toEqual([31_000]);
    const later = wake(second.conference, 31_000);
    expect(heardBy('m', later.effects)).toEqual(WANTED);
    expect(effectsOf(later.effects, 'wake')).toEqual([]);
    expect(heardBy('m', play(later.conference, [asks(3, false), asks(3)], 62_000).effects)).toEqual(WANTED);
  });

  it('are not told later of members who were helped or have left meanwhile', () => {
    const { conference: state } = play(second.conference, [asks(3, false), leaves('b')], 6000);
    expect(wake(state, 31_000).effects).toEqual([]);
  });

  it('of every node are told, and by each node of its own', () => {
    const elsewhere: RemoteView = {
      node: 'lyon',
      admitted: 1,
      speakers: 0,
      admins: 1,
      doubledAdmins: 0,
      helps: 0,
      ghosts: 0,
      mandatory: 0,
      nodes: ['paris'],
      oldestHand: null,
      lastGivenFloor: null,
      lastJoined: null,
      playing: null,
      recording: null,
      music: null,
    };
    const clustered = reduce(start, { type: 'remote', remote: elsewhere }, 0).conference;
    const { effects } = play(clustered, [asks(3)]);
    expect(effectsOf(effects, 'cluster')).toEqual([
      { type: 'cluster', tell: { type: 'broadcast', broadcast: { type: 'help-asked' } } },
    ]);
    const heard = play(clustered, [{ type: 'broadcast', broadcast: { type: 'help-asked' } }]);
    expect(heardBy('m', heard.effects)).toEqual(WANTED);
    expect(effectsOf(heard.effects, 'cluster')).toEqual([]);
    const again = play(heard.conference, [{ type: 'broadcast', broadcast: { type: 'help-asked' } }], 2000).conference;
    const asking = reduce(again, { type: 'remote', remote: { ...elsewhere, helps: 1 } }, 3000).conference;
    expect(heardBy('m', wake(asking, 31_000).effects)).toEqual(WANTED);
    expect(heardBy('m', wake(again, 31_000).effects)).toEqual([]);
  });
});
