import { press } from '../../dtmf/collector.ts';
import { controlsOf, type DtmfAction } from '../model/conference.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import { formatMemberAddress } from '../model/member-address.ts';
import { dialledPinDigit } from './admission.ts';
import { executeCommand } from './execute-command.ts';
import { reviewed } from './naming.ts';
import type { Transition } from './transition.ts';

/** The digit that confirms a key. */
const CONFIRMS = '1';
/** How long the member may take to confirm a key: to hear the question, and as long as for a PIN. */
const CONFIRM_MS = 15_000;

/** A member has dialled a digit. */
export function pressed(transition: Transition, member: Member, digit: string): void {
  // While the member is away, digits are for the application of the dialplan.
  if (member.place.at === 'leaving' || member.place.at === 'away') return;
  if (member.pinEntry) return dialledPinDigit(transition, member, digit);
  if (digit === '#' && transition.nowMs < member.ignoreHashUntilMs) {
    return transition.patch(member.channelId, { ignoreHashUntilMs: 0 });
  }
  // Digits have a meaning only for members who are in; # ends a spoken name.
  if (member.place.at === 'naming') return reviewed(transition, member, digit);
  if (member.confirming && answered(transition, member, digit)) return;
  const controls = controlsOf(transition.conference, member);
  const pauseMs = controls.pauseSeconds * 1000;
  const { collector, fired } = press(member.dtmf, digit, Object.keys(controls.keys), pauseMs, transition.nowMs);
  transition.patch(member.channelId, { dtmf: collector });
  act(transition, member.id, fired);
}

/** Acts on the key sequences that a member has completed. */
export function act(transition: Transition, memberId: number, fired: readonly string[]): void {
  for (const sequence of fired) {
    const member = transition.conference.members.byId(memberId);
    if (!member) return;
    const actions = controlsOf(transition.conference, member).keys[sequence] ?? [];
    if (actions.some(({ asks }) => asks)) ask(transition, member, sequence, actions);
    else execute(transition, memberId, actions);
  }
}

/** Nobody has confirmed the key in time. */
export function notConfirmed(transition: Transition, member: Member): void {
  transition.patch(member.channelId, { confirming: null });
  transition.prompt(member, ['cancelled']);
}

/** Asks the member whether a key is meant. */
function ask(transition: Transition, member: Member, sequence: string, actions: readonly DtmfAction[]): void {
  const deadlineMs = transition.nowMs + CONFIRM_MS;
  transition.patch(member.channelId, { confirming: { sequence, deadlineMs } });
  const action = actions.map(({ summary }) => summary).join('; ');
  transition.prompt(member, ['confirm'], { values: { action } });
}

/**
 * The member has been asked whether a key is meant, and has dialled this.
 * @returns whether the digit was the answer; another digit cancels the question, and has its usual meaning
 */
function answered(transition: Transition, member: Member, digit: string): boolean {
  const { channelId, id, confirming } = member;
  transition.do({ type: 'hush', channelId });
  if (digit !== CONFIRMS) {
    notConfirmed(transition, member);
    return false;
  }
  transition.patch(channelId, { confirming: null });
  const actions = controlsOf(transition.conference, member).keys[confirming?.sequence ?? ''] ?? [];
  // The member may have other keys since the question.
  if (actions.some(({ asks }) => asks)) execute(transition, id, actions);
  return true;
}

function execute(transition: Transition, memberId: number, actions: readonly DtmfAction[]): void {
  const { orderedBy } = transition;
  transition.actingFor = memberId;
  transition.orderedBy = `member ${formatMemberAddress(memberId, transition.conference.remote?.node ?? null)}`;
  for (const { commandsOf } of actions) {
    // Each action sees what the one before has made of the member.
    const acting = transition.conference.members.byId(memberId);
    const commands = acting ? commandsOf(acting, transition.conference) : [];
    for (const command of commands) executeCommand(transition, command);
  }
  transition.actingFor = null;
  transition.orderedBy = orderedBy;
  const refusal = transition.consumeRefusal();
  const current = transition.conference.members.byId(memberId);
  if (refusal && current && isAdmitted(current)) transition.prompt(current, ['denied']);
}
