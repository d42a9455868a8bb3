import { describe, expect, it } from 'vitest';
import type { Adjustable, Adjustment } from '../../../../src/conference/model/commands.ts';
import { type Conference, raisedHands } from '../../../../src/conference/model/conference.ts';
import type { FlagChanges } from '../../../../src/conference/model/flags.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
  comes,
  commands,
  conference,
  effectsOf,
  heard,
  heardBy,
  joins,
  leaves,
  memberAt,
  play,
  presses,
  told,
  typesOf,
} from '../conferences.ts';

const set = (memberId: number, changes: FlagChanges) => commands({ type: 'set-flags', memberId, changes });
const one = play(conference(), comes('a')).conference;
const aloud = play(conference(ALOUD), [
  ...['a', 'b', 'c'].flatMap((channelId) => [
    joins(channelId),
    { type: 'heard', channelId, nextStep: 'enter' } as const,
  ]),
  ...['a', 'b', 'c'].map((channelId) => ({ type: 'entered', channelId }) as const),
]).conference;

describe('flags', () => {
  it('are saved as unsettled before they change the audio, and as settled after', () => {
    const { effects } = play(one, [set(1, { speaker: true })]);
    expect(effects).toMatchObject([
      { type: 'save-member', member: { settled: false, flags: { speaker: true } } },
      { type: 'configure-channel', to: { voice: true }, changed: ['voice', 'talkDetect'] },
      { type: 'save-member', member: { settled: true, flags: { speaker: true } } },
      { type: 'publish', event: { type: 'flags-changed' } },
    ]);
  });

  it('touch no audio that they do not change', () => {
    expect(typesOf(play(one, [set(1, { mute: true, admin: true })]).effects)).toEqual([
      'save-member',
      'save-conference',
    ]);
  });

  it('do nothing when they are set already', () => {
    expect(play(one, [set(1, { speaker: false })]).effects).toEqual([]);
  });

  it('of nobody are refused', () => {
    expect(reduce(conference(), set(7, { mute: true }), 0).refusal).toEqual({ code: 'no-such-member', memberId: 7 });
  });

  it('that would overfill the floor are refused and change nothing', () => {
    const start = play(conference({ limits: { speakers: 1 } }), [
      ...comes('a', { speaker: true }),
      ...comes('b'),
    ]).conference;
    const { conference: state, refusal } = reduce(start, set(2, { speaker: true, deaf: true }), 0);
    expect(refusal).toEqual({ code: 'too-many-speakers', limit: 1 });
    expect(memberAt(state, 'b')).toEqual(memberAt(start, 'b'));
    expect(reduce(start, set(1, { mute: true }), 0).refusal).toBeUndefined();
  });

  it.each<[FlagChanges, string]>([
    [{ mute: true }, 'conf-muted'],
    [{ speaker: true }, 'You are now a speaker. Everyone can hear you.'],
    [{ admin: true }, 'You are now a moderator.'],
    [{ deaf: true }, 'You no longer hear the conference.'],
  ])('are told to the member: %j', (changes, prompt) => {
    const on = play(aloud, [set(1, changes)]);
    expect(heard(on.effects)).toEqual([prompt]);
    const off = Object.fromEntries(Object.keys(changes).map((flag) => [flag, false]));
    const [told] = heard(play(on.conference, [set(1, off)]).effects);
    expect(told).toBeTruthy();
    expect(told).not.toBe(prompt);
  });

  it('that take the hearing are told before, to the end, and those that give it back are told after', () => {
    const deaf = play(aloud, [set(1, { deaf: true })]);
    expect(typesOf(deaf.effects)).toEqual(['play-to', 'save-member', 'configure-channel', 'save-member']);
    expect(effectsOf(deaf.effects, 'play-to')).toMatchObject([{ over: false, wait: true }]);
    const hearing = play(deaf.conference, [set(1, { deaf: false })]);
    expect(typesOf(hearing.effects)).toEqual(['save-member', 'configure-channel', 'save-member', 'play-to']);
  });

  it('are not told to who is deaf', () => {
    const deaf = play(aloud, [set(1, { deaf: true })]).conference;
    expect(heard(play(deaf, [set(1, { mute: true })]).effects)).toEqual([]);
  });

  it('of the last one are those of who joined last, admins excepted', () => {
    const start = play(conference(), [...comes('a'), ...comes('b'), ...comes('c', { admin: true })]).conference;
    const last = commands({ type: 'set-flags-of-last', changes: { mute: true } });
    expect(memberAt(play(start, [last]).conference, 'b').flags.mute).toBe(true);
    const admins = play(conference(), comes('a', { admin: true })).conference;
    expect(reduce(admins, last, 0).refusal).toMatchObject({ code: 'not-possible' });
  });

  it('of the last one say whom they mean, as kicking the last one and the next hand do', () => {
    const start = play(conference(), [...comes('a'), ...comes('b'), ...comes('c', { admin: true })]).conference;
    const meant = (input: Input) => reduce(start, input, 0).meant;
    expect(meant(commands({ type: 'set-flags-of-last', changes: { mute: true } }))).toEqual({ memberId: 2 });
    expect(meant(commands({ type: 'kick-last' }))).toEqual({ memberId: 2 });
    expect(meant(commands({ type: 'next-hand' }))).toBeUndefined();
    const raised = play(start, [commands({ type: 'raise-hand', memberId: 1, raised: true })]).conference;
    expect(reduce(raised, commands({ type: 'next-hand' }), 0).meant).toEqual({ memberId: 1 });
  });

  it('are told with who has ordered them: an operator, or a member by a key', () => {
    const by = (inputs: Input[]) => effectsOf(play(keyed, inputs).effects, 'publish').map((effect) => effect.by);
    const keyed = play(conference({}, { '1': 'mute' }), comes('a')).conference;
    const { type, command } = set(1, { mute: true }) as Extract<Input, { type: 'command' }>;
    expect(by([{ type, command, by: 'operator anna' }])).toEqual(['operator anna']);
    expect(by([presses('a', '1')])).toEqual(['member 1']);
    expect(by([{ type: 'phone-hold', channelId: 'a', held: true }])).toEqual([undefined]);
  });

  it('of all are changed without a prompt to each, and voices as far as there is room', () => {
    const start = play(conference({ limits: { speakers: 2 } }), [
      ...comes('a', { admin: true }),
      ...comes('b'),
      ...comes('c'),
      ...comes('d'),
    ]).conference;
    const speak = commands({ type: 'set-flags-of-all', audience: 'non-admins', changes: { speaker: true } });
    const { conference: state, refusal, effects } = reduce(start, speak, 0);
    expect(['a', 'b', 'c', 'd'].map((channelId) => memberAt(state, channelId).flags.speaker)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(refusal).toEqual({ code: 'too-many-speakers', limit: 2 });
    expect(heard(effects)).toEqual([]);
  });
});

describe('talking', () => {
  const talks: Input = { type: 'talking', channelId: 'a', talking: true, levelDbov: -21.5 };
  const speaker = play(conference(), comes('a', { speaker: true })).conference;
  const talking = play(speaker, [talks]);
  const ended = { type: 'talking', memberId: 1, talking: false, levelDbov: null };

  it('is told when it changes, and only then, with how loud it is', () => {
    expect(told(talking.effects)).toEqual([{ ...ended, talking: true, levelDbov: -21.5 }]);
    expect(play(talking.conference, [talks]).effects).toEqual([]);
    expect(told(play(talking.conference, [{ ...talks, talking: false, levelDbov: null }]).effects)).toEqual([ended]);
  });

  it.each<[string, Input]>([
    ['the voice', set(1, { speaker: false })],
    ['the detection', set(1, { vad: false })],
    ['the floor', commands({ type: 'hold', memberId: 1, held: true })],
    ['the conference', commands({ type: 'kick', memberId: 1 })],
  ])('is over when %s is taken away, and late news of it is none', (_, input) => {
    const { conference: state, effects } = play(talking.conference, [input]);
    expect(told(effects)).toContainEqual(ended);
    expect(play(state, [talks]).effects).toEqual([]);
  });
});

describe('muting all', () => {
  const all = (audience: 'all' | 'non-admins' | null) => commands({ type: 'mute-all', audience });
  const start = play(conference(), [...comes('a'), ...comes('b', { admin: true })]).conference;
  const muted = (state: typeof start, channelId: string) => memberAt(state, channelId).flags.mute;

  it('mutes who is there and who joins later', () => {
    const { conference: state } = play(start, [all('all'), ...comes('c'), ...comes('d', { admin: true })]);
    expect(['a', 'b', 'c', 'd'].map((channelId) => muted(state, channelId))).toEqual([true, true, true, true]);
  });

  it('can spare admins, those who join later too', () => {
    const { conference: state } = play(start, [all('non-admins'), ...comes('c'), ...comes('d', { admin: true })]);
    expect(['a', 'b', 'c', 'd'].map((channelId) => muted(state, channelId))).toEqual([true, false, true, false]);
  });

  it('is lifted for all, and for who joins later', () => {
    const { conference: state, effects } = play(start, [all('non-admins'), all(null)]);
    expect(told(effects)).toContainEqual({ type: 'muted-all', audience: null });
    expect(['a', 'b', 'c'].map((id) => muted(play(state, comes('c')).conference, id))).toEqual([false, false, false]);
  });

  it.each<readonly ('all' | 'non-admins')[]>([
    ['all', 'non-admins'],
    ['non-admins', 'all'],
    ['all', 'non-admins', 'all', 'non-admins'],
  ])('of %s and %s is lifted for all whom it had muted', (...scopes) => {
    const { conference: state } = play(start, [...scopes.map(all), ...comes('c'), all(null)]);
    expect(['a', 'b', 'c'].map((channelId) => muted(state, channelId))).toEqual([false, false, false]);
  });

  it('spares moderators who were muted, once it is about the others alone', () => {
    const { conference: state } = play(start, [all('all'), all('non-admins')]);
    expect(['a', 'b'].map((channelId) => muted(state, channelId))).toEqual([true, false]);
  });

  it('is lifted for a member who has become a moderator meanwhile', () => {
    const { conference: state } = play(start, [all('non-admins'), set(1, { admin: true }), all(null)]);
    expect(muted(state, 'a')).toBe(false);
  });

  it.each<[string, Input[]]>([
    ['by a key before', [presses('a', '0'), all('all')]],
    ['by a key, unmuted by one before', [all('all'), presses('a', '1'), presses('a', '1')]],
    ['by an operator while all were', [all('all'), set(1, { mute: true })]],
    ['without all having been', [presses('a', '1')]],
  ])('leaves a member muted who was so alone, %s', (_, inputs) => {
    const here = play(conference({}, { '0': 'deaf-mute', '1': 'mute' }), [...comes('a'), ...comes('b')]).conference;
    const { conference: state } = play(here, [...inputs, all(null)]);
    expect(['a', 'b'].map((channelId) => muted(state, channelId))).toEqual([true, false]);
    const unmuted = commands({ type: 'set-flags-of-all', audience: 'all', changes: { mute: false } });
    expect(muted(play(state, [unmuted]).conference, 'a')).toBe(false);
    expect(muted(play(state, [unmuted, all('all'), all(null)]).conference, 'a')).toBe(false);
  });

  it('leaves a member muted who was so before moving to this conference', () => {
    const [moved] = effectsOf(
      play(start, [
        set(1, { mute: true }),
        commands({ type: 'transfer', memberId: 1, conference: '4', profileName: null }),
      ]).effects,
      'hand-over',
    );
    if (!moved) throw new Error('not moved');
    const { channelId, caller, flags, path, ownMute } = moved;
    const call = { type: 'join', channelId, caller, flags, path, ownMute, origin: 'transferred' } as const;
    const { conference: state } = play(conference(), [call, { type: 'entered', channelId }, all('all'), all(null)]);
    expect(muted(state, 'a')).toBe(true);
  });

  it('leaves nobody muted who was given the floor', () => {
    const inputs = [set(1, { mute: true }), commands({ type: 'call-on', memberId: 1 }), all('all'), all(null)];
    expect(muted(play(start, inputs).conference, 'a')).toBe(false);
  });

  it('is told once to everybody', () => {
    expect(heard(play(aloud, [all('all')]).effects)).toEqual(['conf-now-muted']);
    expect(heard(play(aloud, [all(null)]).effects)).toEqual(['conf-now-unmuted']);
  });

  it('leaves the next who comes after all have left unmuted', () => {
    const { conference: state } = play(start, [all('all'), leaves('a'), leaves('b'), ...comes('c')]);
    expect(muted(state, 'c')).toBe(false);
  });
});

describe('hands', () => {
  const raise = (memberId: number, raised = true) => commands({ type: 'raise-hand', memberId, raised });
  const next = commands({ type: 'next-hand' });
  const start = play(conference({ limits: { speakers: 1 } }), [...comes('a'), ...comes('b'), ...comes('c')]).conference;
  const raised = play(play(play(start, [raise(3)], 1000).conference, [raise(1)], 2000).conference, [raise(2)], 2000);

  it('queue in the order in which they were raised', () => {
    expect(raisedHands(raised.conference).map(({ id }) => id)).toEqual([3, 1, 2]);
    expect(told(raised.effects)).toEqual([{ type: 'hand', memberId: 2, raised: true }]);
    expect(play(raised.conference, [raise(2)]).effects).toEqual([]);
  });

  it('lose their place when they are lowered', () => {
    const { conference: state } = play(raised.conference, [raise(3, false), raise(3)], 3000);
    expect(raisedHands(state).map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it('give the first one the floor, who is unmuted, and the hand goes down', () => {
    const muted = play(raised.conference, [set(3, { mute: true })]).conference;
    const { conference: state } = play(muted, [next]);
    expect(memberAt(state, 'c')).toMatchObject({ flags: { speaker: true, mute: false }, handRaisedAtMs: null });
    expect(raisedHands(state).map(({ id }) => id)).toEqual([1, 2]);
  });

  it('stay up while the floor is full, and nobody is next where none is up', () => {
    const full = play(raised.conference, [next]).conference;
    expect(reduce(full, next, 0)).toMatchObject({ conference: full, refusal: { code: 'too-many-speakers' } });
    expect(reduce(start, next, 0).refusal).toMatchObject({ code: 'not-possible' });
  });

  it('give a floor that is taken back from the last member first, and from nobody who did not get it here', () => {
    const back = commands({ type: 'take-floor-back' });
    const here = play(conference(), [...comes('panel', { speaker: true }), ...comes('a'), ...comes('b')]).conference;
    const given = [
      play(here, [commands({ type: 'call-on', memberId: 3 })], 1000),
      play(here, [set(3, { speaker: true })], 1000),
      play(here, [commands({ type: 'set-flags-of-all', audience: 'all', changes: { speaker: true } })], 1000),
    ];
    const speakers = (state: Conference) =>
      [...state.members.values()].filter(({ flags }) => flags.speaker).map(({ id }) => id);
    for (const { conference: first } of given.slice(0, 2)) {
      const both = play(first, [set(2, { speaker: true })], 2000).conference;
      const once = play(both, [back]).conference;
      expect(speakers(once)).toEqual([1, 3]);
      const twice = play(once, [back]).conference;
      expect(speakers(twice)).toEqual([1]);
      expect(reduce(twice, back, 0)).toMatchObject({ conference: twice, refusal: { code: 'not-possible' } });
    }
    for (const { conference: all } of given.slice(2)) expect(speakers(play(all, [back, back]).conference)).toEqual([1]);
  });

  it('give a floor that is not taken back from a moderator', () => {
    const { conference: state } = play(start, [set(1, { speaker: true, admin: true })]);
    expect(reduce(state, commands({ type: 'take-floor-back' }), 0).refusal).toMatchObject({ code: 'not-possible' });
  });

  it('go down all at once, and when the member leaves', () => {
    const lowered = play(raised.conference, [commands({ type: 'lower-hands' })]);
    expect(raisedHands(lowered.conference)).toEqual([]);
    expect(told(lowered.effects)).toHaveLength(3);
    expect(raisedHands(play(raised.conference, [leaves('c')]).conference).map(({ id }) => id)).toEqual([1, 2]);
  });

  it('are confirmed, and the one whose transition it is hears it', () => {
    expect(heard(play(aloud, [raise(1)]).effects)).toEqual(['Your hand is raised.']);
    expect(heard(play(aloud, [raise(1), raise(1, false)]).effects)).toEqual(['Your hand is lowered.']);
    expect(heardBy('a', play(aloud, [raise(1), next]).effects)).toEqual(["It's your turn. Please go ahead."]);
  });
});

describe('sound settings', () => {
  const adjust = (setting: Adjustable, adjustment: Adjustment) =>
    commands({ type: 'adjust', memberId: 1, setting, adjustment });
  const start = play(conference({ audio: { talkVolume: 1, vadLevel: 300 } }), comes('a', { speaker: true })).conference;

  it('start from those of the profile, and go back to them', () => {
    const louder = play(start, [adjust('talkVolume', { by: 2 })]);
    expect(effectsOf(louder.effects, 'configure-channel')).toMatchObject([
      { to: { talkVolume: 3 }, changed: ['talkVolume'] },
    ]);
    const back = play(louder.conference, [adjust('talkVolume', 'profile')]);
    expect(effectsOf(back.effects, 'configure-channel')).toMatchObject([{ to: { talkVolume: 1 } }]);
  });

  it.each<[Adjustable, number, number]>([
    ['talkVolume', -4, 4],
    ['listenVolume', -4, 4],
    ['vadLevel', 0, 1799],
    ['vadHoldMs', 100, 10_000],
    ['agcLevel', 0, 1799],
  ])('stay within their range: %s', (setting, min, max) => {
    const by = (amount: number) => adjust(setting, { by: amount });
    expect(memberAt(play(start, [by(9999)]).conference, 'a').adjusted[setting]).toBe(max);
    expect(memberAt(play(start, [by(9999), by(-9999), by(-1)]).conference, 'a').adjusted[setting]).toBe(min);
  });

  it('are confirmed by a tone where they are volumes', () => {
    expect(heard(play(aloud, [adjust('listenVolume', { by: 1 })]).effects)).toEqual(['tone']);
    expect(heard(play(aloud, [adjust('vadLevel', { by: 1 })]).effects)).toEqual([]);
  });

  it('of talking mean nothing to who is in the audience', () => {
    const { effects } = play(one, [adjust('talkVolume', { by: 1 })]);
    expect(typesOf(effects)).toEqual(['save-member']);
  });
});

it('a key of who is on the floor is no member of another one', () => {
  expect(play(one, [presses('b', '#')]).effects).toEqual([]);
});
