import { IDLE } from '../../dtmf/collector.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import type { Scope } from '../model/commands.ts';
import { type Conference, countElsewhere, countMembers } from '../model/conference.ts';
import { type Extension, isAdmitted, isAway, type Member, type Place, type Result } from '../model/member.ts';
import { share } from './cluster-out.ts';
import { isAmong } from './flags-and-hands.ts';
import { stopPlaybackTo } from './member-playback.ts';
import { announceArrival, setMusic, stopPlayback } from './playback.ts';
import { endRecording } from './recording.ts';
import type { Transition } from './transition.ts';

/** Tells a member good-bye and gives the call back to the dialplan. */
export function leave(transition: Transition, member: Member, result: Result, ...prompts: readonly PromptName[]): void {
  const current = transition.conference.members.get(member.channelId);
  if (!current || current.place.at === 'leaving') return;
  const { channelId, id: memberId } = current;
  if (isAdmitted(current)) transition.publish({ type: 'leaving', memberId, result });
  const away = current.place.at === 'away';
  const place: Place = {
    at: 'leaving',
    result,
    ...(!isNoticed(current) && { unnoticed: true }),
    ...(away && { away }),
  };
  transition.patch(channelId, {
    place,
    pinEntry: null,
    handRaisedAtMs: null,
    helpAskedAtMs: null,
    dtmf: IDLE,
    confirming: null,
    reviewDueMs: null,
  });
  endPrivateTalk(transition, current);
  stopPlaybackTo(transition, current);
  if (away) return;
  transition.do({ type: 'hush', channelId });
  transition.prompt(current, prompts, { nextStep: 'release' });
}

export function kickAll(transition: Transition, audience: Scope): void {
  for (const member of transition.members) {
    if (isAdmitted(member) && isAmong(audience, member.flags)) leave(transition, member, 'KICKED', 'kicked');
  }
}

/** The good-bye is over. */
export function released(transition: Transition, { channelId, place }: Member): void {
  if (place.at !== 'leaving') return;
  const { result, to } = place;
  transition.do({ type: 'release', channelId, result, ...(to && { to }) });
}

/** The phone wants the call to go on elsewhere in the dialplan, at once. */
export function referred(transition: Transition, { channelId }: Member, to: Extension): void {
  const member = transition.conference.members.get(channelId);
  if (!member || isAway(member) || member.place.at === 'leaving') return;
  leave(transition, member, 'TRANSFERRED');
  const { place } = transition.conference.members.get(channelId) ?? member;
  if (place.at === 'leaving') transition.patch(channelId, { place: { ...place, to } });
}

/** The call has ended or has left the application. */
export function left(transition: Transition, member: Member): void {
  transition.remove(member.channelId);
  farewell(transition, member);
}

/** Ends what a member who is gone was part of, and tells of it. */
export function farewell(transition: Transition, member: Member): void {
  endPrivateTalk(transition, member);
  if (!isNoticed(member)) return;
  transition.publish({ type: 'left', memberId: member.id });
  announceArrival(transition, member, 'left');
}

/** Whether the others know of a member. Nobody was told of a caller who was never in, and nobody needs to be. */
export function isNoticed({ place }: Member): boolean {
  if (place.at === 'leaving') return !place.unnoticed;
  return !['door', 'naming', 'greeting', 'waiting', 'arriving'].includes(place.at);
}

/** Brings the other one of a private talk back to the floor when one of the two leaves it. */
export function endPrivateTalk(transition: Transition, { place }: Member): void {
  if (place.at !== 'private') return;
  for (const other of transition.conference.members.where(({ privates }) => privates > 0)) {
    if (other.place.at !== 'private' || other.place.room !== place.room) continue;
    transition.patch(other.channelId, { place: { at: 'floor' } });
    transition.prompt(other, ['private-ended']);
    transition.publish({ type: 'moved', memberId: other.id, place: 'floor' });
  }
  transition.do({ type: 'close-room', room: place.room });
}

/** The last member is gone: the conference waits for its idle time, then ends. */
export function emptied(transition: Transition): void {
  const { status, recording } = transition.conference;
  // One that was to end ends now, so that a caller who calls again finds a new one.
  const idleMs = status === 'ending' ? 0 : transition.profile.idleSeconds * 1000;
  beginAnew(transition);
  // Asterisk ends a recording with the last member.
  if (recording) transition.publish({ type: 'recording', state: 'stopped', name: recording.name });
  const endsAtMs = transition.nowMs + idleMs;
  transition.become({ ...transition.conference, status: 'empty', endsAtMs, desertedAtMs: null });
}

/**
 * Notes that nobody but ghosts is left, here and elsewhere, or that others are there again: ghosts keep no conference
 * from being empty, and are let go when it ends.
 * @param before the conference before the transition
 */
export function watchDeserted(before: Conference, transition: Transition): void {
  const { conference, nowMs } = transition;
  const { desertedAtMs, recording, members } = conference;
  if (countMembers(conference) > 0) {
    if (desertedAtMs !== null) transition.change({ desertedAtMs: null });
    return;
  }
  // Ghosts who have come first wait for the others as long as they like.
  if (countMembers(before) === 0 || members.counts.ghosts === 0) return;
  if (recording) endRecording(transition, recording);
  beginAnew(transition);
  transition.change({ desertedAtMs: nowMs });
}

/** Nobody is left who counts: nothing goes on for the next caller that has begun for others. */
function beginAnew(transition: Transition): void {
  stopPlayback(transition);
  transition.do({ type: 'drop-announcements' });
  setMusic(transition, false);
  if (countElsewhere(transition.conference) === 0) openDoor(transition);
  transition.change({
    recording: null,
    recorded: false,
    doubledAdmins: 0,
    mostAdmins: 0,
    mandatorySeen: false,
    missingSinceMs: null,
  });
}

/** Nobody is left anywhere: the next caller finds an open door, and is not muted. */
export function openDoor(transition: Transition): void {
  const { locked, mutedAll } = transition.conference;
  if (locked) {
    transition.change({ locked: false });
    transition.publish({ type: 'locked', locked: false });
    share(transition, { setting: 'locked', value: false });
  }
  if (mutedAll) {
    transition.change({ mutedAll: null });
    transition.publish({ type: 'muted-all', audience: null });
    share(transition, { setting: 'mutedAll', value: null });
  }
}
