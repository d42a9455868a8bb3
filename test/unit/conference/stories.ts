import fc from 'fast-check';
import type { Command } from '../../../src/conference/model/commands.ts';
import type { Settings } from '../../../src/conference/model/conference.ts';
import { FLAGS, type FlagChanges } from '../../../src/conference/model/flags.ts';
import type { Broadcast, RemoteView, SharedChange } from '../../../src/conference/model/remote.ts';
import { ALOUD, conference, SILENT } from './conferences.ts';

/** Random histories of a conference. */

const KEYS = {
  '#': 'hangup',
  '*': 'deaf',
  '0': 'deaf-mute',
  '1': 'mute',
  '12': ['deaf', 'mute'],
  '2': 'admin',
  '3': 'hand',
  '4': ['playback:tone:440/100', 'playback-all:tone:880/100'],
  '5': 'private',
  '7': 'help',
  '9': 'confirm:kick-last',
};

const QUIET = { sound: { prompts: SILENT } };

const PROFILES = [
  { idleSeconds: 1, limits: { speakers: 2 }, ...QUIET },
  {
    idleSeconds: 5,
    access: { userPin: '12', adminPin: '345' },
    limits: { speakers: 2 },
    recording: { automatic: true },
  },
  { idleSeconds: 30, access: { waitForAdmin: true, endWithoutAdmin: true, adminGraceSeconds: 3, adminPin: '0' } },
  { idleSeconds: 1, sound: { announce: 'name', reviewName: true } },
  { ...QUIET, access: { endWhenAdminLeaves: true, adminGraceSeconds: 0 } },
  {
    idleSeconds: 3,
    sound: { announce: 'name' },
    limits: { members: 3, speakers: 1, callMinutes: 0.2, conferenceMinutes: 0.5, warningSeconds: 3 },
  },
  { ...ALOUD, access: { adminPin: '00', adminFlags: ['+speaker'], tries: 1 }, limits: { speakers: 1 } },
  {
    ...QUIET,
    flags: ['+speaker'],
    audio: { vadLevel: 0, agcLevel: 500, gate: true },
    limits: { speakers: 3, callMinutes: 0.5, warningSeconds: 0 },
  },
  {
    ...QUIET,
    idleSeconds: 2,
    audience: { packetMs: 60 },
    audio: { listenVolume: 1, gate: true },
    limits: { speakers: 2 },
  },
];

/** Settings that conferences of a story have, one after the other. */
export const SETTINGS: readonly Settings[] = [
  ...PROFILES.map((profile) => conference(profile, KEYS).settings),
  // Members hear each other's keys, but not those of moderators.
  {
    ...conference(QUIET, KEYS, { passThrough: true }).settings,
    adminControls: conference(QUIET, KEYS).settings.controls,
  },
];

const flags: fc.Arbitrary<FlagChanges> = fc.dictionary(fc.constantFrom(...FLAGS), fc.boolean(), { maxKeys: 3 });
const memberId = fc.integer({ min: 1, max: 7 });
const audience = fc.constantFrom('all' as const, 'non-admins' as const);

const memberCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('set-flags' as const), memberId, changes: flags }),
  fc.record({ type: fc.constantFrom('kick' as const, 'hang-up' as const), memberId }),
  fc.record({ type: fc.constant('hold' as const), memberId, held: fc.boolean() }),
  fc.record({ type: fc.constant('talk-privately' as const), memberId, withMemberId: memberId }),
  fc.record({ type: fc.constantFrom('end-private' as const, 'ask-admin-pin' as const), memberId }),
  fc.record({ type: fc.constant('raise-hand' as const), memberId, raised: fc.boolean() }),
  fc.record({ type: fc.constant('ask-help' as const), memberId, asked: fc.boolean() }),
  fc.record({ type: fc.constantFrom('prompt-count' as const, 'prompt-keys' as const), memberId }),
  fc.record({
    type: fc.constant('adjust' as const),
    memberId,
    setting: fc.constantFrom(
      'talkVolume' as const,
      'listenVolume' as const,
      'vadLevel' as const,
      'vadHoldMs' as const,
      'agcLevel' as const,
    ),
    adjustment: fc.oneof(fc.constant('profile' as const), fc.record({ by: fc.integer({ min: -3, max: 300 }) })),
  }),
  fc.record({
    type: fc.constant('play-to-member' as const),
    memberId,
    media: fc.constant(['tone:440/100']),
    volume: fc.integer({ min: -1, max: 1 }),
  }),
  fc.record({
    type: fc.constant('control-playback-to-member' as const),
    memberId,
    operation: fc.oneof(
      fc.record({ type: fc.constantFrom('stop' as const, 'pause' as const, 'forward' as const) }),
      fc.record({ type: fc.constant('volume' as const), volume: fc.integer({ min: -1, max: 1 }) }),
      fc.record({ type: fc.constant('seek' as const), positionMs: fc.constant(700) }),
    ),
  }),
  fc.record({
    type: fc.constant('execute' as const),
    memberId,
    application: fc.constant('Echo'),
    data: fc.constant(''),
  }),
  fc.record({
    type: fc.constant('transfer' as const),
    memberId,
    conference: fc.constantFrom('3000', '4000'),
    profileName: fc.constant(null),
  }),
);

const conferenceCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('lock' as const), locked: fc.boolean() }),
  fc.record({ type: fc.constant('mute-all' as const), audience: fc.option(audience) }),
  fc.record({ type: fc.constant('set-flags-of-all' as const), audience, changes: flags }),
  fc.record({ type: fc.constant('set-flags-of-last' as const), changes: flags }),
  fc.record({ type: fc.constant('kick-all' as const), audience }),
  fc.constantFrom<Command>(
    { type: 'kick-last' },
    { type: 'next-hand' },
    { type: 'take-floor-back' },
    { type: 'announce-count' },
    { type: 'lower-hands' },
    { type: 'play', media: ['tone:440/100'], volume: 0 },
    { type: 'control-playback', operation: { type: 'stop' } },
    { type: 'control-playback', operation: { type: 'pause' } },
    { type: 'control-playback', operation: { type: 'seek', positionMs: 700 } },
    { type: 'record', name: null },
    { type: 'stop-recording' },
    { type: 'pause-recording', paused: true },
    { type: 'terminate' },
  ),
);

const where = fc.option(fc.constantFrom('lyon', 'oslo'), { freq: 2 });
const someone = fc.option(
  fc.record({ node: fc.constantFrom('lyon', 'oslo'), memberId, atMs: fc.integer({ min: 0, max: 90_000 }) }),
);

/** What other nodes tell: from then on, the conference has a cluster. */
const remote: fc.Arbitrary<RemoteView> = fc
  .record({
    node: fc.constant('here'),
    admitted: fc.nat(3),
    speakers: fc.nat(2),
    admins: fc.nat(1),
    doubledAdmins: fc.constant(0),
    helps: fc.nat(1),
    ghosts: fc.nat(1),
    mandatory: fc.nat(1),
    nodes: fc.subarray(['lyon', 'gent', 'oslo']),
    oldestHand: someone,
    lastGivenFloor: someone,
    lastJoined: someone,
    playing: where,
    recording: where,
    music: where,
  })
  .map((view) => ({ ...view, ghosts: Math.min(view.ghosts, view.admitted) }));

const change: fc.Arbitrary<SharedChange> = fc.oneof(
  fc.record({ setting: fc.constant('locked' as const), value: fc.boolean() }),
  fc.record({ setting: fc.constant('mutedAll' as const), value: fc.option(audience) }),
);

const broadcast: fc.Arbitrary<Broadcast> = fc.oneof(
  fc.constantFrom<Broadcast>({ type: 'terminate', result: 'ENDED' }, { type: 'release' }, { type: 'warned' }),
  fc.record({ type: fc.constant('kick-all' as const), audience }),
  fc.record({ type: fc.constant('set-flags-of-all' as const), audience, changes: flags }),
  fc.constantFrom<Broadcast>({ type: 'lower-hands' }, { type: 'help-asked' }),
);

const told = fc.oneof(
  fc.record({ type: fc.constant('remote' as const), remote }),
  fc.record({ type: fc.constant('shared' as const), change, anew: fc.boolean() }),
  fc.record({ type: fc.constant('broadcast' as const), broadcast }),
);

const who = fc.nat(5);

/** What happens next; `who` is the place of a channel, or of a report, among those there are. */
const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constantFrom('dialplan' as const, 'lobby' as const, 'transferred' as const),
      flags,
    }),
  },
  { weight: 8, arbitrary: fc.record({ what: fc.constant('report' as const), who }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('entry-failed' as const, 'ended' as const), who }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('talking' as const), who, talking: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant('dtmf' as const), who, key: fc.constantFrom(...'01234579#*') }),
  },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('command' as const), command: memberCommand }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('command' as const), command: conferenceCommand }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('playback-ended' as const, 'recording-ended' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('settings' as const), settings: fc.nat(SETTINGS.length - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('resync' as const), restarted: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('returned' as const, 'replaced' as const), who }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('wake' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('told' as const), input: told }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('unanchored' as const), who, restarted: fc.boolean() }) },
);
export type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A happening, how long after the one before, and how many of its effects reach Asterisk; null for all. */
export type Step = { given: Happening; gapMs: number; reach: number | null };

const step = (reach: fc.Arbitrary<number | null>): fc.Arbitrary<Step> =>
  fc.record({ given: happening, gapMs: fc.nat(3000), reach });

export type Story = { settings: number; steps: Step[] };

const story = (reach: fc.Arbitrary<number | null>): fc.Arbitrary<Story> =>
  fc.record({ settings: fc.nat(SETTINGS.length - 1), steps: fc.array(step(reach), { maxLength: 30, size: 'max' }) });

/** Everything arrives. */
export const reliable = story(fc.constant(null));
/** Now and then the connection is lost before all effects are executed. */
export const unreliable = story(fc.option(fc.nat(5), { freq: 6 }));
