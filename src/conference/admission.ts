import { IDLE } from '../dtmf/collector.ts';
import { joinFlags } from '../profiles/profiles.ts';
import { type Conference, withMember } from './conference.ts';
import type { Effect } from './effects.ts';
import { type FlagChanges, NO_FLAGS } from './flags.ts';
import { audioOf, type Caller, type Member } from './member.ts';
import { type Outcome, unchanged } from './outcome.ts';

/** Admits a call: its member is `joining`, and the effects bring it onto the floor bridge. */
export function join(
  conference: Conference,
  channelId: string,
  caller: Caller,
  flags: FlagChanges,
  nowMs: number,
): Outcome {
  if (conference.members.has(channelId)) return unchanged(conference);
  const member: Member = {
    id: conference.nextMemberId,
    channelId,
    caller,
    joinedAtMs: nowMs,
    flags: { ...NO_FLAGS, ...joinFlags(conference.settings.profile), ...flags },
    presence: 'joining',
    keys: IDLE,
  };
  const start: Effect[] =
    conference.status === 'new' ? [{ type: 'publish', event: { type: 'started' } }, { type: 'open-floor' }] : [];
  return {
    conference: { ...withMember(conference, member), status: 'running', nextMemberId: member.id + 1 },
    effects: [...start, ...admit(member)],
  };
}

/** Brings a channel from wherever it is onto the floor bridge with the member's flags in force. */
export function admit(member: Member): Effect[] {
  const { channelId, id, joinedAtMs, flags } = member;
  const audio = audioOf(flags);
  return [
    { type: 'answer', channelId },
    { type: 'enter-floor', channelId, voice: audio.voice },
    ...(audio.hearing ? [] : [{ type: 'set-hearing' as const, channelId, hearing: false }]),
    { type: 'save-member', channelId, member: { id, joinedAtMs, flags, settled: true } },
  ];
}

/** Tells that a member is gone. Of a caller who hung up before he was in, nothing was told and nothing needs to be. */
export function farewell(member: Member): Effect[] {
  return member.presence === 'joining' ? [] : [{ type: 'publish', event: { type: 'left', memberId: member.id } }];
}

/** The last member is gone: the conference waits for its idle time, then ends. */
export function emptied(conference: Conference, effects: Effect[], nowMs: number): Outcome {
  const endsAtMs = nowMs + conference.settings.profile.idleSeconds * 1000;
  return {
    conference: { ...conference, status: 'empty', endsAtMs },
    effects: [...effects, { type: 'wake', atMs: endsAtMs }],
  };
}
