import { findAction } from '../dtmf/catalogue.ts';
import { expire, press } from '../dtmf/collector.ts';
import { emptied, farewell, join } from './admission.ts';
import type { Command } from './commands.ts';
import { type Conference, findMember, withMember } from './conference.ts';
import type { Effect, HangUpReason } from './effects.ts';
import { type FlagChanges, sameFlags } from './flags.ts';
import type { Input } from './inputs.ts';
import { audioOf, type Member } from './member.ts';
import { type Outcome, unchanged } from './outcome.ts';
import { resync } from './resync.ts';

/**
 * The whole behaviour of a conference: what an input changes, and what must be done about it. Pure: the same arguments
 * give the same outcome. Inputs about channels that are not members are ignored, because news of a call may cross the
 * news of its end.
 */
export function reduce(conference: Conference, input: Input, nowMs: number): Outcome {
  switch (input.type) {
    case 'join':
      return join(conference, input.channelId, input.caller, input.flags, nowMs);
    case 'entered':
      return onMember(conference, input.channelId, (member) => entered(conference, member));
    case 'entry-failed':
      return onMember(conference, input.channelId, (member) => hangUp(conference, member, 'failure'));
    case 'left':
      return onMember(conference, input.channelId, (member) => left(conference, member, nowMs));
    case 'dtmf':
      return onMember(conference, input.channelId, (member) => pressed(conference, member, input.key, nowMs));
    case 'command':
      return command(conference, input.command);
    case 'resync':
      return resync(conference, input, nowMs);
    case 'tick':
      return tick(conference, nowMs);
  }
}

function onMember(conference: Conference, channelId: string, then: (member: Member) => Outcome): Outcome {
  const member = conference.members.get(channelId);
  return member ? then(member) : unchanged(conference);
}

function entered(conference: Conference, member: Member): Outcome {
  if (member.presence !== 'joining') return unchanged(conference);
  const { id, caller, flags } = member;
  return {
    conference: withMember(conference, { ...member, presence: 'present' }),
    effects: [{ type: 'publish', event: { type: 'joined', memberId: id, caller, flags } }],
  };
}

function left(conference: Conference, member: Member, nowMs: number): Outcome {
  const members = new Map(conference.members);
  members.delete(member.channelId);
  const effects = farewell(member);
  if (members.size > 0) return { conference: { ...conference, members }, effects };
  return emptied({ ...conference, members }, effects, nowMs);
}

function hangUp(conference: Conference, member: Member, reason: HangUpReason): Outcome {
  if (member.presence === 'leaving') return unchanged(conference);
  return {
    conference: withMember(conference, { ...member, presence: 'leaving' }),
    effects: [
      { type: 'publish', event: { type: 'hanging-up', memberId: member.id, reason } },
      { type: 'hang-up', channelId: member.channelId, reason },
    ],
  };
}

function command(conference: Conference, given: Command): Outcome {
  const member = findMember(conference, given.memberId);
  if (!member || member.presence === 'leaving') {
    return { conference, effects: [], refusal: { code: 'no-such-member', memberId: given.memberId } };
  }
  switch (given.type) {
    case 'set-flags':
      return setFlags(conference, member, given.changes);
    case 'kick':
      return hangUp(conference, member, 'kicked');
    case 'hang-up':
      return hangUp(conference, member, 'own-wish');
  }
}

function setFlags(conference: Conference, member: Member, changes: FlagChanges): Outcome {
  const flags = { ...member.flags, ...changes };
  if (sameFlags(flags, member.flags)) return unchanged(conference);

  const { channelId, id, joinedAtMs } = member;
  const before = audioOf(member.flags);
  const after = audioOf(flags);
  const effects: Effect[] = [];
  if (before.voice !== after.voice) effects.push({ type: 'enter-floor', channelId, voice: after.voice });
  if (before.hearing !== after.hearing) effects.push({ type: 'set-hearing', channelId, hearing: after.hearing });
  const saved = { id, joinedAtMs, flags };
  if (effects.length > 0) effects.unshift({ type: 'save-member', channelId, member: { ...saved, settled: false } });
  effects.push({ type: 'save-member', channelId, member: { ...saved, settled: true } });
  effects.push({ type: 'publish', event: { type: 'flags-changed', memberId: id, flags } });
  return { conference: withMember(conference, { ...member, flags }), effects };
}

function pressed(conference: Conference, member: Member, key: string, nowMs: number): Outcome {
  const { controls } = conference.settings;
  const collected = press(member.keys, key, Object.keys(controls.keys), controls.pauseSeconds * 1000, nowMs);
  const outcome = act(withMember(conference, { ...member, keys: collected.collector }), member.id, collected.fired);
  if (collected.collector.pending !== '') {
    outcome.effects.push({ type: 'wake', atMs: collected.collector.deadlineMs });
  }
  return outcome;
}

/** Carries out the actions of the key sequences that a member has completed. */
function act(conference: Conference, memberId: number, fired: readonly string[]): Outcome {
  let current = conference;
  const effects: Effect[] = [];
  for (const sequence of fired) {
    const names = conference.settings.controls.keys[sequence] ?? [];
    for (const name of typeof names === 'string' ? [names] : names) {
      const member = findMember(current, memberId);
      const commands = member ? (findAction(name)?.commands(member) ?? []) : [];
      for (const each of commands) {
        const outcome = command(current, each);
        current = outcome.conference;
        effects.push(...outcome.effects);
      }
    }
  }
  return { conference: current, effects };
}

function tick(conference: Conference, nowMs: number): Outcome {
  if (conference.status === 'empty' && nowMs >= conference.endsAtMs) {
    return {
      conference: { ...conference, status: 'ended' },
      effects: [{ type: 'close-floor' }, { type: 'publish', event: { type: 'ended' } }],
    };
  }
  let outcome = unchanged(conference);
  const sequences = Object.keys(conference.settings.controls.keys);
  for (const { id, channelId, keys } of conference.members.values()) {
    if (nowMs < keys.deadlineMs) continue;
    const { collector, fired } = expire(keys, sequences, nowMs);
    const member = outcome.conference.members.get(channelId);
    if (!member) continue;
    const acted = act(withMember(outcome.conference, { ...member, keys: collector }), id, fired);
    outcome = { conference: acted.conference, effects: [...outcome.effects, ...acted.effects] };
  }
  return outcome;
}
