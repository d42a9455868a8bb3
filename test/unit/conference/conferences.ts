import type { ChannelSetup } from '../../../src/conference/model/channel-setup.ts';
import type { Command } from '../../../src/conference/model/commands.ts';
import { type Conference, newConference } from '../../../src/conference/model/conference.ts';
import type { Effect } from '../../../src/conference/model/effects.ts';
import type { FlagChanges } from '../../../src/conference/model/flags.ts';
import type { ChannelSeen, Input } from '../../../src/conference/model/inputs.ts';
import type { Caller, Member, Path } from '../../../src/conference/model/member.ts';
import type { RemoteView } from '../../../src/conference/model/remote.ts';
import { reduce } from '../../../src/conference/reduce.ts';
import { conferenceProfileSchema } from '../../../src/profiles/conference-schema.ts';
import { controlsProfileSchema } from '../../../src/profiles/controls-schema.ts';
import { settingsOf } from '../../../src/profiles/settings.ts';
import { PROMPT_NAMES } from '../../../src/prompts/catalogue.ts';

export const CALLER: Caller = { number: '100', name: 'Ann' };

/** Every prompt silent, so that tests about other things see no prompts. */
export const SILENT = Object.fromEntries(PROMPT_NAMES.map((name) => [name, 'none']));

/** Every prompt as it is standard. */
export const ALOUD = { sound: { music: 'none' } };

/** Nobody on another node; this one is `lyon`. */
export const NOBODY_ELSEWHERE: RemoteView = {
  node: 'lyon',
  admitted: 0,
  speakers: 0,
  admins: 0,
  doubledAdmins: 0,
  helps: 0,
  ghosts: 0,
  mandatory: 0,
  nodes: [],
  oldestHand: null,
  lastGivenFloor: null,
  lastJoined: null,
  playing: null,
  recording: null,
  music: null,
};

export const AT_RELAY: Path = { at: 'relay' };
export const AT_BRIDGE: Path = { at: 'bridge', reason: 'its RTP is encrypted' };

/** Calls are anchored at the relay if the id of their channel ends with an even digit. */
export function pathOf(channelId: string): Path {
  return /[02468]$/.test(channelId) ? AT_RELAY : AT_BRIDGE;
}

/** A new conference whose profile has these keys; silent unless it says otherwise. */
export function conference(
  profile: object = {},
  keys: object = { '#': 'hangup', '*': 'deaf', '0': 'deaf-mute' },
  { passThrough = false } = {},
) {
  const controls = controlsProfileSchema.parse({ kind: 'controls', keys, passThrough });
  const checked = conferenceProfileSchema.parse({
    kind: 'conference',
    sound: { prompts: SILENT, music: 'none' },
    ...profile,
  });
  return newConference('3000', settingsOf('default', checked, controls, controls), 0);
}

/** Where a channel that is set up like this is found in Asterisk. */
export function foundIn(bridge: ChannelSetup['bridge'] | undefined): ChannelSeen['bridge'] {
  return bridge === 'floor' || bridge === 'audience' ? bridge : 'other';
}

export const joins = (channelId: string, flags: FlagChanges = {}, caller = CALLER): Input => ({
  type: 'join',
  channelId,
  caller,
  flags,
  origin: 'dialplan',
  path: pathOf(channelId),
});
/** Comes from another conference. */
export const moves = (channelId: string, flags: FlagChanges = {}): Input => ({
  type: 'join',
  channelId,
  caller: CALLER,
  flags,
  origin: 'transferred',
  path: pathOf(channelId),
});
export const enters = (channelId: string): Input => ({ type: 'entered', channelId });
export const leaves = (channelId: string): Input => ({ type: 'left', channelId, destroyed: true });
export const presses = (channelId: string, digit: string): Input => ({ type: 'dtmf', channelId, digit });
export const dials = (channelId: string, keys: string): Input[] => [...keys].map((key) => presses(channelId, key));
export const commands = (command: Command): Input => ({ type: 'command', command });
/** Joins and is on the floor. */
export const comes = (channelId: string, flags: FlagChanges = {}): Input[] => [
  joins(channelId, flags),
  enters(channelId),
];

/**
 * Feeds inputs one after the other; returns where that leads and the effects of the last one. PINs are judged at once, as
 * the controller does where nobody guesses.
 */
export function play(start: Conference, inputs: readonly Input[], nowMs = 1000) {
  let current = start;
  let effects: Effect[] = [];
  for (const input of inputs) {
    const outcome = reduce(current, input, nowMs);
    current = outcome.conference;
    effects = outcome.effects;
    for (const { channelId } of effectsOf(effects, 'check-pin')) {
      const judged = reduce(current, { type: 'pin-due', channelId }, nowMs);
      current = judged.conference;
      effects = [...effects, ...judged.effects];
    }
  }
  return { conference: current, effects };
}

/** The member of a channel, who must be there. */
export function memberAt(conference: Conference, channelId: string): Member {
  const member = conference.members.get(channelId);
  if (!member) throw new Error(`no member ${channelId}`);
  return member;
}

export function effectsOf<T extends Effect['type']>(
  effects: readonly Effect[],
  type: T,
): Extract<Effect, { type: T }>[] {
  return effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type);
}

/** What is said or played, as texts, for anybody. */
export function heard(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    'sounds' in effect
      ? effect.sounds.media.map((media) => ('name' in media ? media.name : 'text' in media ? media.text : media.type))
      : [],
  );
}

/** The events that are published. */
export function told(effects: readonly Effect[]) {
  return effectsOf(effects, 'publish').map(({ event }) => event);
}

/** The types of effects, publications apart. */
export function typesOf(effects: readonly Effect[]): string[] {
  return effects.filter(({ type }) => type !== 'publish').map(({ type }) => type);
}

/** What is heard by one caller, as texts. */
export function heardBy(channelId: string, effects: readonly Effect[]): string[] {
  const played = [...effectsOf(effects, 'play-to'), ...effectsOf(effects, 'play-to-member')];
  return heard(played.filter((effect) => effect.channelId === channelId));
}

/** Wakes the conference at this time. */
export function wake(conference: Conference, nowMs: number) {
  return play(conference, [{ type: 'tick' }], nowMs);
}
