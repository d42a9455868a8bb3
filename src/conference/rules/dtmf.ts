import { press } from '../../dtmf/collector.ts';
import { controlsOf } from '../model/conference.ts';
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
    const member = transition.conference.members.byId(memberId);
    if (!member) return;
    const actions = controlsOf(transition.conference, member).keys[sequence] ?? [];
    transition.actingFor = memberId;
    for (const { commandsOf } of actions) {
      // Each action sees what the one before has made of the member.
      const acting = transition.conference.members.byId(memberId);
      const commands = acting ? commandsOf(acting, transition.conference) : [];
      for (const command of commands) executeCommand(transition, command);
    }
    transition.actingFor = null;
    const refusal = transition.consumeRefusal();
    const current = transition.conference.members.byId(memberId);
    if (refusal && current && isAdmitted(current)) transition.prompt(current, ['denied']);
  }
}
