import { describe, expect, it } from 'vitest';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
  comes,
  commands,
  conference,
  effectsOf,
  enters,
  heardBy,
  leaves,
  memberAt,
  moves,
  play,
  presses,
  SILENT,
  told,
} from '../conferences.ts';

const places = ({ members }: Conference) => [...members.values()].map(({ place }) => place.at).join(' ');
const start = play(conference({ sound: { prompts: SILENT, music: 'jazz' } }), [
  ...comes('a', { speaker: true, admin: true }),
  ...comes('b'),
  ...comes('c', { deaf: true }),
]).conference;
const aloud = { ...start, settings: conference(ALOUD).settings };

describe('hold', () => {
  const hold = (memberId: number, held: boolean) => commands({ type: 'hold', memberId, held });

  it('takes a member off the floor, with music, and back', () => {
    const held = play(start, [hold(1, true)]);
    expect(effectsOf(held.effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { bridge: 'none', voice: false, music: 'jazz' } },
    ]);
    expect(told(held.effects)).toEqual([{ type: 'moved', memberId: 1, place: 'hold' }]);
    const back = play(held.conference, [hold(1, false)]);
    expect(effectsOf(back.effects, 'configure-channel')).toMatchObject([
      { to: { bridge: 'floor', voice: true, music: null } },
    ]);
  });

  it('is told to the member, over the music', () => {
    const { effects } = play({ ...aloud, settings: { ...aloud.settings } }, [hold(1, true)]);
    expect(heardBy('a', effects)).toEqual(['You are on hold. Please stay on the line.']);
  });

  it('is for members on the floor', () => {
    expect(reduce(play(start, [hold(1, true)]).conference, hold(1, true), 0).effects).toEqual([]);
    const arriving = play(start, [{ ...moves('d') }]).conference;
    expect(reduce(arriving, hold(4, true), 0).refusal).toMatchObject({ code: 'not-possible' });
  });

  it('of one in a private talk brings the other one back', () => {
    const talk = commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 });
    expect(places(play(start, [talk, hold(2, true)]).conference)).toBe('floor hold floor');
  });
});

describe('a private talk', () => {
  const talk = (memberId: number, withMemberId: number) => commands({ type: 'talk-privately', memberId, withMemberId });
  const talking = play(start, [talk(1, 3)]);

  it('is between two in a room of their own, who hear each other whatever their flags', () => {
    const inRoom = { bridge: 'private-1', voice: true, hearing: true, music: null };
    expect(effectsOf(talking.effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: inRoom },
      { channelId: 'c', to: inRoom },
    ]);
    expect(places(talking.conference)).toBe('private floor private');
  });

  it('is told to both at its beginning, and at its end', () => {
    const begins = play(aloud, [talk(1, 3)]);
    for (const id of ['a', 'c']) expect(heardBy(id, begins.effects)).toEqual(['You are now in a private talk.']);
    const ends = play(begins.conference, [commands({ type: 'end-private', memberId: 3 })]);
    for (const id of ['a', 'c']) expect(heardBy(id, ends.effects)).toEqual(['You are back in the conference.']);
    expect(heardBy('b', [...begins.effects, ...ends.effects])).toEqual([]);
  });

  it.each<[string, Input, string]>([
    ['one ends it', commands({ type: 'end-private', memberId: 3 }), 'floor floor floor'],
    ['one hangs up', leaves('c'), 'floor floor'],
    ['one is kicked', commands({ type: 'kick', memberId: 1 }), 'leaving floor floor'],
    ['one is moved', commands({ type: 'transfer', memberId: 1, conference: '4000', profileName: null }), 'floor floor'],
  ])('ends for both when %s, and its room is closed', (_, input, expected) => {
    const { conference: state, effects } = play(talking.conference, [input]);
    expect(places(state)).toBe(expected);
    expect(effects).toContainEqual({ type: 'close-room', room: 1 });
  });

  it('gives each the audio back that the flags say', () => {
    const { effects } = play(talking.conference, [commands({ type: 'end-private', memberId: 1 })]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { bridge: 'floor', voice: true, hearing: true } },
      { channelId: 'c', to: { bridge: 'floor', voice: false, hearing: false } },
    ]);
  });

  it.each<[string, Input]>([
    ['with oneself', talk(2, 2)],
    ['with nobody', talk(2, 9)],
    ['with one who talks privately already', talk(2, 1)],
    ['that is not there cannot be ended', commands({ type: 'end-private', memberId: 2 })],
  ])('%s is refused', (_, input) => {
    const { conference: state, refusal } = reduce(talking.conference, input, 0);
    expect(refusal).toBeDefined();
    expect(state).toEqual(talking.conference);
  });
});

describe('a transfer', () => {
  const to = (conference: string, profileName: string | null = null) =>
    commands({ type: 'transfer', memberId: 1, conference, profileName });

  it('hands the call over with its flags, and the member is gone here', () => {
    const { conference: state, effects } = play(start, [to('4000', 'vip')]);
    expect(state.members.has('a')).toBe(false);
    expect(effectsOf(effects, 'hand-over')).toEqual([
      {
        type: 'hand-over',
        channelId: 'a',
        conference: '4000',
        profileName: 'vip',
        caller: expect.anything(),
        flags: memberAt(start, 'a').flags,
        path: memberAt(start, 'a').path,
        phoneHold: false,
        ownMute: false,
      },
    ]);
    expect(told(effects).map(({ type }) => type)).toEqual(['transferred', 'left']);
    expect(effects.filter((effect) => 'channelId' in effect && effect.channelId === 'a')).toHaveLength(1);
  });

  it('is heard by the others as any leaving', () => {
    const announcing = conference({ sound: { prompts: SILENT, music: 'none', announce: 'name' } }).settings;
    const { effects } = play({ ...start, settings: announcing }, [to('4000')]);
    expect(effectsOf(effects, 'announce')).toHaveLength(0);
    const aTone = conference({ sound: { announce: 'tone' } }).settings;
    expect(effectsOf(play({ ...start, settings: aTone }, [to('4000')]).effects, 'announce')).toHaveLength(1);
  });

  it('goes to a conference of the same profile unless one is given', () => {
    expect(effectsOf(play(start, [to('4000')]).effects, 'hand-over')[0]?.profileName).toBe('default');
  });

  it('sets the channel up anew where it arrives, whatever it was like', () => {
    const { effects } = play(conference(), [moves('x', { speaker: true })]);
    const [configure] = effectsOf(effects, 'configure-channel');
    expect(configure?.changed).toEqual(Object.keys(configure?.to ?? {}));
  });

  it('to the same conference, or of somebody away, is refused', () => {
    expect(reduce(start, to('3000'), 0).refusal).toMatchObject({ code: 'not-possible' });
    const away = play(start, [commands({ type: 'execute', memberId: 1, application: 'Echo', data: '' })]).conference;
    expect(reduce(away, to('4000'), 0).refusal).toMatchObject({ code: 'not-possible' });
  });
});

describe('an application of the dialplan', () => {
  const run = commands({ type: 'execute', memberId: 1, application: 'VoiceMail', data: '100@default' });
  const leftForIt: Input = { type: 'left', channelId: 'a', destroyed: false };
  const back: Input = { type: 'returned', channelId: 'a' };
  const away = play(start, [run]);

  it('gets the call, and the member stays one while Asterisk says that the call has left', () => {
    expect(away.effects).toContainEqual({
      type: 'execute',
      channelId: 'a',
      application: 'VoiceMail',
      data: '100@default',
    });
    expect(effectsOf(away.effects, 'configure-channel')).toEqual([]);
    expect(memberAt(play(away.conference, [leftForIt]).conference, 'a').place).toEqual({ at: 'away' });
  });

  it('runs only if the profile allows it, in whatever case', () => {
    const result = (application: string) =>
      reduce(start, commands({ type: 'execute', memberId: 1, application, data: 'id' }), 0);
    expect(effectsOf(result('voicemail').effects, 'execute')).toHaveLength(1);
    for (const application of ['System', 'TrySystem', 'Exec', 'MixMonitor', 'AGI', 'Dial', 'Set', 'Goto']) {
      const { effects, refusal } = result(application);
      expect(refusal, application).toMatchObject({ code: 'not-possible' });
      expect(effects).toEqual([]);
    }
  });

  it('has the keys', () => {
    expect(play(away.conference, [presses('a', '#')]).effects).toEqual([]);
  });

  it('gives the member back, who is set up anew and has not joined twice', () => {
    const { conference: state, effects } = play(away.conference, [leftForIt, back]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { bridge: 'floor', voice: true } },
    ]);
    expect(effectsOf(effects, 'configure-channel')[0]?.changed).toContain('hearing');
    expect(told([...effects, ...play(state, [enters('a')]).effects])).toEqual([
      { type: 'moved', memberId: 1, place: 'floor' },
    ]);
  });

  it('leaves what is changed meanwhile to be saved when the member is back', () => {
    const muted = play(away.conference, [commands({ type: 'set-flags', memberId: 1, changes: { mute: true } })]);
    expect(muted.effects.filter((effect) => 'channelId' in effect)).toEqual([]);
    const { effects } = play(muted.conference, [leftForIt, back]);
    expect(effectsOf(effects, 'save-member').at(-1)).toMatchObject({ member: { flags: { mute: true } } });
  });

  it('does not keep the conference from ending', () => {
    const ending = play(away.conference, [commands({ type: 'terminate' }), { type: 'end-announced' }]).conference;
    expect([...ending.members.keys()]).toEqual(['b', 'c']);
    expect(play(ending, [leaves('b'), leaves('c')]).conference.status).toBe('empty');
  });

  it('may end with the call', () => {
    const { conference: state } = play(away.conference, [leftForIt, { type: 'left', channelId: 'a', destroyed: true }]);
    expect(state.members.has('a')).toBe(false);
  });

  it('keeps the call of a member who is kicked until it is back; then it is released', () => {
    const kick = commands({ type: 'kick', memberId: 1 });
    const kicked = play(away.conference, [kick]);
    expect(kicked.effects.filter((effect) => 'channelId' in effect)).toEqual([]);
    const { conference: state, effects } = play(kicked.conference, [leftForIt, back]);
    expect(effects.at(-1)).toEqual({ type: 'release', channelId: 'a', result: 'KICKED' });
    expect(effectsOf(effects, 'configure-channel')).toEqual([]);
    expect(play(state, [{ type: 'left', channelId: 'a', destroyed: false }]).conference.members.has('a')).toBe(false);
  });

  it('is for members on the floor', () => {
    expect(reduce(away.conference, run, 0).refusal).toMatchObject({ code: 'not-possible' });
  });
});

describe('a call that the phone holds', () => {
  const held = (isHeld: boolean): Input => ({ type: 'phone-hold', channelId: 'a', held: isHeld });

  it('is not heard by the others until the phone takes it back', () => {
    const away = play(start, [held(true)]);
    expect(effectsOf(away.effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { bridge: 'floor', voice: false, talkDetect: null } },
    ]);
    expect(told(away.effects)).toEqual([{ type: 'phone-hold', memberId: 1, held: true }]);
    const muted = play(away.conference, [commands({ type: 'set-flags', memberId: 1, changes: { mute: true } })]);
    const back = play(muted.conference, [held(false)]);
    expect(told(play(back.conference, [held(false)]).effects)).toEqual([]);
    expect(told(back.effects)).toEqual([{ type: 'phone-hold', memberId: 1, held: false }]);
    expect(effectsOf(back.effects, 'configure-channel')).toEqual([]);
    const unmuted = play(back.conference, [commands({ type: 'set-flags', memberId: 1, changes: { mute: false } })]);
    expect(effectsOf(unmuted.effects, 'configure-channel')).toMatchObject([{ channelId: 'a', to: { voice: true } }]);
  });
});
