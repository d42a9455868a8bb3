import { IDLE } from '../../dtmf/collector.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import type { Audience } from '../model/conference.ts';
import { isAdmitted, type Member, type Place, type Result } from '../model/member.ts';
import { announceArrival } from './admission.ts';
import { share } from './cluster-out.ts';
import { setMusic, stopPlayback } from './playback.ts';
import type { Turn } from './transition.ts';

/** Tells a member good-bye and gives the call back to the dialplan. */
export function leave(turn: Turn, member: Member, result: Result, ...prompts: readonly PromptName[]): void {
  const current = turn.conference.members.get(member.channelId);
  if (!current || current.place.at === 'leaving') return;
  const { channelId, id: memberId } = current;
  if (isAdmitted(current)) turn.publish({ type: 'leaving', memberId, result });
  const away = current.place.at === 'away';
  const place: Place = {
    at: 'leaving',
    result,
    ...(!isNoticed(current) && { unnoticed: true }),
    ...(away && { away }),
  };
  turn.patch(channelId, { place, pinEntry: null, handRaisedAtMs: null, keys: IDLE });
  endPrivateTalk(turn, current);
  if (away) return;
  turn.do({ type: 'hush', channelId });
  turn.prompt(current, prompts, { sequel: 'release' });
}

export function kickAll(turn: Turn, audience: Audience): void {
  for (const member of turn.members) {
    const spared = audience === 'non-admins' && member.flags.admin;
    if (isAdmitted(member) && !spared) leave(turn, member, 'KICKED', 'kicked');
  }
}

/** The good-bye is over. */
export function released(turn: Turn, { channelId, place }: Member): void {
  if (place.at === 'leaving') turn.do({ type: 'release', channelId, result: place.result });
}

/** The call has ended or has left the application. */
export function left(turn: Turn, member: Member): void {
  turn.remove(member.channelId);
  farewell(turn, member);
}

/** Ends what a member who is gone was part of, and tells of it. */
export function farewell(turn: Turn, member: Member): void {
  endPrivateTalk(turn, member);
  if (!isNoticed(member)) return;
  turn.publish({ type: 'left', memberId: member.id });
  announceArrival(turn, member, 'left');
}

/** Of a caller who was never in, nothing was told and nothing needs to be. */
export function isNoticed({ place }: Member): boolean {
  if (place.at === 'leaving') return !place.unnoticed;
  return !['door', 'naming', 'greeting', 'waiting', 'arriving'].includes(place.at);
}

/** Brings the other one of a private talk back to the floor when one of the two leaves it. */
export function endPrivateTalk(turn: Turn, { place }: Member): void {
  if (place.at !== 'private') return;
  for (const other of turn.conference.members.where(({ privates }) => privates > 0)) {
    if (other.place.at !== 'private' || other.place.room !== place.room) continue;
    turn.patch(other.channelId, { place: { at: 'floor' } });
    turn.prompt(other, ['private-ended']);
    turn.publish({ type: 'moved', memberId: other.id, place: 'floor' });
  }
  turn.do({ type: 'close-room', room: place.room });
}

/** The last member is gone: the conference waits for its idle time, then ends. */
export function emptied(turn: Turn): void {
  stopPlayback(turn);
  setMusic(turn, false);
  const { conference, nowMs } = turn;
  // One that was to end ends now, so that who calls again finds a new one.
  const idleMs = conference.status === 'ending' ? 0 : conference.settings.profile.idleSeconds * 1000;
  // Asterisk ends a recording with the last member.
  if (conference.recording) turn.publish({ type: 'recording', state: 'stopped', name: conference.recording.name });
  if (!conference.remote || conference.remote.admitted === 0) openDoor(turn);
  turn.become({
    ...turn.conference,
    status: 'empty',
    endsAtMs: nowMs + idleMs,
    recording: null,
    recorded: false,
    adminSeen: false,
    adminLeftAtMs: null,
  });
}

/** Nobody is left anywhere: whoever comes next finds an open door, and is not muted. */
export function openDoor(turn: Turn): void {
  const { locked, mutedAll } = turn.conference;
  if (locked) {
    turn.change({ locked: false });
    turn.publish({ type: 'locked', locked: false });
    share(turn, { setting: 'locked', value: false });
  }
  if (mutedAll) {
    turn.change({ mutedAll: null });
    turn.publish({ type: 'muted-all', audience: null });
    share(turn, { setting: 'mutedAll', value: null });
  }
}
