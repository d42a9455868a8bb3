import { describe, expect, it } from 'vitest';
import type { FlagChanges } from '../../../../src/conference/model/flags.ts';
import type { ChannelSeen, Input } from '../../../../src/conference/model/inputs.ts';
import { savedConferenceOf } from '../../../../src/conference/model/saved-conference.ts';
import {
  ALOUD,
  AT_RELAY,
  CALLER,
  comes,
  commands,
  conference,
  effectsOf,
  enters,
  heard,
  heardBy,
  joins,
  leaves,
  memberAt,
  NOBODY_ELSEWHERE,
  play,
  told,
  wake,
} from '../conferences.ts';

const loud = ({ settings }: ReturnType<typeof conference>) => ({
  ...settings,
  profile: { ...settings.profile, sound: conference(ALOUD).settings.profile.sound },
});
/** A call of which nothing was saved. */
const seen = (channelId: string, flags: FlagChanges): ChannelSeen => ({
  channelId,
  caller: CALLER,
  flags,
  bridge: 'other',
  path: AT_RELAY,
  here: true,
  saved: null,
});
const endAnnounced: Input = { type: 'end-announced' };
const over = (channelId: string): Input => ({ type: 'heard', channelId, nextStep: 'release' });

describe('the time of a member', () => {
  const limits = { callMinutes: 2, warningSeconds: 30 };
  const start = play(conference({ limits }), comes('a'), 0);
  const state = { ...start.conference, settings: loud(start.conference) };

  it('ends with a warning before, once', () => {
    expect(play(conference({ limits }), [joins('a')], 0).effects).toContainEqual({ type: 'wake', atMs: 90_000 });
    expect(wake(state, 89_999).effects).toEqual([{ type: 'wake', atMs: 90_000 }]);
    const warned = wake(state, 90_000);
    expect(heardBy('a', warned.effects)).toEqual(['Your time is almost up.']);
    expect(warned.effects).toContainEqual({ type: 'wake', atMs: 120_000 });
    expect(heard(wake(warned.conference, 100_000).effects)).toEqual([]);
    const ended = wake(warned.conference, 120_000);
    expect(heardBy('a', ended.effects)).toEqual(['Your time is up.']);
    expect(memberAt(ended.conference, 'a').place).toMatchObject({ at: 'leaving', result: 'TIME' });
  });

  it('is not limited for admins', () => {
    const { conference: admins } = play(conference({ limits }), comes('a', { admin: true }), 0);
    expect(wake(admins, 1e9).effects).toEqual([]);
  });

  it('ends without a warning where the profile has none', () => {
    const { conference: unwarned } = play(conference({ limits: { callMinutes: 1, warningSeconds: 0 } }), comes('a'), 0);
    expect(wake(unwarned, 59_999).conference.members.get('a')?.place.at).toBe('floor');
    expect(memberAt(wake(unwarned, 60_000).conference, 'a').place.at).toBe('leaving');
  });
});

describe('the time of a conference', () => {
  it('ends with a warning to everybody before', () => {
    const { conference: state } = play(
      conference({ limits: { conferenceMinutes: 2, warningSeconds: 30 } }),
      comes('a'),
      0,
    );
    const warned = wake({ ...state, settings: loud(state) }, 90_000);
    expect(heard(effectsOf(warned.effects, 'announce'))).toEqual(['Your time is almost up.']);
    expect(heard(wake(warned.conference, 91_000).effects)).toEqual([]);
    const ending = wake(warned.conference, 120_000);
    expect(ending.conference).toMatchObject({ status: 'ending', result: 'TIME' });
    const { conference: ended } = play(ending.conference, [endAnnounced]);
    expect(memberAt(ended, 'a').place).toMatchObject({ at: 'leaving', result: 'TIME' });
  });
});

describe('the end of a conference', () => {
  const start = play(conference(), [...comes('a'), ...comes('b')], 0).conference;
  const ending = play({ ...start, settings: loud(start) }, [commands({ type: 'terminate' })], 0);

  it('is announced, then all are released', () => {
    expect(effectsOf(ending.effects, 'announce')).toMatchObject([{ nextStep: 'end' }]);
    expect(heard(ending.effects)).toEqual(['confbridge-conf-end']);
    const released = play(ending.conference, [endAnnounced]);
    expect(released.effects.filter((effect) => effect.type === 'play-to')).toMatchObject([
      { channelId: 'a', nextStep: 'release' },
      { channelId: 'b', nextStep: 'release' },
    ]);
    const { effects } = play(released.conference, [over('a')]);
    expect(effects).toEqual([{ type: 'release', channelId: 'a', result: 'ENDED' }]);
  });

  it('comes after 10 s even if nobody says that the announcement is over', () => {
    expect(ending.effects).toContainEqual({ type: 'wake', atMs: 10_000 });
    expect(memberAt(wake(ending.conference, 9999).conference, 'a').place.at).toBe('floor');
    expect(memberAt(wake(ending.conference, 10_000).conference, 'a').place.at).toBe('leaving');
  });

  it('is not put off by a second command, nor by who comes meanwhile and is turned away', () => {
    expect(play(ending.conference, [commands({ type: 'terminate' })], 5000).effects).toEqual([]);
    const late = play(ending.conference, [joins('c')]);
    expect(told(late.effects)).toMatchObject([{ type: 'turned-away', result: 'ENDED' }]);
    const { conference: state } = play(late.conference, [endAnnounced]);
    expect([...state.members.values()].map(({ place }) => place.at)).toEqual(['leaving', 'leaving', 'leaving']);
  });

  it('is there when the last one is gone, so that who calls again finds a new conference', () => {
    const { conference: state, effects } = play(ending.conference, [endAnnounced, leaves('a'), leaves('b')], 3000);
    expect(effects).toContainEqual({ type: 'wake', atMs: 3000 });
    expect(wake(state, 3000).conference.status).toBe('ended');
  });
});

describe('a conference that ends without an admin', () => {
  const access = { endWithoutAdmin: true, adminGraceSeconds: 5 };
  const admin = { admin: true };
  const start = play(conference({ access }), [...comes('a', admin), ...comes('b', admin), ...comes('c')], 0).conference;
  const alone = play({ ...start, settings: loud(start) }, [leaves('a'), leaves('b')], 1000);

  it('ends when the last of them has been gone for the grace time', () => {
    expect(play(start, [leaves('a')], 1000).conference.missingSinceMs).toBeNull();
    expect(alone.effects).toContainEqual({ type: 'wake', atMs: 6000 });
    expect(wake(alone.conference, 5999).conference.status).toBe('running');
    const ending = wake(alone.conference, 6000);
    expect(ending.conference).toMatchObject({ status: 'ending', result: 'ENDED' });
    expect(heard(effectsOf(ending.effects, 'announce'))).toEqual(['conf-leaderhasleft']);
  });

  it('does not name the moderators when it ends for another reason meanwhile', () => {
    const ended = play(alone.conference, [commands({ type: 'terminate' })], 2000);
    expect(heard(effectsOf(ended.effects, 'announce'))).toEqual(['confbridge-conf-end']);
  });

  it('releases members even if nobody says that the announcement is over', () => {
    const ending = wake(alone.conference, 6000);
    expect(ending.effects).toContainEqual({ type: 'wake', atMs: 16_000 });
    expect(memberAt(wake(ending.conference, 16_000).conference, 'c').place.at).toBe('leaving');
  });

  it('goes on when one comes back in time, or somebody becomes one', () => {
    const back = play(alone.conference, [joins('d', admin)], 5000).conference;
    expect(wake(back, 6000).conference.status).toBe('running');
    const made = play(
      alone.conference,
      [commands({ type: 'set-flags', memberId: 3, changes: admin })],
      5000,
    ).conference;
    expect(wake(made, 6000).conference.status).toBe('running');
  });

  it('also ends when the last one is one no more, but not before there was any', () => {
    const demoted = play(
      start,
      [leaves('a'), commands({ type: 'set-flags', memberId: 2, changes: { admin: false } })],
      0,
    );
    expect(wake(demoted.conference, 5000).conference.status).toBe('ending');
    const never = play(conference({ access }), comes('a'), 0).conference;
    expect(wake(never, 1e9).conference.status).toBe('running');
  });

  it('ends as any other when nobody is left, though its grace time is shorter', () => {
    const { conference: state } = play(conference({ access, idleSeconds: 30 }), [...comes('a', admin), leaves('a')], 0);
    const woken = wake(state, 5000);
    expect(woken.effects).toEqual([{ type: 'wake', atMs: 30_000 }]);
    expect(wake(woken.conference, 30_000).conference.status).toBe('ended');
  });

  it('goes on without one where the profile does not end it', () => {
    const { conference: state } = play(conference(), [...comes('a', admin), ...comes('b'), leaves('a')], 0);
    expect(wake(state, 1e9).conference.status).toBe('running');
  });
});

describe('a conference that ends when any admin leaves', () => {
  const access = { endWhenAdminLeaves: true, adminGraceSeconds: 5 };
  const admin = { admin: true };
  const calls = (channelId: string, number: string): Input[] => [
    { ...joins(channelId, admin), caller: { number, name: '' } } as Input,
    enters(channelId),
  ];
  const start = play(conference({ access }), [...calls('a', '101'), ...calls('b', '102'), ...comes('c')], 0).conference;
  const one = play({ ...start, settings: loud(start) }, [leaves('a')], 1000);

  it('ends although another one is there, after the grace time', () => {
    expect(one.effects).toContainEqual({ type: 'wake', atMs: 6000 });
    expect(wake(one.conference, 5999).conference.status).toBe('running');
    const ending = wake(one.conference, 6000);
    expect(ending.conference).toMatchObject({ status: 'ending', result: 'ENDED' });
    expect(heard(effectsOf(ending.effects, 'announce'))).toEqual(['conf-leaderhasleft']);
  });

  it('gives those who leave later the whole grace time as well', () => {
    const both = play(one.conference, [leaves('b')], 5900);
    expect(both.effects).toContainEqual({ type: 'wake', atMs: 10_900 });
    expect(wake(both.conference, 10_899).conference.status).toBe('running');
    expect(wake(both.conference, 10_900).conference.status).toBe('ending');
    // One who is back puts nothing off.
    const back = play(both.conference, calls('d', '103'), 7000).conference;
    expect(wake(back, 10_900).conference.status).toBe('ending');
  });

  it('goes on when as many are there again in time, and when others leave', () => {
    const back = play(one.conference, calls('d', '103'), 5000).conference;
    expect(wake(back, 1e9).conference.status).toBe('running');
    expect(wake(play(start, [leaves('c')], 1000).conference, 1e9).conference.status).toBe('running');
  });

  it('goes on when one who has redialled loses the former call', () => {
    const twice = play(start, calls('d', '101'), 1000).conference;
    expect(twice).toMatchObject({ mostAdmins: 2, doubledAdmins: 1 });
    const once = play(twice, [leaves('a')], 60_000).conference;
    expect(wake(once, 1e9).conference.status).toBe('running');
    const gone = play(once, [leaves('d')], 61_000).conference;
    expect(wake(gone, 66_000).conference.status).toBe('ending');
    // On another node: there are two calls of one number, then one.
    const remote = { ...NOBODY_ELSEWHERE, admitted: 2, admins: 2, doubledAdmins: 1 };
    const shared = play(start, [{ type: 'remote', remote }], 1000).conference;
    const left = { ...remote, admitted: 1, admins: 1, doubledAdmins: 0 };
    expect(play(shared, [{ type: 'remote', remote: left }], 2000).conference.missingSinceMs).toBeNull();
  });

  it('waits after a restart for as many as are found, since other nodes may have more', () => {
    const { conference: fresh } = play(conference({ access }), comes('a', admin), 0);
    expect(fresh.mostAdmins).toBe(1);
    const saved = { ...savedConferenceOf(start), mostAdmins: 3 };
    const channels = [seen('a', admin), { ...seen('b', admin), caller: { number: '102', name: '' } }];
    const resync: Input = {
      type: 'resync',
      floorOpen: true,
      channels,
      disowned: [],
      saved,
      recordings: [],
      playbacks: [],
    };
    const found = play(conference({ access }), [resync], 2000).conference;
    expect(found).toMatchObject({ mostAdmins: 2, missingSinceMs: null });
    // One was missing before.
    const missing = { ...resync, saved: { ...saved, missingSinceMs: 1000 } };
    expect(wake(play(conference({ access }), [missing], 2000).conference, 6000).conference.status).toBe('ending');
    // The connection to Asterisk was lost, and the controller goes on.
    const kept = play(one.conference, [{ ...resync, channels: [seen('b', admin)], saved: null }], 2000).conference;
    expect(wake(kept, 6000).conference.status).toBe('ending');
  });
});

describe('a conference with mandatory members', () => {
  const access = { adminGraceSeconds: 5 };
  const mandatory = { mandatory: true };
  const members = [...comes('a', mandatory), ...comes('b', mandatory), ...comes('c')];
  const start = play(conference({ access }), members, 0).conference;

  it('ends when the last of them has been gone for the grace time', () => {
    expect(wake(play(start, [leaves('a')], 1000).conference, 1e9).conference.status).toBe('running');
    const gone = play(start, [leaves('a'), leaves('b')], 1000).conference;
    expect(wake(gone, 5999).conference.status).toBe('running');
    expect(wake(gone, 6000).conference).toMatchObject({ status: 'ending', result: 'ENDED' });
  });

  it('goes on when one comes back in time', () => {
    const gone = play(start, [leaves('a'), leaves('b')], 1000).conference;
    expect(wake(play(gone, [joins('d', mandatory)], 5000).conference, 1e9).conference.status).toBe('running');
  });

  it('goes on when the last of them is there still, and is not mandatory any more', () => {
    const unneeded = (memberId: number) => commands({ type: 'set-flags', memberId, changes: { mandatory: false } });
    const none = play(start, [leaves('a'), unneeded(2)], 1000).conference;
    expect(none).toMatchObject({ mandatorySeen: false, missingSinceMs: null });
    expect(wake(play(none, [leaves('b')], 2000).conference, 1e9).conference.status).toBe('running');
    // The other one is needed still.
    const one = play(start, [unneeded(1), leaves('b')], 1000).conference;
    expect(wake(one, 6000).conference.status).toBe('ending');
    // One of another node.
    const remote = { ...NOBODY_ELSEWHERE, admitted: 2, mandatory: 1 };
    const shared = play(start, [{ type: 'remote', remote }, leaves('a'), leaves('b')], 1000).conference;
    const freed = play(shared, [{ type: 'remote', remote: { ...remote, mandatory: 0 } }], 2000).conference;
    expect(freed).toMatchObject({ mandatorySeen: false, missingSinceMs: null });
  });

  it('goes on while another node has one', () => {
    const remote = { ...NOBODY_ELSEWHERE, admitted: 1, mandatory: 1 };
    const shared = play(start, [{ type: 'remote', remote }, leaves('a'), leaves('b')], 1000).conference;
    expect(wake(shared, 1e9).conference.status).toBe('running');
    const alone = play(shared, [{ type: 'remote', remote: NOBODY_ELSEWHERE }], 2000).conference;
    expect(wake(alone, 7000).conference.status).toBe('ending');
  });

  it('that is to end forgets it when its profile no longer ends it without moderators, and they are all that miss', () => {
    const admins = play(
      conference({ access: { ...access, endWithoutAdmin: true } }),
      [...comes('a', { admin: true }), ...comes('c')],
      0,
    );
    const gone = play(admins.conference, [leaves('a')], 1000).conference;
    const { settings } = conference({ access });
    expect(wake(play(gone, [{ type: 'settings', settings }], 2000).conference, 1e9).conference.status).toBe('running');
  });
});

describe('a conference that closes', () => {
  const closing = (atMs: number): Input => ({ type: 'closing', atMs });
  const start = play(conference({ limits: { warningSeconds: 30, conferenceMinutes: 10 } }), comes('a'), 0).conference;
  const state = { ...start, settings: loud(start) };

  it('warns its members, and ends by the clock, like one whose time is limited', () => {
    const told = play(state, [closing(120_000)], 1000);
    expect(told.effects).toContainEqual({ type: 'wake', atMs: 90_000 });
    const warned = wake(told.conference, 90_000);
    expect(heard(warned.effects)).toEqual(['Your time is almost up.']);
    expect(wake(warned.conference, 119_999).conference.status).toBe('running');
    expect(wake(warned.conference, 120_000).conference).toMatchObject({ status: 'ending', result: 'TIME' });
  });

  it('ends at its time limit where that comes first', () => {
    const { conference: told } = play(state, [closing(1_200_000)], 1000);
    expect(wake(wake(told, 570_000).conference, 600_000).conference).toMatchObject({
      status: 'ending',
      result: 'TIME',
    });
  });

  it('lasts longer where it closes later after all, and warns again', () => {
    const warned = wake(play(state, [closing(120_000)], 1000).conference, 90_000).conference;
    const longer = play(warned, [closing(300_000)], 100_000);
    expect(longer.conference.warned).toBe(false);
    expect(wake(longer.conference, 120_000).conference.status).toBe('running');
    expect(heard(wake(longer.conference, 270_000).effects)).toEqual(['Your time is almost up.']);
    const slightly = play(warned, [closing(121_000)], 100_000);
    expect(slightly.conference.warned).toBe(true);
  });

  it('is over at that time though nobody is there, as when its time is limited', () => {
    for (const { changes, endMs } of [
      { changes: { idleSeconds: 86_400 }, endMs: 120_000 },
      { changes: { idleSeconds: 86_400, limits: { conferenceMinutes: 1 } }, endMs: 60_000 },
      { changes: { idleSeconds: 30 }, endMs: 31_000 },
    ]) {
      const begun = play(conference(changes), [...comes('a'), closing(120_000)], 0).conference;
      const empty = play(begun, [leaves('a')], 1000);
      expect(empty.effects).toContainEqual({ type: 'wake', atMs: endMs });
      expect(wake(empty.conference, endMs - 1).conference.status).toBe('empty');
      expect(wake(empty.conference, endMs).conference.status).toBe('ended');
    }
  });

  it('ends at once where it is closed by now', () => {
    const { conference: told } = play(state, [closing(1000)], 1000);
    expect(wake(told, 1000).conference).toMatchObject({ status: 'ending', result: 'TIME' });
  });

  it('is open for ever where it does not close any more', () => {
    const open = play(play(state, [closing(120_000)], 0).conference, [closing(Number.POSITIVE_INFINITY)], 1000);
    expect(wake(open.conference, 200_000).conference.status).toBe('running');
  });
});
