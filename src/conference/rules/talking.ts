import { arrangementOf, changedKeys } from '../model/channel-setup.ts';
import { type Conference, changedMembers } from '../model/conference.ts';
import type { Member } from '../model/member.ts';
import type { Turn } from './transition.ts';

/** Asterisk has noticed that a member talks, or has stopped. */
export function talkingChanged(
  turn: Turn,
  member: Member,
  { talking, levelDbov }: { talking: boolean; levelDbov: number | null },
): void {
  if (member.talking === talking) return;
  // News from before the member was muted, or sent to the audience.
  if (talking && !arrangementOf(turn.conference, member)?.talkDetect) return;
  setTalking(turn, member, talking, levelDbov);
}

/** Of those whose talking is no longer watched, or is watched anew, nobody will say that they have stopped. */
export function forgetTalking(before: Conference, turn: Turn): void {
  const all = before.settings !== turn.conference.settings;
  for (const [was, member] of changedMembers(before, turn.conference, all)) {
    if (!member.talking || !was) continue;
    if (!isWatchedOn(before, was, turn.conference, member)) setTalking(turn, member, false, null);
  }
}

/** Whether what watched the member before the turn still does. The order of the voice's functions counts: see `Arranger`. */
function isWatchedOn(before: Conference, was: Member, after: Conference, member: Member): boolean {
  const [from, to] = [arrangementOf(before, was), arrangementOf(after, member)];
  if (!from?.talkDetect || !to?.talkDetect) return false;
  const changed = changedKeys(from, to);
  return !(['talkDetect', 'agcLevel', 'denoise', 'talkVolume'] as const).some((key) => changed.includes(key));
}

function setTalking(turn: Turn, { channelId, id }: Member, talking: boolean, levelDbov: number | null): void {
  turn.patch(channelId, { talking });
  turn.publish({ type: 'talking', memberId: id, talking, levelDbov });
}
