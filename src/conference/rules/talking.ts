import { changedKeys, channelSetupOf } from '../model/channel-setup.ts';
import { type Conference, changedMembers } from '../model/conference.ts';
import type { Input } from '../model/inputs.ts';
import type { Member } from '../model/member.ts';
import type { Transition } from './transition.ts';

/** A member who goes on talking while muted is told so again after this time. */
const TELL_MUTED_MS = 30_000;

type Talking = Pick<Extract<Input, { type: 'talking' }>, 'talking' | 'levelDbov'>;

/** Asterisk has noticed that a member talks, or has stopped. */
export function talkingChanged(transition: Transition, member: Member, { talking, levelDbov }: Talking): void {
  if (member.talking === talking) return;
  // News from before the member was muted, or sent to the audience.
  if (talking && !channelSetupOf(transition.conference, member)?.talkDetect) return;
  setTalking(transition, member, { talking, levelDbov });
}

/** A member who is muted talks: they are told that nobody hears them, now and then. */
export function tellMuted(transition: Transition, member: Member): void {
  const { conference, nowMs } = transition;
  // News from before the member was heard again.
  if (channelSetupOf(conference, member)?.mutedLevel == null) return;
  if (nowMs < member.toldMutedAtMs + TELL_MUTED_MS) return;
  transition.patch(member.channelId, { toldMutedAtMs: nowMs });
  transition.prompt(member, ['you-are-muted']);
}

/** Ends the talking of members that is no longer watched, or is watched anew: nobody will say that they have stopped. */
export function forgetTalking(before: Conference, transition: Transition): void {
  const all = before.settings !== transition.conference.settings;
  for (const [was, member] of changedMembers(before, transition.conference, all)) {
    if (!member.talking || !was) continue;
    if (isWatchedOn(before, was, transition.conference, member)) continue;
    setTalking(transition, member, { talking: false, levelDbov: null });
  }
}

/**
 * Whether the detection that watched the member before the transition still does. The order of the voice's functions counts:
 * see `configureChannel`.
 */
function isWatchedOn(before: Conference, was: Member, after: Conference, member: Member): boolean {
  const [from, to] = [channelSetupOf(before, was), channelSetupOf(after, member)];
  if (!from?.talkDetect || !to?.talkDetect) return false;
  const changed = changedKeys(from, to);
  return !(['talkDetect', 'agcLevel', 'denoise', 'talkVolume'] as const).some((key) => changed.includes(key));
}

function setTalking(transition: Transition, { channelId, id }: Member, { talking, levelDbov }: Talking): void {
  transition.patch(channelId, { talking });
  transition.publish({ type: 'talking', memberId: id, talking, levelDbov });
}
