import { countMembers } from '../model/conference.ts';
import type { MemberFlags } from '../model/flags.ts';
import { IGNORE_HASH_MS, type Member } from '../model/member.ts';
import { greet } from './greeting.ts';
import { namePrefix } from './playback.ts';
import type { Transition } from './transition.ts';

/** The names that callers say, by which others hear who comes and goes. */

/** A caller who reviews the name may take so long, the playback of it included. */
const REVIEW_MS = 30_000;

/** Whether a caller with these flags is asked for a name. */
export function asksForName(transition: Transition, { ghost, quiet }: MemberFlags): boolean {
  const { announce, announceUpTo } = transition.profile.sound;
  return announce === 'name' && !ghost && !quiet && countMembers(transition.conference) <= announceUpTo;
}

/** Asks the caller for a name, for the first time or again. */
export function askForName(transition: Transition, member: Member): void {
  transition.patch(member.channelId, { place: { at: 'naming' }, reviewDueMs: null });
  transition.prompt(member, ['record-name'], { nextStep: 'say-name' });
}

/** The caller has been asked for a name: it is recorded. */
export function sayName(transition: Transition, member: Member): void {
  if (member.place.at !== 'naming') return;
  const spokenName = `${namePrefix(transition.conference)}${member.id}`;
  // The first # ends the recording.
  transition.patch(member.channelId, { spokenName, ignoreHashUntilMs: Number.POSITIVE_INFINITY });
  transition.do({ type: 'record-name', channelId: member.channelId, name: spokenName });
}

/** The caller has said a name, or nothing. */
export function named(transition: Transition, member: Member, recorded: boolean): void {
  if (member.place.at !== 'naming') return;
  const spokenName = recorded ? member.spokenName : null;
  // The # that ended the recording has come already, or may come still.
  const ignoreHashUntilMs = member.ignoreHashUntilMs === 0 ? 0 : transition.nowMs + IGNORE_HASH_MS;
  const current = { ...member, spokenName, ignoreHashUntilMs };
  transition.put(current);
  if (spokenName !== null && transition.profile.sound.reviewName) review(transition, current);
  else acceptName(transition, current);
}

/** The caller has heard the name, and has dialled this. Other digits mean nothing. */
export function reviewed(transition: Transition, member: Member, digit: string): void {
  if (member.reviewDueMs === null || !['1', '2', '3', '#'].includes(digit)) return;
  transition.do({ type: 'hush', channelId: member.channelId });
  if (digit === '2') review(transition, member);
  else if (digit === '3') askForName(transition, member);
  else acceptName(transition, member);
}

/** The name counts, also where the caller has not said so in time. */
export function acceptName(transition: Transition, member: Member): void {
  const current = { ...member, place: { at: 'greeting' as const }, reviewDueMs: null };
  transition.put(current);
  greet(transition, current);
}

/** Plays the name to the caller, who may accept it, hear it again or say it again. */
function review(transition: Transition, member: Member): void {
  const { channelId, spokenName } = member;
  transition.patch(channelId, { reviewDueMs: transition.nowMs + REVIEW_MS });
  if (spokenName === null) return;
  const prompt = transition.sounds(['review-name']);
  transition.playTo(member, { ...prompt, media: [{ type: 'recording', name: spokenName }, ...prompt.media] });
}
