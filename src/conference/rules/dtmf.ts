import { findAction, parseActionCall } from '../../dtmf/catalogue.ts';
import { press } from '../../dtmf/collector.ts';
import { controlsOf, findMember } from '../model/conference.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import { dialledPinKey } from './admission.ts';
import { carryOut } from './execute-command.ts';
import type { Turn } from './transition.ts';

/** A member has pressed a key. */
export function pressed(turn: Turn, member: Member, key: string): void {
  // While the member is away, keys are for the application of the dialplan.
  if (member.place.at === 'leaving' || member.place.at === 'away') return;
  if (member.pinEntry) return dialledPinKey(turn, member, key);
  if (key === '#' && turn.nowMs < member.ignoreHashUntilMs) {
    return turn.patch(member.channelId, { ignoreHashUntilMs: 0 });
  }
  // Keys have a meaning only for those who are in; # ends a spoken name.
  if (member.place.at === 'naming') return;
  const controls = controlsOf(turn.conference, member);
  const pauseMs = controls.pauseSeconds * 1000;
  const { collector, fired } = press(member.keys, key, Object.keys(controls.keys), pauseMs, turn.nowMs);
  turn.patch(member.channelId, { keys: collector });
  act(turn, member.id, fired);
}

/** Carries out the actions of the key sequences that a member has completed. */
export function act(turn: Turn, memberId: number, fired: readonly string[]): void {
  for (const sequence of fired) {
    const member = findMember(turn.conference, memberId);
    if (!member) return;
    const calls = controlsOf(turn.conference, member).keys[sequence] ?? [];
    turn.actingFor = memberId;
    for (const call of [calls].flat()) actOnce(turn, memberId, call);
    turn.actingFor = null;
    const refusal = turn.takeRefusal();
    const current = findMember(turn.conference, memberId);
    if (refusal && current && isAdmitted(current)) turn.prompt(current, ['denied']);
  }
}

/** Each action sees what the one before has made of the member. */
function actOnce(turn: Turn, memberId: number, text: string): void {
  const member = findMember(turn.conference, memberId);
  const call = parseActionCall(text);
  if (!member || !call.ok) return;
  const { conference } = turn;
  const commands = findAction(call.name)?.commands({ member, conference, argument: call.argument }) ?? [];
  for (const command of commands) carryOut(turn, command);
}
