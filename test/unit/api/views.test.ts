import { describe, expect, it } from 'vitest';
import { conferenceSchema, conferenceSummarySchema, memberSchema } from '../../../src/api/schemas.ts';
import { summarize, viewConference, viewMember } from '../../../src/api/views.ts';
import { conferenceText } from '../../../src/cli/text/conference-text.ts';
import { memberTable } from '../../../src/cli/text/member-text.ts';
import type { Conference } from '../../../src/conference/model/conference.ts';
import { PLAIN_FLAGS } from '../../../src/conference/model/flags.ts';
import type { Path, Place } from '../../../src/conference/model/member.ts';
import { conference, member, partOf } from './conferences.ts';

describe('the view of a member', () => {
  it.each<[Place, string]>([
    [{ at: 'door' }, 'joining'],
    [{ at: 'naming' }, 'joining'],
    [{ at: 'greeting' }, 'joining'],
    [{ at: 'waiting' }, 'joining'],
    [{ at: 'arriving' }, 'joining'],
    [{ at: 'floor' }, 'present'],
    [{ at: 'hold' }, 'present'],
    [{ at: 'private', room: 1 }, 'present'],
    [{ at: 'away' }, 'present'],
    [{ at: 'leaving', result: 'KICKED' }, 'leaving'],
  ])('says where the member is, in full and in short: %j', (place, presence) => {
    const view = viewMember(partOf(conference()), member(1, { place }));
    expect(memberSchema.parse(view)).toEqual(view);
    expect(view).toMatchObject({ place: place.at, presence });
  });

  it('shows the sound settings in force: own ones, else those of the profile', () => {
    const audio = { talkVolume: 1, listenVolume: -1, vadLevel: 400, agcLevel: 500 };
    const there = conference([], { audio });
    expect(viewMember(partOf(there), member(1))).toMatchObject(audio);
    const adjusted = { talkVolume: -4, vadLevel: 0 };
    expect(viewMember(partOf(there), member(1, { adjusted }))).toMatchObject({
      ...audio,
      ...adjusted,
    });
  });

  it('says how loud the member is where that is measured', () => {
    expect(
      viewMember(
        partOf(conference(), () => -21.4),
        member(1),
      ).levelDbov,
    ).toBe(-21.4);
    expect(viewMember(partOf(conference()), member(1)).levelDbov).toBeNull();
  });

  it('says how a listener hears, and why not from the relay, if that is known here', () => {
    const pathOf = (own: boolean, path: Path) => {
      const view = viewMember({ ...partOf(conference()), own }, member(1, { path }));
      expect(memberSchema.parse(view)).toEqual(view);
      return [view.path, view.pathReason];
    };
    const bridge: Path = { at: 'bridge', reason: 'not a SIP call' };
    expect(pathOf(true, { at: 'relay' })).toEqual(['relay', null]);
    expect(pathOf(true, bridge)).toEqual(['bridge', 'not a SIP call']);
    expect(pathOf(false, { at: 'relay' })).toEqual([null, null]);
    expect(pathOf(false, bridge)).toEqual([null, null]);
  });

  it('names the other one of a private talk', () => {
    const place: Place = { at: 'private', room: 2 };
    const members = [member(2, { place }), member(3, { place }), member(4, { place: { at: 'private', room: 4 } })];
    const there = conference(members);
    expect(members.map((each) => viewMember(partOf(there), each).privateWith)).toEqual([3, 2, null]);
  });

  it('has role, flags, hand and time', () => {
    const flags = { ...PLAIN_FLAGS, speaker: true, admin: true, agc: false };
    expect(viewMember(partOf(conference()), member(1, { flags, handRaisedAtMs: 5000, talking: true }))).toMatchObject({
      role: 'speaker',
      admin: true,
      mute: false,
      vad: true,
      agc: false,
      talking: true,
      handRaisedAt: '1970-01-01T00:00:05.000Z',
      joinedAt: '1970-01-01T00:00:01.000Z',
    });
  });
});

describe('the view of a conference', () => {
  it('counts those who have been admitted', () => {
    const speaking = { flags: { ...PLAIN_FLAGS, speaker: true }, talking: true };
    const there = conference([
      member(1, speaking),
      member(2, { place: { at: 'waiting' } }),
      member(3, { ...speaking, place: { at: 'door' } }),
      member(4, { ...speaking, place: { at: 'leaving', result: 'HANGUP' } }),
      member(5),
    ]);
    expect(summarize([partOf(there)])).toMatchObject({
      members: 5,
      speakers: 3,
      counts: { members: 3, speakers: 1, waiting: 1, talking: 1 },
    });
  });

  it('lists raised hands in the order of raising', () => {
    const hands = [member(1, { handRaisedAtMs: 9 }), member(2), member(3, { handRaisedAtMs: 8 })];
    expect(viewConference([partOf(conference(hands))]).hands).toEqual([3, 1]);
  });

  it('shows what is played and recorded, and what is set', () => {
    const limited = conference([member(1)], { limits: { conferenceMinutes: 2 } });
    const busy: Conference = {
      ...limited,
      locked: true,
      mutedAll: 'non-admins',
      playback: { id: 'p', media: ['beep'], paused: true, volume: 2 },
      recording: { name: 'r', format: 'wav', startedAtMs: 1000, paused: false, restarts: 0, number: 1, chosen: false },
    };
    const view = viewConference([partOf(busy)]);
    expect(conferenceSchema.parse(view)).toEqual(view);
    expect(view).toMatchObject({
      locked: true,
      mutedAll: 'non-admins',
      playback: { media: ['beep'], paused: true, volume: 2 },
      recording: {
        name: 'r',
        file: 'r.wav',
        directory: '/recordings',
        node: null,
        paused: false,
        startedAt: '1970-01-01T00:00:01.000Z',
      },
      endsAt: '1970-01-01T00:02:00.000Z',
    });
  });

  it('counts no ghost as a member, and lists them', () => {
    const flags = { ...PLAIN_FLAGS, ghost: true, mandatory: true };
    const view = viewConference([partOf(conference([member(1), member(2, { flags })]))]);
    expect(view.counts).toMatchObject({ members: 1, ghosts: 1 });
    expect(view.members).toMatchObject([{ ghost: false }, { ghost: true, mandatory: true }]);
    expect(conferenceText(view, 200)).toContain('1 ghost, not counted as a member');
    expect(memberTable(view.members, 120)).toContain('mandatory ghost');
  });

  it('counts no caller who is asked for a PIN as a member, and lists them', () => {
    const view = viewConference([partOf(conference([member(1), member(2, { place: { at: 'door' } })]))]);
    expect(view.counts).toMatchObject({ members: 1, atDoor: 1 });
    expect(view.members.map(({ place }) => place)).toEqual(['floor', 'door']);
    const text = conferenceText(view, 200);
    expect(text).toContain(': 1 member, 0 speakers');
    expect(text).toContain('1 caller at the PIN, not counted as a member');
  });

  it('has nothing where nothing is played, recorded or limited', () => {
    expect(viewConference([partOf(conference())])).toMatchObject({
      playback: null,
      recording: null,
      endsAt: null,
      hands: [],
    });
  });

  it.each([
    [{ status: 'new' }, 'running'],
    [{ status: 'running' }, 'running'],
    [{ status: 'ending', result: 'ENDED', endsAtMs: 9 }, 'ending'],
    [{ status: 'empty', endsAtMs: 9 }, 'empty'],
    [{ status: 'ended' }, 'ended'],
  ] as const)('tells its status: %j', (state, status) => {
    const view = summarize([partOf({ ...conference(), ...state })]);
    expect(conferenceSummarySchema.parse(view)).toEqual(view);
    expect(view.status).toBe(status);
  });

  it('tells no PIN, neither the ones of the profile nor what a caller is dialling', () => {
    const access = { userPin: '8317', adminPin: '9902' };
    const pinEntry = { digits: '8317', triesLeft: 2, deadlineMs: 9, required: false, complete: false };
    const dtmf = { pending: '9902', deadlineMs: 9 };
    const there = conference([member(1, { place: { at: 'door' }, pinEntry, dtmf })], { access });
    const text = JSON.stringify([viewConference([partOf(there)]), summarize([partOf(there)])]);
    expect(text).not.toMatch(/8317|9902|pin/i);
  });
});
