import type { PromptName } from '../../prompts/catalogue.ts';
import { isAlone } from '../model/channel-setup.ts';
import { countMembers, hasAdmin } from '../model/conference.ts';
import type { MemberFlags } from '../model/flags.ts';
import type { Member } from '../model/member.ts';
import type { Transition } from './transition.ts';

/** Members who have been admitted, until they are on the way to the floor. */

/** Tells a member about the conference. The member waits, or goes to the floor, when that is over. */
export function greet(transition: Transition, member: Member, welcome: PromptName = 'welcome'): void {
  const alone: PromptName[] = isAlone(transition.conference) && !member.flags.ghost ? ['alone'] : [];
  const welcomes = member.flags.quiet ? [] : [welcome, ...alone];
  const prompts: PromptName[] = waits(transition, member.flags) ? ['waiting'] : welcomes;
  const values = { count: countMembers(transition.conference) };
  if (transition.sounds(prompts, values).media.length === 0) greeted(transition, member);
  else transition.prompt(member, prompts, { values, nextStep: 'enter' });
}

/** The greeting is over: the member waits, or goes to the floor. */
export function greeted(transition: Transition, member: Member): void {
  if (member.place.at !== 'greeting') return;
  const at = waits(transition, member.flags) ? 'waiting' : 'arriving';
  transition.patch(member.channelId, { place: { at } });
  if (at === 'waiting') transition.publish({ type: 'moved', memberId: member.id, place: at });
}

/** Lets those in who wait for a moderator, once there is one. */
export function letWaitingIn(transition: Transition): void {
  // No moderator is among those who wait: then nobody would have to.
  if (transition.profile.access.waitForAdmin && !hasAdmin(transition.conference)) return;
  for (const member of transition.conference.members.where(({ waiting }) => waiting > 0)) {
    transition.patch(member.channelId, { place: { at: 'arriving' } });
  }
}

function waits(transition: Transition, flags: MemberFlags): boolean {
  return transition.profile.access.waitForAdmin && !flags.admin && !hasAdmin(transition.conference);
}
