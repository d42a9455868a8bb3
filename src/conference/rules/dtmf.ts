import { press } from '../../dtmf/collector.ts';
import { controlsOf, type DtmfAction, findMember } from '../model/conference.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import { dialledPinDigit } from './admission.ts';
import { executeCommand } from './execute-command.ts';
import type { Transition } from './transition.ts';

/** A member has dialled a digit. */
export function pressed(transition: Transition, member: Member, digit: string): void {
  // While the member is away, digits are for the application of the dialplan.
  if (member.place.at === 'leaving' || member.place.at === 'away') return;
  if (member.pinEntry) return dialledPinDigit(transition, member, digit);
  if (digit === '#' && transition.nowMs < member.ignoreHashUntilMs) {
    return transition.patch(member.channelId, { ignoreHashUntilMs: 0 });
  }
  // Digits have a meaning only for members who are in; # ends a spoken name.
  if (member.place.at === 'naming') return;
  const controls = controlsOf(transition.conference, member);
  const pauseMs = controls.pauseSeconds * 1000;
  const { collector, fired } = press(member.dtmf, digit, Object.keys(controls.keys), pauseMs, transition.nowMs);
  transition.patch(member.channelId, { dtmf: collector });
  act(transition, member.id, fired);
}

/** Executes the actions of the key sequences that a member has completed. */
export function act(transition: Transition, memberId: number, fired: readonly string[]): void {
  for (const sequence of fired) {
    const member = findMember(transition.conference, memberId);
    if (!member) return;
    const actions = controlsOf(transition.conference, member).keys[sequence] ?? [];
    transition.actingFor = memberId;
    for (const action of actions) actOnce(transition, memberId, action);
    transition.actingFor = null;
    const refusal = transition.consumeRefusal();
    const current = findMember(transition.conference, memberId);
    if (refusal && current && isAdmitted(current)) transition.prompt(current, ['denied']);
  }
}

/** Each action sees what the one before has made of the member. */
function actOnce(transition: Transition, memberId: number, { commandsOf }: DtmfAction): void {
  const member = findMember(transition.conference, memberId);
  if (!member) return;
  for (const command of commandsOf(member, transition.conference)) executeCommand(transition, command);
}
