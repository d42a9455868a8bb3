import { describe, expect, it } from 'vitest';
import { channelSetupOf } from '../../../../src/conference/model/channel-setup.ts';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import type { ChannelSeen, Input } from '../../../../src/conference/model/inputs.ts';
import { savedConferenceOf } from '../../../../src/conference/model/saved-conference.ts';
import { type SavedMember, savedOf } from '../../../../src/conference/model/saved-member.ts';
import { parseMember, serializeMember } from '../../../../src/conference/schemas/saved-member.ts';
import {
  AT_BRIDGE,
  CALLER,
  comes,
  commands,
  conference,
  effectsOf,
  foundIn,
  heard,
  joins,
  memberAt,
  play,
  presses,
  SILENT,
  told,
  typesOf,
  wake,
} from '../conferences.ts';

/** The channels of a conference as they are when all effects have been executed. */
function channelsOf(state: Conference): ChannelSeen[] {
  return [...state.members.values()].map((member) => ({
    channelId: member.channelId,
    caller: CALLER,
    flags: {},
    bridge: foundIn(channelSetupOf(state, member)?.bridge),
    path: member.path,
    here: member.place.at !== 'away',
    saved: { ...savedOf(member, state), settled: true },
  }));
}

function resync(channels: readonly ChannelSeen[], more: Partial<Extract<Input, { type: 'resync' }>> = {}): Input {
  return {
    type: 'resync',
    floorOpen: true,
    channels,
    disowned: [],
    saved: null,
    recordings: [],
    playbacks: [],
    ...more,
  };
}

/** What a new controller makes of what an old one has left. */
function restart(before: Conference, more: Partial<Extract<Input, { type: 'resync' }>> = {}, fresh = conference()) {
  return play(fresh, [resync(channelsOf(before), { saved: savedConferenceOf(before), ...more })], 5000);
}

const two = play(conference(), [...comes('a', { speaker: true }), ...comes('b')]).conference;
const placesOf = ({ members }: Conference) => [...members.values()].map(({ place }) => place.at).join(' ');

describe('after a restart of the controller', () => {
  it('members are adopted as they were, and nothing that is heard is touched', () => {
    const { conference: state, effects } = restart(two);
    expect([...state.members]).toEqual([...two.members]);
    // Only who talks just now is asked again.
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ channelId: 'a', changed: ['talkDetect'] }]);
    expect(effects.filter((effect) => 'channelId' in effect && effect.channelId === 'b')).toEqual([]);
    expect(told(effects)).toMatchObject([
      { type: 'adopted', memberId: 1 },
      { type: 'adopted', memberId: 2 },
    ]);
  });

  it.each<[string, Input[]]>([
    ['on hold', [commands({ type: 'hold', memberId: 1, held: true })]],
    ['in a private talk', [commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 })]],
    ['away', [commands({ type: 'execute', memberId: 1, application: 'Echo', data: '' })]],
    ['with a raised hand', [commands({ type: 'raise-hand', memberId: 1, raised: true })]],
    ['with other volumes', [commands({ type: 'adjust', memberId: 1, setting: 'talkVolume', adjustment: { by: 2 } })]],
  ])('a member %s still is', (_, inputs) => {
    const before = play(two, inputs).conference;
    const { conference: state, effects } = restart(before);
    expect(memberAt(state, 'a')).toEqual(memberAt(before, 'a'));
    expect(
      effectsOf(effects, 'configure-channel')
        .flatMap(({ changed }) => changed)
        .filter((key) => key !== 'talkDetect'),
    ).toEqual([]);
  });

  it('members who wait for an admin wait on, and those who were being greeted do not wait in vain', () => {
    const access = { waitForAdmin: true };
    const waiting = play(conference({ access }), [joins('a')]).conference;
    expect(placesOf(restart(waiting, {}, conference({ access })).conference)).toBe('waiting');
    const greeted = play(conference({ access, sound: {} }), [joins('a')]).conference;
    expect(placesOf(greeted)).toBe('greeting');
    expect(placesOf(restart(greeted, {}, conference({ access })).conference)).toBe('waiting');
    expect(placesOf(restart(greeted, {}, conference()).conference)).toBe('arriving');
  });

  it('who was asked for a PIN is asked again', () => {
    const guarded = conference({ access: { userPin: '12' }, sound: {} });
    const { conference: state, effects } = restart(
      play(guarded, [joins('a', { speaker: true })]).conference,
      {},
      guarded,
    );
    expect(memberAt(state, 'a')).toMatchObject({ place: { at: 'door' }, flags: { speaker: true } });
    expect(memberAt(state, 'a').pinEntry).not.toBeNull();
    expect(heard(effects)).toEqual(['conf-getpin']);
  });

  it('one who was told good-bye is released', () => {
    const [channel] = channelsOf(two);
    if (!channel?.saved) throw new Error('no channel');
    const saved = { ...channel.saved, place: { at: 'leaving', result: 'KICKED' } as const };
    const { conference: state } = play(conference(), [resync([{ ...channel, saved }])]);
    const { effects } = play(state, [{ type: 'heard', channelId: 'a', nextStep: 'release' }]);
    expect(effects).toEqual([{ type: 'release', channelId: 'a', result: 'KICKED' }]);
  });

  it('one who was turned away is not told to have been there, nor anybody on the way out', () => {
    const guarded = conference({ access: { userPin: '12', tries: 1 } });
    const away = play(guarded, [joins('a'), presses('a', '9'), presses('a', '9')]).conference;
    const saved = channelsOf(away).map((channel) => ({
      ...channel,
      saved: parseMember(serializeMember(channel.saved as SavedMember)),
    }));
    const { conference: state, effects } = play(guarded, [resync(saved)]);
    const gone = play(state, [{ type: 'left', channelId: 'a', destroyed: false }]);
    expect([...told(effects), ...told(gone.effects)].map(({ type }) => type)).not.toContain('left');
    const kicked = play(two, [commands({ type: 'kick', memberId: 1 })]).conference;
    expect(told(restart(kicked).effects)).toMatchObject([{ type: 'adopted', memberId: 2 }]);
  });

  it('a conference that was ending ends', () => {
    const ending = play(two, [commands({ type: 'terminate' })], 0).conference;
    const { conference: state } = restart(ending);
    expect(state.status).toBe('ending');
    expect(placesOf(wake(state, 15_000).conference)).toBe('leaving leaving');
  });

  it('numbers go on behind the highest that was given', () => {
    expect(memberAt(play(restart(two).conference, [joins('c')]).conference, 'c').id).toBe(3);
    const { conference: state } = restart(two, { saved: { ...savedConferenceOf(two), nextMemberId: 9 } });
    expect(memberAt(play(state, [joins('c')]).conference, 'c').id).toBe(9);
  });

  it('a call that nobody had admitted yet is admitted with the flags of the dialplan', () => {
    const channel = {
      channelId: 'a',
      caller: CALLER,
      flags: { speaker: true },
      bridge: 'other' as const,
      path: AT_BRIDGE,
      here: true,
      saved: null,
    };
    const { conference: state, effects } = play(conference(), [resync([channel])]);
    expect(memberAt(state, 'a')).toMatchObject({ place: { at: 'arriving' }, flags: { speaker: true } });
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ to: { bridge: 'floor', voice: true } }]);
  });

  it('a change that was cut off is made again', () => {
    const [a, b] = channelsOf(two);
    if (!a?.saved || !b) throw new Error('no channels');
    const { effects } = play(conference(), [resync([{ ...a, saved: { ...a.saved, settled: false } }, b])]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { voice: true, hearing: true } },
    ]);
    expect(effectsOf(effects, 'configure-channel')[0]?.changed).toEqual(
      expect.arrayContaining(['voice', 'hearing', 'talkVolume']),
    );
  });

  it('one whose channel was set up for other circumstances is set up for these', () => {
    const alone = play(conference({ sound: { prompts: SILENT, music: 'jazz' } }), comes('a')).conference;
    const newcomer = {
      channelId: 'b',
      caller: CALLER,
      flags: {},
      bridge: 'other' as const,
      path: AT_BRIDGE,
      here: true,
      saved: null,
    };
    const { effects } = play(conference(), [resync([...channelsOf(alone), newcomer])]);
    expect(effectsOf(effects, 'configure-channel')).toContainEqual(
      expect.objectContaining({ channelId: 'a', changed: ['music'], to: expect.objectContaining({ music: null }) }),
    );
  });

  it('the conference is as it was: locked, muted, recorded, played to, its time running', () => {
    const before = play(two, [
      commands({ type: 'lock', locked: true }),
      commands({ type: 'mute-all', audience: 'non-admins' }),
      commands({ type: 'record', name: 'r' }),
      commands({ type: 'play', media: ['tone:440/100'], volume: 1 }),
    ]).conference;
    const { conference: state } = restart(before, { recordings: ['r'], playbacks: [before.playback?.id ?? ''] });
    expect(savedConferenceOf(state)).toEqual(savedConferenceOf(before));
  });

  it('a recording that has stopped meanwhile is started again, and a playback that has ended is over', () => {
    const before = play(two, [
      commands({ type: 'record', name: 'r' }),
      commands({ type: 'play', media: ['tone:440/100'], volume: 0 }),
    ]).conference;
    const { conference: state, effects } = restart(before);
    expect(state.playback).toBeNull();
    expect(state.recording?.name).toBe('r-2');
    expect(effectsOf(effects, 'record')).toHaveLength(1);
  });
});

describe('after a lost connection', () => {
  it('members whose calls ended are dropped', () => {
    const { conference: state, effects } = play(two, [resync(channelsOf(two).slice(1))]);
    expect([...state.members.keys()]).toEqual(['b']);
    expect(told(effects)).toEqual([{ type: 'left', memberId: 1 }]);
  });

  it('the other one of a private talk is brought back, also where a new controller finds that member', () => {
    const talking = play(two, [commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 })]).conference;
    for (const start of [talking, conference()]) {
      const { conference: state, effects } = play(start, [resync(channelsOf(talking).slice(1))]);
      expect(placesOf(state)).toBe('floor');
      expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ channelId: 'b', to: { bridge: 'floor' } }]);
    }
  });

  it('a conference whose calls have all ended waits for its idle time, and one that was waiting waits no longer', () => {
    const empty = play(two, [resync([])], 1000).conference;
    expect(empty).toMatchObject({ status: 'empty', endsAtMs: 31_000 });
    expect(play(empty, [resync([])], 20_000).conference).toMatchObject({ status: 'empty', endsAtMs: 31_000 });
  });

  it('flags that could not be saved are brought into force, and nobody else is touched', () => {
    const changed = play(two, [commands({ type: 'set-flags', memberId: 2, changes: { speaker: true } })]).conference;
    const { effects } = play(changed, [resync(channelsOf(two))]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', changed: ['talkDetect'] },
      { channelId: 'b', to: { voice: true } },
    ]);
    expect(effectsOf(effects, 'save-member').at(-1)).toMatchObject({
      member: { flags: { speaker: true }, settled: true },
    });
  });

  it('settings that could not be brought into force are', () => {
    const settings = conference({ audio: { talkVolume: 3 } }).settings;
    const changed = play(two, [{ type: 'settings', settings }]).conference;
    const { effects } = play(changed, [resync(channelsOf(two))]);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', changed: ['talkDetect', 'talkVolume'] },
    ]);
  });

  it('a detection of talking that was switched off meanwhile is switched off', () => {
    const quiet = conference({ audio: { vadLevel: 0 } });
    const { effects } = restart(two, {}, quiet);
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { talkDetect: null }, changed: ['talkDetect'] },
    ]);
  });

  it('a meter is asked for anew, for a measured member and for nobody else, and nothing else is touched', () => {
    const measuring = conference({ audio: { energy: true, vadLevel: 0 } });
    const before = play(measuring, [...comes('a', { speaker: true }), ...comes('b')]).conference;
    expect(effectsOf(play(before, [resync(channelsOf(before))]).effects, 'configure-channel')).toMatchObject([
      { channelId: 'a', to: { metered: true }, changed: ['metered'] },
    ]);
  });

  it('what could not be saved of the conference is', () => {
    const locked = play(two, [commands({ type: 'lock', locked: true })]).conference;
    const { effects } = play(locked, [resync(channelsOf(two))]);
    expect(effectsOf(effects, 'save-conference')).toMatchObject([{ saved: { locked: true } }]);
  });

  it('a kick that Asterisk did not get is repeated', () => {
    const kicked = play(two, [commands({ type: 'kick', memberId: 1 })]).conference;
    const { conference: state, effects } = play(kicked, [resync(channelsOf(two))]);
    expect(effects).toContainEqual(expect.objectContaining({ type: 'play-to', channelId: 'a', nextStep: 'release' }));
    expect(told(effects)).toEqual([]);
    expect(memberAt(state, 'a').place.at).toBe('leaving');
  });

  it('one who was to be sent to the dialplan, and was not, is back on the floor', () => {
    const away = play(two, [commands({ type: 'execute', memberId: 1, application: 'Echo', data: '' })]).conference;
    expect(placesOf(play(away, [resync(channelsOf(two))]).conference)).toBe('floor floor');
  });

  it('a conference that was ending still ends', () => {
    const ending = play(two, [commands({ type: 'terminate' })], 0).conference;
    const { conference: state } = play(ending, [resync(channelsOf(two))], 4000);
    expect(placesOf(wake(state, 10_000).conference)).toBe('leaving leaving');
  });

  it('a recording that was stopped and goes on is stopped again, and one that has just begun goes on', () => {
    const recorded = play(two, [commands({ type: 'record', name: 'r' })], 0).conference;
    const stopped = play(recorded, [commands({ type: 'stop-recording' })]).conference;
    const again = play(stopped, [resync(channelsOf(stopped), { recordings: ['r'] })]);
    expect(again.effects).toContainEqual({ type: 'stop-recording', name: 'r' });
    expect(typesOf(play(again.conference, [resync(channelsOf(stopped), { recordings: ['r'] })]).effects)).not.toContain(
      'stop-recording',
    );
    expect(play(recorded, [resync(channelsOf(recorded))], 1000).conference.recording).not.toBeNull();
    expect(play(recorded, [resync(channelsOf(recorded))], 2000).conference.recording?.name).toBe('r-2');
  });

  it('the music for all goes on with the floor', () => {
    const musical = { ...two, settings: conference({ sound: { music: 'jazz' } }).settings, musicOn: true };
    const { effects } = play(musical, [resync(channelsOf(musical), { floorOpen: false })]);
    expect(effects).toContainEqual({ type: 'floor-music', musicClass: 'jazz' });
  });

  it('the floor is opened again if it is gone, and members are put back', () => {
    const channels = channelsOf(two).map((channel) => ({ ...channel, bridge: 'other' as const }));
    const { effects } = play(two, [resync(channels, { floorOpen: false })]);
    expect(typesOf(effects)).toContain('open-floor');
    expect(effectsOf(effects, 'configure-channel')).toHaveLength(2);
  });
});

it('who is still away in the dialplan is left alone, and who came back from the dialplan while the controller was away is on the floor again', () => {
  const away = play(conference(), [
    ...comes('a', { speaker: true }),
    commands({ type: 'execute', memberId: 1, application: 'Echo', data: '' }),
  ]).conference;
  const [channel] = channelsOf(away);
  if (!channel) throw new Error('no channel');
  const still = play(conference(), [resync([channel])]);
  expect(memberAt(still.conference, 'a').place).toEqual({ at: 'away' });
  expect(typesOf(still.effects)).not.toContain('configure-channel');
  const { conference: state, effects } = play(conference(), [resync([{ ...channel, here: true }])]);
  expect(memberAt(state, 'a').place).toEqual({ at: 'floor' });
  expect(effectsOf(effects, 'configure-channel')).toMatchObject([{ to: { bridge: 'floor', voice: true } }]);
});
