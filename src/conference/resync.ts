import { IDLE } from '../dtmf/collector.ts';
import { admit, emptied, farewell, join } from './admission.ts';
import { type Conference, withMember } from './conference.ts';
import type { Effect } from './effects.ts';
import { sameFlags } from './flags.ts';
import type { ChannelSeen, Input } from './inputs.ts';
import type { Member } from './member.ts';
import type { Outcome } from './outcome.ts';

/**
 * Squares what the controller believes with what Asterisk has. Members whose calls ended meanwhile are dropped; saved
 * members are adopted as they were; calls that nobody had admitted yet are admitted; and whoever is not where he
 * belongs is put there. A member who is in place is not touched, so that his audio has no gap.
 */
export function resync(
  conference: Conference,
  { floorOpen, channels }: Extract<Input, { type: 'resync' }>,
  nowMs: number,
): Outcome {
  const seen = new Set(channels.map((channel) => channel.channelId));
  const gone = [...conference.members.values()].filter((member) => !seen.has(member.channelId));
  const effects = gone.flatMap(farewell);

  const kept = new Map([...conference.members].filter(([channelId]) => seen.has(channelId)));
  const savedIds = channels.map((channel) => channel.saved?.id ?? 0);
  let current: Conference = {
    ...conference,
    status: 'running',
    members: kept,
    nextMemberId: Math.max(conference.nextMemberId, ...savedIds.map((id) => id + 1)),
  };
  if (channels.length === 0) return emptied(current, effects, nowMs);
  if (!floorOpen) effects.push({ type: 'open-floor' });

  // Asterisk lists channels in no order; members are kept in order of joining.
  const numberOf = (channel: ChannelSeen) => channel.saved?.id ?? Number.POSITIVE_INFINITY;
  for (const channel of [...channels].sort((a, b) => numberOf(a) - numberOf(b) || 0)) {
    const outcome = settle(current, channel, nowMs);
    current = outcome.conference;
    effects.push(...outcome.effects);
  }
  return { conference: current, effects };
}

function settle(conference: Conference, channel: ChannelSeen, nowMs: number): Outcome {
  const { channelId, saved } = channel;
  const known = conference.members.get(channelId);
  if (!known && !saved) return join(conference, channelId, channel.caller, channel.flags, nowMs);
  if (known?.presence === 'leaving') {
    return { conference, effects: [{ type: 'hang-up', channelId, reason: 'failure' }] };
  }

  const inPlace = channel.inFloor && saved?.settled === true && (!known || sameFlags(known.flags, saved.flags));
  const member = known ?? adopt(channel, inPlace);
  if (!member) return { conference, effects: [] };
  const effects: Effect[] = known
    ? []
    : [{ type: 'publish', event: { type: 'adopted', memberId: member.id, flags: member.flags } }];
  if (!inPlace) {
    // The channel may be deaf from before, which admitting alone would not undo.
    if (!member.flags.deaf) effects.push({ type: 'set-hearing', channelId, hearing: true });
    effects.push(...admit(member));
  }
  return { conference: withMember(conference, member), effects };
}

function adopt({ channelId, caller, saved }: ChannelSeen, inPlace: boolean): Member | null {
  if (!saved) return null;
  const { id, joinedAtMs, flags } = saved;
  return { id, channelId, caller, joinedAtMs, flags, presence: inPlace ? 'present' : 'joining', keys: IDLE };
}
