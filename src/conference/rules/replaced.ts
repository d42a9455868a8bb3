import { IDLE } from '../../dtmf/collector.ts';
import type { Input } from '../model/inputs.ts';
import type { Member, Place } from '../model/member.ts';
import { askForPin } from './admission.ts';
import { isNoticed } from './leaving.ts';
import type { Transition } from './transition.ts';

/**
 * Another call takes a member's place, at the end of an attended transfer: the member stays, with number, role, hand and
 * time, but has another caller. Nobody is asked for a PIN again who was admitted.
 */
export function replaced(
  transition: Transition,
  member: Member,
  { channelId, caller, path, phoneHold }: Extract<Input, { type: 'replaced' }>['by'],
): void {
  const { id: memberId, place } = member;
  if (member.talking) transition.publish({ type: 'talking', memberId, talking: false, levelDbov: null });
  transition.remove(member.channelId);
  // The prompts of the former call are over, and so is the name that its caller has said.
  const current: Member = {
    ...member,
    channelId,
    caller,
    path,
    place: placeAfter(place),
    talking: false,
    phoneHold,
    dtmf: IDLE,
    confirming: null,
    spokenName: null,
    reviewDueMs: null,
    playback: null,
    pinEntry: null,
  };
  transition.put(current);
  transition.assumed.set(channelId, 'unknown');
  if (isNoticed(member)) transition.publish({ type: 'replaced', memberId, caller });
  if (place.at === 'door') askForPin(transition, current, member.pinEntry ?? { triesLeft: 1, required: true });
  if (place.at === 'leaving') transition.prompt(current, [], { nextStep: 'release' });
}

/** A member who need not wait goes on from there at once. */
function placeAfter(place: Place): Place {
  return place.at === 'greeting' || place.at === 'naming' ? { at: 'waiting' } : place;
}
