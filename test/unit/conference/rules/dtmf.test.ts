import { describe, expect, it } from 'vitest';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
  AT_BRIDGE,
  CALLER,
  comes,
  commands,
  conference,
  dials,
  effectsOf,
  heard,
  memberAt,
  play,
  presses,
  SILENT,
  wake,
} from '../conferences.ts';

const fromLobby: Input = {
  type: 'join',
  channelId: 'a',
  caller: CALLER,
  flags: {},
  origin: 'lobby',
  path: AT_BRIDGE,
};
/** The keys of a member who is asked before the door is locked, in a conference with its standard prompts. */
const asking = play(conference(ALOUD, { '*0': 'confirm:lock', '1': 'mute', '*6': 'deaf' }), comes('a')).conference;
const start = play(conference(), comes('a')).conference;

it('keys are sent to the phone of one member, unless it is in the hands of the dialplan', () => {
  const { conference: start } = play(conference(), [...comes('a'), ...comes('b')]);
  const sends = commands({ type: 'send-dtmf', memberId: 2, digits: '123#' });
  expect(play(start, [sends]).effects).toEqual([{ type: 'send-dtmf', channelId: 'b', digits: '123#' }]);
  const away = play(start, [commands({ type: 'execute', memberId: 2, application: 'Echo', data: '' })]).conference;
  expect(reduce(away, sends, 0)).toMatchObject({ refusal: { code: 'not-possible' }, effects: [] });
});

describe('keys', () => {
  const flagsAfter = (keys: string) => memberAt(play(start, dials('a', keys)).conference, 'a').flags;

  it('toggle deaf', () => {
    expect(flagsAfter('*')).toMatchObject({ deaf: true, mute: false });
    expect(flagsAfter('**')).toMatchObject({ deaf: false });
  });

  it('toggle deaf and mute together, whatever each was', () => {
    expect(flagsAfter('0')).toMatchObject({ deaf: true, mute: true });
    expect(flagsAfter('00')).toMatchObject({ deaf: false, mute: false });
    expect(flagsAfter('*0')).toMatchObject({ deaf: true, mute: true });
  });

  it('let the caller leave', () => {
    const { conference: state } = play(start, [presses('a', '#')]);
    expect(memberAt(state, 'a').place).toMatchObject({ at: 'leaving', result: 'HANGUP' });
    expect(play(state, dials('a', '#*0')).effects).toEqual([]);
  });

  it('do nothing where the profile has nothing for them', () => {
    expect(play(start, [presses('a', '5')]).effects).toEqual([]);
  });

  it('execute several actions in the order of the profile, each on what the one before has made', () => {
    const { conference: state } = play(conference({}, { '1': ['mute', 'mute', 'deaf'] }), [
      ...comes('a'),
      presses('a', '1'),
    ]);
    expect(memberAt(state, 'a').flags).toMatchObject({ mute: false, deaf: true });
  });

  it('execute nothing after an action that lets the caller leave', () => {
    const { conference: state } = play(conference({}, { '1': ['hangup', 'mute'] }), [...comes('a'), presses('a', '1')]);
    expect(memberAt(state, 'a')).toMatchObject({ place: { at: 'leaving' }, flags: { mute: false } });
  });

  it('wait for a longer sequence, and act on a tick after the pause', () => {
    const waiting = play(conference({}, { '1': 'mute', '12': 'deaf' }), [...comes('a'), presses('a', '1')], 1000);
    expect(waiting.effects).toEqual([{ type: 'wake', atMs: 3000 }]);
    expect(memberAt(wake(waiting.conference, 2999).conference, 'a').flags.mute).toBe(false);
    expect(memberAt(wake(waiting.conference, 3000).conference, 'a').flags.mute).toBe(true);
  });

  it('are told of by the member whose they are, though others and the time act in the same tick', () => {
    const keys = { '1': 'mute', '12': 'deaf', '3': 'lock', '34': 'deaf' };
    const limits = { conferenceMinutes: 1, warningSeconds: 0 };
    const three = [...comes('a'), ...comes('b'), ...comes('c')];
    const { conference: present } = play(conference({ limits }, keys), three, 0);
    const waiting = play(present, [presses('a', '1'), presses('b', '3'), presses('c', '1')], 58_000).conference;
    const by = effectsOf(wake(waiting, 60_000).effects, 'publish').map((effect) => [effect.event.type, effect.by]);
    expect(by.sort()).toEqual([
      ['ending', undefined],
      ['flags-changed', 'member 1'],
      ['flags-changed', 'member 3'],
      ['locked', 'member 2'],
    ]);
  });

  it('of admins are those of their own profile', () => {
    const settings = { ...start.settings, adminControls: conference({}, { '5': 'lock' }).settings.controls };
    const { conference: state } = play({ ...conference(), settings }, [...comes('a', { admin: true }), ...comes('b')]);
    expect(play(state, [presses('a', '5')]).conference.locked).toBe(true);
    expect(play(state, [presses('b', '5')]).conference.locked).toBe(false);
  });

  it('that ask for what is not possible are answered', () => {
    const { denied: _, ...prompts } = SILENT;
    const { conference: state } = play(
      conference({ sound: { music: 'none', prompts } }, { '1': 'next-hand' }),
      comes('a'),
    );
    const { effects } = reduce(state, presses('a', '1'), 0);
    expect(heard(effects)).toEqual(['Sorry, you are not allowed to do that.']);
  });

  it('that are to be confirmed are asked about, and count with the key 1 alone', () => {
    const asked = play(asking, dials('a', '*0'));
    expect(heard(asked.effects)).toEqual([
      'Let nobody else in but moderators, or everybody again? Press 1 to confirm, or another key to cancel.',
    ]);
    expect(asked.conference.locked).toBe(false);
    const confirmed = play(asked.conference, [presses('a', '1')]).conference;
    expect(confirmed.locked).toBe(true);
    expect(memberAt(confirmed, 'a').flags.mute).toBe(false);
    expect(memberAt(play(confirmed, [presses('a', '1')]).conference, 'a').flags.mute).toBe(true);
  });

  it('that are not confirmed do nothing: another key cancels them, and has its own meaning', () => {
    const { conference: asked } = play(asking, dials('a', '*0'));
    const cancelled = play(asked, [presses('a', '*')]);
    expect(heard(cancelled.effects)).toEqual(['Cancelled.']);
    const { conference: state } = play(cancelled.conference, dials('a', '61'));
    expect(memberAt(state, 'a').flags).toMatchObject({ deaf: true, mute: true });
    expect(state.locked).toBe(false);
  });

  it('that are not confirmed in time are cancelled', () => {
    const { conference: asked, effects } = play(asking, dials('a', '*0'), 1000);
    expect(effectsOf(effects, 'wake').map(({ atMs }) => atMs)).toEqual([16_000]);
    const late = wake(asked, 16_000);
    expect(heard(late.effects)).toEqual(['Cancelled.']);
    expect(play(late.conference, [presses('a', '1')]).conference.locked).toBe(false);
  });

  it('that are to be confirmed are forgotten with the role to which they belong', () => {
    const settings = { ...conference({}, { '*0': 'mute' }).settings, adminControls: asking.settings.controls };
    const { conference: state } = play({ ...conference(), settings }, [
      ...comes('a', { admin: true }),
      ...dials('a', '*0'),
      commands({ type: 'set-flags', memberId: 1, changes: { admin: false } }),
      presses('a', '1'),
    ]);
    expect(state.locked).toBe(false);
    expect(memberAt(state, 'a').flags.mute).toBe(false);
  });

  it('end a number that was complete: # right after a dialled conference number is no key', () => {
    const { conference: state } = play(conference(), [fromLobby, presses('a', '#')], 1000);
    expect(memberAt(state, 'a').place.at).toBe('arriving');
    expect(memberAt(play(state, [presses('a', '#')], 1001).conference, 'a').place.at).toBe('leaving');
  });
});
