import { describe, expect, it } from 'vitest';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import { nextDeadlineMs } from '../../../../src/conference/model/deadlines.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  CALLER,
  comes,
  commands,
  conference,
  dials,
  effectsOf,
  heard,
  joins,
  leaves,
  memberAt,
  moves,
  play,
  presses,
  SILENT,
  told,
  wake,
} from '../conferences.ts';

/** A conference whose PINs are asked for aloud; everything else is silent. */
function guarded(access: object, keys: object = { '#': 'hangup', '*': 'admin' }) {
  const { 'enter-pin': _, 'bad-pin': __, 'pin-failed': ___, 'pin-wait': ____, ...prompts } = SILENT;
  return conference({ access, sound: { music: 'none', prompts } }, keys);
}

const BOTH = { userPin: '1234', adminPin: '567890' };
const ASKED = { type: 'heard', channelId: 'a', nextStep: 'dial-pin' } as const;
/** Where a caller is after dialling, and whether as an admin. */
function arrivesAs(access: object, keys: string, flags = {}) {
  const { conference: state } = play(guarded(access), [joins('a', flags), ...dials('a', keys)]);
  const { place, flags: has } = memberAt(state, 'a');
  return `${place.at}${has.admin ? ' as admin' : ''}`;
}

describe('PINs', () => {
  it('are asked for at the door, where the caller hears nothing of the conference', () => {
    const { conference: state, effects } = play(guarded(BOTH), [joins('a')]);
    expect(memberAt(state, 'a').place).toEqual({ at: 'door' });
    expect(effectsOf(effects, 'configure-channel')).toMatchObject([
      { to: { answered: true, bridge: 'none', music: null } },
    ]);
    expect(heard(effects)).toEqual(['conf-getpin']);
  });

  it.each<[string, object, string]>([
    ['nobody is let in without one', {}, ''],
    ['the PIN of moderators is asked for', { adminPin: '567890' }, '567890'],
    ['the PIN of users makes nobody a moderator', BOTH, '1234#'],
    ['that of users is not asked for where moderators have none', { userPin: '1234' }, '1234#'],
  ])('are needed where the dialplan says so (-auth) of moderators: %s', (_, access, dialled) => {
    const is = {
      '': 'leaving as admin',
      '567890': 'arriving as admin',
      '1234#': 'adminPin' in access ? 'arriving' : 'leaving as admin',
    };
    expect(arrivesAs(access, dialled, { admin: true, auth: false })).toBe(is[dialled as keyof typeof is]);
  });

  it('are needed where the dialplan says so (-auth) of everybody, and the log says that there is none', () => {
    expect(arrivesAs({ userPin: '1234' }, '1234#', { auth: false })).toBe('arriving');
    expect(arrivesAs({ adminPin: '567890' }, '', { auth: false })).toBe('door');
    expect(arrivesAs({ adminPin: '567890' }, '567890', { auth: false })).toBe('arriving as admin');
    const { conference: state, effects } = play(guarded({}), [joins('a', { auth: false })]);
    expect(memberAt(state, 'a').place).toMatchObject({ at: 'leaving', result: 'PIN' });
    expect(told(effects)).toContainEqual({ type: 'pin-missing', caller: CALLER, admin: false });
    expect(arrivesAs({}, '')).toBe('arriving');
    expect(arrivesAs({}, '', { admin: true })).toBe('arriving as admin');
  });

  it('that are needed are not spared by a profile that loses them, nor by a new start of the controller', () => {
    const asked = play(guarded({ adminPin: '567890' }), [joins('a', { admin: true, auth: false })]).conference;
    const none = { type: 'settings', settings: guarded({}).settings } as const;
    expect(memberAt(play(asked, [none]).conference, 'a').place).toMatchObject({ at: 'leaving', result: 'PIN' });
    const users = { type: 'settings', settings: guarded({ userPin: '1' }).settings } as const;
    expect(memberAt(play(asked, [users]).conference, 'a').place).toMatchObject({ at: 'leaving', result: 'PIN' });
    const unneeded = play(guarded({ adminPin: '567890' }), [joins('a', { admin: true })]).conference;
    expect(memberAt(play(unneeded, [none]).conference, 'a').flags.admin).toBe(true);
  });

  it('decide the role: the one that is dialled counts', () => {
    expect(arrivesAs(BOTH, '1234#')).toBe('arriving');
    expect(arrivesAs(BOTH, '567890')).toBe('arriving as admin');
    expect(arrivesAs(BOTH, '1234#', { admin: true })).toBe('arriving');
  });

  it('are complete at the length of the longest, or with #', () => {
    expect(arrivesAs(BOTH, '1234')).toBe('door');
    expect(arrivesAs({ userPin: '1234' }, '1234')).toBe('arriving');
    expect(arrivesAs({ userPin: '12', adminPin: '1234' }, '12#')).toBe('arriving');
    expect(arrivesAs({ userPin: '12', adminPin: '1234' }, '1234')).toBe('arriving as admin');
  });

  it('are each optional', () => {
    expect(arrivesAs({ userPin: '12' }, '12')).toBe('arriving');
    expect(arrivesAs({ userPin: '12' }, '12', { admin: true })).toBe('arriving as admin');
    expect(arrivesAs({ adminPin: '12' }, '')).toBe('arriving');
    expect(arrivesAs({ adminPin: '12' }, '', { admin: true })).toBe('door as admin');
    expect(arrivesAs({ adminPin: '12' }, '12', { admin: true })).toBe('arriving as admin');
    expect(arrivesAs({}, '', { admin: true })).toBe('arriving as admin');
  });

  it('are not asked for with +auth, nor of members who come from another conference', () => {
    expect(arrivesAs(BOTH, '', { auth: true })).toBe('arriving');
    expect(arrivesAs(BOTH, '', { auth: true, admin: true })).toBe('arriving as admin');
    const { conference: state } = play(guarded(BOTH), [moves('a')]);
    expect(memberAt(state, 'a').place.at).toBe('arriving');
  });

  it('give an admin the further flags of the profile', () => {
    const { conference: state } = play(guarded({ ...BOTH, adminFlags: ['+speaker'] }), [
      joins('a'),
      ...dials('a', '567890'),
    ]);
    expect(memberAt(state, 'a').flags).toMatchObject({ admin: true, speaker: true });
  });

  it('may be tried three times; then the caller is told and goes', () => {
    const start = guarded(BOTH);
    const once = play(start, [joins('a'), ...dials('a', '999#')]);
    expect(heard(once.effects)).toEqual(['conf-invalidpin', 'conf-getpin']);
    const failed = play(once.conference, [...dials('a', '999#'), ...dials('a', '999#')]);
    expect(heard(failed.effects)).toEqual(['confbridge-pin-bad']);
    expect(told(failed.effects)).toContainEqual(expect.objectContaining({ type: 'turned-away', result: 'PIN' }));
    const { effects, conference: state } = play(failed.conference, [
      { type: 'heard', channelId: 'a', nextStep: 'release' },
    ]);
    expect(effects).toEqual([{ type: 'release', channelId: 'a', result: 'PIN' }]);
    expect(told(play(state, [leaves('a')]).effects)).toEqual([]);
  });

  it('are over when nobody dials: silence is a try, but not a guess', () => {
    let state: Conference = play(guarded({ ...BOTH, timeoutSeconds: 10 }), [joins('a')], 0).conference;
    for (const atMs of [15_000, 30_000]) {
      // The prompt takes 5 s, which do not count.
      state = play(state, [ASKED], atMs - 10_000).conference;
      expect(nextDeadlineMs(state)).toBe(atMs);
      expect(memberAt(wake(state, atMs - 1).conference, 'a').pinEntry).toEqual(memberAt(state, 'a').pinEntry);
      state = wake(state, atMs).conference;
    }
    expect(memberAt(state, 'a').place.at).toBe('door');
    // Should Asterisk never say that the prompt is over.
    const over = wake(state, 30_000 + 40_000);
    state = over.conference;
    expect(effectsOf(over.effects, 'check-pin')).toEqual([]);
    expect(memberAt(state, 'a').place).toMatchObject({ at: 'leaving', result: 'PIN' });
  });

  it('that are dialled in part when the time is over count as dialled', () => {
    const { conference: state } = play(guarded(BOTH), [joins('a'), ...dials('a', '1234')], 0);
    expect(memberAt(wake(state, 10_000).conference, 'a').place.at).toBe('arriving');
  });

  it('have as much time as the profile says from each key on, and a wake after an earlier one is asked for again', () => {
    const asked = play(guarded(BOTH), [joins('a')], 0);
    const dialling = play(asked.conference, [presses('a', '1')], 4000);
    const { conference: state, effects } = wake(dialling.conference, 10_000);
    expect(memberAt(state, 'a').pinEntry?.digits).toBe('1');
    expect(effects).toEqual([{ type: 'wake', atMs: 14_000 }]);
  });

  it('of 40 digits are three wrong ones, and the rest counts for nothing', () => {
    const { conference: state, effects } = play(guarded({ userPin: '1234' }), [
      joins('a'),
      ...dials('a', '9'.repeat(40)),
    ]);
    expect(memberAt(state, 'a').place).toMatchObject({ at: 'leaving', result: 'PIN' });
    expect(effects).toEqual([]);
  });

  it('ignore keys that are no digits, and stop the prompt at the first one', () => {
    const { conference: state } = play(guarded({ userPin: '12' }), [joins('a'), ...dials('a', '*1A')]);
    expect(memberAt(state, 'a').pinEntry?.digits).toBe('1');
    const hushes = play(guarded({ userPin: '123' }), [joins('a'), presses('a', '1')]).effects;
    expect(hushes).toContainEqual({ type: 'hush', channelId: 'a' });
  });

  it('are called wrong to the end: # that was not needed does not cut it short', () => {
    const wrong = play(guarded({ userPin: '12' }), [joins('a'), ...dials('a', '99')]);
    expect(heard(wrong.effects)).not.toEqual([]);
    expect(play(wrong.conference, [presses('a', '#')]).effects).toEqual([]);
  });

  it('may be followed by # that was not needed, which does nothing else', () => {
    const { conference: state } = play(guarded({ userPin: '12' }), [joins('a'), ...dials('a', '12#')]);
    expect(memberAt(state, 'a').place.at).toBe('arriving');
  });

  it('find the conference locked or ending nevertheless', () => {
    const busy = play(guarded({ userPin: '12' }), [...comes('x', { auth: true }), joins('a')]).conference;
    const locked = play(busy, [commands({ type: 'lock', locked: true }), ...dials('a', '12')]).conference;
    expect(memberAt(locked, 'a').place).toMatchObject({ at: 'leaving', result: 'LOCKED' });
    const ending = play(busy, [commands({ type: 'terminate' }), ...dials('a', '12')]).conference;
    expect(memberAt(ending, 'a').place).toMatchObject({ at: 'leaving', result: 'ENDED' });
  });

  it('keep a caller who has not dialled one out of reach of commands, except to be sent away', () => {
    const { conference: state } = play(guarded(BOTH), [joins('a')]);
    const speaks = commands({ type: 'set-flags', memberId: 1, changes: { speaker: true } });
    expect(play(state, [speaks]).conference).toEqual(state);
    const kicked = play(state, [commands({ type: 'kick', memberId: 1 })]).conference;
    expect(memberAt(kicked, 'a').place).toMatchObject({ at: 'leaving', result: 'KICKED' });
  });
});

describe('a PIN that is not judged at once, because there were many wrong ones', () => {
  const held = { type: 'pin-held', channelId: 'a', delayMs: 7000 } as const;
  const due = { type: 'pin-due', channelId: 'a' } as const;
  /** All digits are there. */
  function dialled(digits: string) {
    const { conference: state } = play(guarded({ userPin: '12', tries: 9 }), [
      joins('a'),
      presses('a', digits[0] ?? ''),
    ]);
    return reduce(state, presses('a', digits[1] ?? ''), 1000);
  }

  it('is right or wrong only then: until then, all callers hear the same', () => {
    const [right, wrong] = [dialled('12'), dialled('99')];
    const checks = effectsOf(right.effects, 'check-pin');
    expect(checks).toMatchObject([{ channelId: 'a', caller: { number: '100' }, members: 0 }]);
    expect(right.effects).toEqual(wrong.effects);
    const waiting = [right, wrong].map(({ conference: state }) => play(state, [held]).effects);
    expect(waiting[0]).toEqual(waiting[1]);
    expect(memberAt(play(right.conference, [due]).conference, 'a').place.at).toBe('arriving');
    expect(heard(play(wrong.conference, [due]).effects)).toEqual(['conf-invalidpin', 'conf-getpin']);
  });

  it('tells its caller why, and the operator', () => {
    const { effects } = play(dialled('99').conference, [held]);
    expect(heard(effects)).toEqual(['There were many wrong PINs. Please wait.']);
    expect(told(effects)).toEqual([{ type: 'pin-guessing', caller: expect.anything(), delayMs: 7000 }]);
  });

  it('takes no further digits', () => {
    const { conference: state } = dialled('99');
    expect(play(state, dials('a', '#12')).conference).toEqual(state);
  });

  it('is told to have been right or wrong', () => {
    const outcome = (digits: string) => effectsOf(play(dialled(digits).conference, [due]).effects, 'pin-judged');
    expect(outcome('12')).toEqual([{ type: 'pin-judged', channelId: 'a', right: true }]);
    expect(outcome('99')).toEqual([{ type: 'pin-judged', channelId: 'a', right: false }]);
  });

  it('counts as not dialled after ten minutes', () => {
    const { conference: state } = dialled('12');
    expect(nextDeadlineMs(state)).toBe(601_000);
    const { conference: later, effects } = wake(state, 601_000);
    expect(heard(effects)).toEqual(['conf-invalidpin', 'conf-getpin']);
    expect(play(later, [held, due]).effects).toEqual([]);
  });
});

describe('a PIN that is taken away while a caller is asked for it', () => {
  const without = (access: object) => ({ type: 'settings', settings: guarded(access).settings }) as const;

  it('is not needed any more', () => {
    const asked = play(guarded(BOTH), [joins('a'), joins('b', { admin: true })]).conference;
    const { conference: state } = play(asked, [without({ adminPin: '12' })]);
    expect([memberAt(state, 'a'), memberAt(state, 'b')].map(({ place }) => place.at)).toEqual(['arriving', 'door']);
  });

  it('makes nobody an admin who is inside', () => {
    const asked = play(guarded({ adminPin: '12' }), [...comes('a'), presses('a', '*')]).conference;
    const { conference: state } = play(asked, [without({})]);
    expect(memberAt(state, 'a')).toMatchObject({ pinEntry: null, flags: { admin: false }, place: { at: 'floor' } });
  });
});

describe('becoming an admin during the call', () => {
  const inside = play(guarded({ adminPin: '12', tries: 2 }), comes('a'), 0).conference;

  it('takes the PIN of admins', () => {
    const { conference: state } = play(inside, dials('a', '*12'), 0);
    expect(memberAt(state, 'a')).toMatchObject({ flags: { admin: true }, place: { at: 'floor' }, pinEntry: null });
  });

  it('may be tried as often as the profile says; then keys are keys again', () => {
    const failed = play(inside, dials('a', '*9999'), 0);
    expect(heard(failed.effects)).toEqual(['confbridge-pin-bad']);
    expect(memberAt(failed.conference, 'a')).toMatchObject({ place: { at: 'floor' }, pinEntry: null });
    expect(effectsOf(failed.effects, 'pin-judged')).toMatchObject([{ right: false }]);
  });

  it('does not take the PIN of users, and what it gives does not overfill the floor', () => {
    const start = guarded({ ...BOTH, adminFlags: ['+speaker'] }, { '*': 'admin' });
    const full = { ...start.settings.profile, limits: { ...start.settings.profile.limits, speakers: 1 } };
    const { conference: state } = play({ ...start, settings: { ...start.settings, profile: full } }, [
      ...comes('x', { speaker: true, auth: true }),
      ...comes('a', { auth: true }),
    ]);
    expect(memberAt(play(state, dials('a', '*1234#')).conference, 'a').flags.admin).toBe(false);
    expect(memberAt(play(state, dials('a', '*567890')).conference, 'a').flags).toMatchObject({
      admin: true,
      speaker: false,
    });
  });

  it('is refused where the profile has no such PIN, and needless for who is one', () => {
    const ask = commands({ type: 'ask-admin-pin', memberId: 1 });
    const none = play(conference(), comes('a')).conference;
    expect(memberAt(play(none, [ask]).conference, 'a').pinEntry).toBeNull();
    const admin = play(guarded({ adminPin: '12' }), comes('a', { admin: true, auth: true })).conference;
    expect(play(admin, [ask]).effects).toEqual([]);
  });
});
