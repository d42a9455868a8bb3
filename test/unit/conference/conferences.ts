import { type Conference, newConference } from '../../../src/conference/conference.ts';
import type { Effect } from '../../../src/conference/effects.ts';
import type { FlagChanges } from '../../../src/conference/flags.ts';
import type { Input } from '../../../src/conference/inputs.ts';
import { reduce } from '../../../src/conference/reduce.ts';
import { conferenceProfileSchema, controlsProfileSchema } from '../../../src/profiles/schema.ts';

export const CALLER = { number: '100', name: 'Ann' };

export function conference(profile: object = {}, keys: object = { '#': 'hangup', '*': 'deaf', '0': 'deaf-mute' }) {
  return newConference(
    '3000',
    {
      profileName: 'default',
      profile: conferenceProfileSchema.parse({ kind: 'conference', ...profile }),
      controls: controlsProfileSchema.parse({ kind: 'controls', keys }),
    },
    0,
  );
}

export const joins = (channelId: string, flags: FlagChanges = {}): Input => ({
  type: 'join',
  channelId,
  caller: CALLER,
  flags,
});
export const enters = (channelId: string): Input => ({ type: 'entered', channelId });
export const leaves = (channelId: string): Input => ({ type: 'left', channelId });
export const presses = (channelId: string, key: string): Input => ({ type: 'dtmf', channelId, key });

/** Feeds inputs one after the other; returns where that leads and the effects of the last one. */
export function play(start: Conference, inputs: readonly Input[], nowMs = 1000) {
  let current = start;
  let effects: Effect[] = [];
  for (const input of inputs) {
    const outcome = reduce(current, input, nowMs);
    current = outcome.conference;
    effects = outcome.effects;
  }
  return { conference: current, effects };
}
