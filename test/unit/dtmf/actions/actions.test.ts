import { describe, expect, it } from 'vitest';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import type { Effect } from '../../../../src/conference/model/effects.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { ACTIONS } from '../../../../src/dtmf/actions/catalogue.ts';
import {
  comes,
  commands,
  conference,
  effectsOf,
  heard,
  heardBy,
  memberAt,
  play,
  presses,
  SILENT,
} from '../../conference/conferences.ts';

type Outcome = { conference: Conference; effects: Effect[] };
type Case = {
  /** As in a controls profile. */
  action: string;
  /** What happens before: `a` is a speaker and an admin, `b` and `c` are listeners. */
  before?: Input[];
  /** What the first press by `a` makes. */
  once: (outcome: Outcome) => unknown;
  is: unknown;
  /** What the second press makes of it. */
  twice?: unknown;
};

const flag = (name: 'mute' | 'deaf' | 'speaker') => (outcome: Outcome) => memberAt(outcome.conference, 'a').flags[name];
const place = (channelId: string) => (outcome: Outcome) => outcome.conference.members.get(channelId)?.place.at;
const adjusted = ({ conference: state }: Outcome) => memberAt(state, 'a').adjusted;
const types = ({ effects }: Outcome) => effects.map(({ type }) => type);
const raises = (memberId: number) => commands({ type: 'raise-hand', memberId, raised: true });

const CASES: Case[] = [
  { action: 'hangup', once: place('a'), is: 'leaving' },
  { action: 'mute', once: flag('mute'), is: true, twice: false },
  { action: 'deaf', once: flag('deaf'), is: true, twice: false },
  { action: 'deaf-mute', once: (o) => [flag('deaf')(o), flag('mute')(o)], is: [true, true], twice: [false, false] },
  { action: 'voice', once: flag('speaker'), is: false, twice: true },
  {
    action: 'admin',
    before: [commands({ type: 'set-flags', memberId: 1, changes: { admin: false } })],
    once: (o) => memberAt(o.conference, 'a').pinEntry?.digits,
    is: '',
  },
  { action: 'hand', once: (o) => memberAt(o.conference, 'a').handRaisedAtMs, is: 1000, twice: null },
  { action: 'help', once: (o) => memberAt(o.conference, 'a').helpAskedAtMs, is: 1000, twice: null },
  { action: 'next-hand', before: [raises(3)], once: (o) => memberAt(o.conference, 'c').flags.speaker, is: true },
  {
    action: 'floor-back',
    before: [commands({ type: 'call-on', memberId: 3 })],
    once: (o) => memberAt(o.conference, 'c').flags.speaker,
    is: false,
  },
  { action: 'vol-talk:+1', once: adjusted, is: { talkVolume: 1 }, twice: { talkVolume: 2 } },
  { action: 'vol-talk:0', before: [adjusts('talkVolume')], once: adjusted, is: {} },
  { action: 'vol-listen:-2', once: adjusted, is: { listenVolume: -2 }, twice: { listenVolume: -4 } },
  { action: 'vol-listen:0', before: [adjusts('listenVolume')], once: adjusted, is: {} },
  { action: 'vad-level:+100', once: adjusted, is: { vadLevel: 400 }, twice: { vadLevel: 500 } },
  { action: 'vad-level:0', before: [adjusts('vadLevel')], once: adjusted, is: {} },
  { action: 'agc-level:+100', once: adjusted, is: { agcLevel: 100 }, twice: { agcLevel: 200 } },
  { action: 'agc-level:0', before: [adjusts('agcLevel')], once: adjusted, is: {} },
  { action: 'count', once: (o) => heard(o.effects), is: ['conf-thereare', 'number', 'confbridge-participants'] },
  {
    action: 'count-all',
    once: (o) => heard(effectsOf(o.effects, 'announce')),
    is: ['conf-thereare', 'number', 'confbridge-participants'],
  },
  { action: 'menu', once: (o) => heard(o.effects), is: ['1: Hear what the keys do.'] },
  {
    action: 'playback:hello',
    once: (o) => [o.conference.playback, heardBy('a', o.effects), heard(o.effects)],
    is: [null, ['hello'], ['hello']],
  },
  { action: 'playback:stop', once: (o) => o.effects, is: [{ type: 'hush', channelId: 'a' }] },
  { action: 'playback-all:hello', once: (o) => o.conference.playback?.media, is: ['hello'] },
  {
    action: 'playback-all:stop',
    before: [commands({ type: 'play', media: ['hello'], volume: 0 })],
    once: (o) => o.conference.playback,
    is: null,
  },
  { action: 'mute-all', once: (o) => o.conference.mutedAll, is: 'non-admins', twice: null },
  { action: 'lock', once: (o) => o.conference.locked, is: true, twice: false },
  { action: 'kick-last', once: place('c'), is: 'leaving' },
  { action: 'record', once: (o) => o.conference.recording !== null, is: true, twice: false },
  { action: 'hold', once: place('a'), is: 'hold', twice: 'floor' },
  {
    action: 'private',
    before: [raises(1), raises(3)],
    once: (o) => [place('a')(o), place('c')(o)],
    is: ['private', 'private'],
    twice: ['floor', 'floor'],
  },
  {
    action: 'transfer:4000',
    once: (o) => o.effects.flatMap((e) => (e.type === 'hand-over' ? [e.conference] : [])),
    is: ['4000'],
  },
  {
    action: 'invite:PJSIP/200@trunk',
    once: (o) => o.effects.filter(({ type }) => type === 'invite'),
    is: [{ type: 'invite', target: 'PJSIP/200@trunk', invitedBy: 1 }],
  },
  { action: 'moh', once: (o) => o.conference.musicOn, is: true, twice: false },
  {
    action: 'webhook:https://example.org/hook',
    once: (o) => o.effects.flatMap((e) => (e.type === 'call-webhook' ? [e.url] : [])),
    is: ['https://example.org/hook'],
  },
  {
    action: 'exec:VoiceMail 100@default,u',
    once: (o) => o.effects.filter(({ type }) => type === 'execute'),
    is: [{ type: 'execute', channelId: 'a', application: 'VoiceMail', data: '100@default,u' }],
  },
  { action: 'term', once: (o) => o.conference.status, is: 'ending' },
  { action: 'confirm:lock', once: (o) => o.conference.locked, is: false, twice: true },
  { action: 'none', once: types, is: [] },
];

function adjusts(setting: 'talkVolume' | 'listenVolume' | 'vadLevel' | 'agcLevel'): Input {
  return commands({ type: 'adjust', memberId: 1, setting, adjustment: { by: 1 } });
}

describe('a key', () => {
  const { count: _, menu: __, ...prompts } = SILENT;

  it.each(CASES)('does what it says: $action', ({ action, before = [], once, is, twice }) => {
    const profile = { access: { adminPin: '12' }, sound: { music: 'none', prompts } };
    const start = play(conference(profile, { '1': action }), [
      ...comes('a', { speaker: true, admin: true, auth: true }),
      ...comes('b'),
      ...comes('c'),
      ...before,
    ]).conference;
    const first = play(start, [presses('a', '1')]);
    expect(once(first)).toEqual(is);
    if (twice !== undefined) expect(once(play(first.conference, [presses('a', '1')]))).toEqual(twice);
  });

  it('can be given every action there is', () => {
    const tested = new Set([...CASES.map(({ action }) => action.split(':')[0]), 'api']);
    expect([...ACTIONS.map(({ name }) => name)].sort()).toEqual([...tested].sort());
  });

  it('for a private talk does nothing while no other hand is up', () => {
    const start = play(conference({}, { '1': 'private' }), [...comes('a'), raises(1)]).conference;
    expect(play(start, [presses('a', '1')]).effects).toEqual([]);
  });
});
