import { equals } from '../../base/equals.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import { type Adjustable, type Adjustment, RANGES, type Scope } from '../model/commands.ts';
import { isFloorFull, raisedHands } from '../model/conference.ts';
import type { FlagChanges, MemberFlags } from '../model/flags.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import { forward, share } from './cluster-out.ts';
import type { Transition } from './transition.ts';

/** Rules about hearing and being heard: flags, hands, volumes. */

/** Changes a member's flags and tells the member. */
export function setFlags(transition: Transition, member: Member, changes: FlagChanges): void {
  const flags = { ...member.flags, ...changes };
  if (refusesSpeaker(transition, member, flags)) return;
  transition.patch(member.channelId, {
    ...withFlags(transition, member, flags),
    ownMute: changes.mute ?? member.ownMute,
    ...(flags.mute && !member.flags.mute && toldMuted(transition, 'muted')),
  });
  announceFlags(transition, member, flags);
}

/** A member with other flags. A listener who becomes a speaker has been given the floor. */
function withFlags({ nowMs }: Transition, member: Member, flags: MemberFlags): Partial<Member> {
  if (flags.speaker === member.flags.speaker) return { flags };
  return { flags, floorGivenAtMs: flags.speaker ? nowMs : null };
}

/** Refuses to make another member a speaker where the floor is full. @returns whether it has refused */
function refusesSpeaker(transition: Transition, member: Member, flags: MemberFlags): boolean {
  const full = flags.speaker && !member.flags.speaker && isFloorFull(transition.conference);
  if (full) transition.refuse({ code: 'too-many-speakers', limit: transition.profile.limits.speakers });
  return full;
}

/** The member hears just now that they are muted, and need not be told again when they end their sentence. */
function toldMuted(transition: Transition, prompt: PromptName): Partial<Member> {
  return transition.sounds([prompt]).media.length > 0 ? { toldMutedAtMs: transition.nowMs } : {};
}

function announceFlags(transition: Transition, member: Member, flags: MemberFlags): void {
  // "You will hear nothing" is played while the member still hears.
  if (flags.deaf && !member.flags.deaf) transition.promptBefore(member, ['deafened']);
  const prompts: PromptName[] = [];
  const changed = (flag: keyof MemberFlags, on: PromptName, off: PromptName) => {
    if (flags[flag] !== member.flags[flag]) prompts.push(flags[flag] ? on : off);
  };
  if (!flags.deaf && member.flags.deaf) prompts.push('undeafened');
  changed('mute', 'muted', 'unmuted');
  changed('speaker', 'speaker', 'unspeaker');
  changed('admin', 'admin', 'unadmin');
  if (prompts.length > 0 && !flags.deaf) transition.prompt(member, prompts);
}

/** Everybody there is, and everybody who joins from now on; null lifts it. Told once, not to each. */
export function muteAll(transition: Transition, audience: Scope | null): void {
  muteMembers(transition, audience);
  share(transition, { setting: 'mutedAll', value: audience });
  transition.announce([audience === null ? 'floor-unmuted' : 'floor-muted']);
}

/** As `muteAll`, without a word. */
export function muteMembers(transition: Transition, audience: Scope | null): void {
  const before = transition.conference.mutedAll;
  transition.change({ mutedAll: audience });
  if (before !== audience) transition.publish({ type: 'muted-all', audience });
  for (const member of transition.members) {
    if (!isAdmitted(member)) continue;
    if (isAmong(audience, member.flags)) setMute(transition, member, true);
    // Moderators who are no longer meant are as they were before.
    else if ((audience === null || before === 'all') && !member.ownMute) setMute(transition, member, false);
  }
}

/** Whether a member with these flags is one of those meant. */
export function isAmong(audience: Scope | null, { admin }: MemberFlags): boolean {
  return audience === 'all' || (audience === 'non-admins' && !admin);
}

function setMute(transition: Transition, { channelId, flags }: Member, mute: boolean): void {
  if (flags.mute === mute) return;
  transition.patch(channelId, { flags: { ...flags, mute }, ...(mute && toldMuted(transition, 'floor-muted')) });
}

/** Changes the flags of many, without a prompt to each. A member who finds no place on the floor stays in the audience. */
export function setFlagsOfAll(transition: Transition, audience: Scope, changes: FlagChanges): void {
  for (const member of transition.members) {
    if (!isAdmitted(member) || !isAmong(audience, member.flags)) continue;
    const flags = { ...member.flags, ...changes };
    if (equals(flags, member.flags) || refusesSpeaker(transition, member, flags)) continue;
    transition.patch(member.channelId, {
      ...withFlags(transition, member, flags),
      ownMute: member.ownMute && flags.mute,
    });
  }
}

export function raiseHand(transition: Transition, member: Member, raised: boolean): void {
  if ((member.handRaisedAtMs !== null) === raised) return;
  transition.patch(member.channelId, { handRaisedAtMs: raised ? transition.nowMs : null });
  transition.publish({ type: 'hand', memberId: member.id, raised });
  transition.prompt(member, [raised ? 'hand-raised' : 'hand-lowered']);
}

/** Gives the floor to the member whose hand was raised first, and lowers the hand. */
export function nextHand(transition: Transition): void {
  const next = transition.conference.members.firstHand;
  const elsewhere = transition.conference.remote?.oldestHand;
  if (elsewhere && elsewhere.atMs < (next?.handRaisedAtMs ?? Number.POSITIVE_INFINITY)) {
    transition.meant = { memberId: elsewhere.memberId, node: elsewhere.node };
    return forward(transition, elsewhere.node, { type: 'call-on', memberId: elsewhere.memberId });
  }
  if (!next) return transition.refuseAsImpossible('no hand is raised');
  transition.meant = { memberId: next.id };
  callOn(transition, next);
}

/** Gives a member the floor, and lowers the hand. */
export function callOn(transition: Transition, member: Member): void {
  const flags = { ...member.flags, speaker: true, mute: false };
  if (refusesSpeaker(transition, member, flags)) return;
  transition.patch(member.channelId, { ...withFlags(transition, member, flags), handRaisedAtMs: null, ownMute: false });
  if (member.handRaisedAtMs !== null) transition.publish({ type: 'hand', memberId: member.id, raised: false });
  transition.prompt(member, ['hand-your-turn']);
}

/** Takes the floor from the member that got it last, so that the member listens again. */
export function takeFloorBack(transition: Transition): void {
  const last = transition.conference.members.lastGivenFloor;
  const elsewhere = transition.conference.remote?.lastGivenFloor;
  const changes: FlagChanges = { speaker: false };
  if (elsewhere && elsewhere.atMs > (last?.floorGivenAtMs ?? 0)) {
    const { node, memberId } = elsewhere;
    transition.meant = { memberId, node };
    return forward(transition, node, { type: 'set-flags', memberId, changes });
  }
  if (!last) return transition.refuseAsImpossible('nobody has been given the floor');
  transition.meant = { memberId: last.id };
  setFlags(transition, last, changes);
}

export function lowerHands(transition: Transition): void {
  for (const member of raisedHands(transition.conference)) {
    transition.patch(member.channelId, { handRaisedAtMs: null });
    transition.publish({ type: 'hand', memberId: member.id, raised: false });
  }
}

/** Changes a sound setting of a member within its range. */
export function adjust(transition: Transition, member: Member, setting: Adjustable, adjustment: Adjustment): void {
  const { min, max } = RANGES[setting];
  const now = member.adjusted[setting] ?? transition.profile.audio[setting];
  const value = adjustment === 'profile' ? undefined : Math.min(max, Math.max(min, now + adjustment.by));
  transition.patch(member.channelId, { adjusted: { ...member.adjusted, [setting]: value } });
  if (setting === 'talkVolume' || setting === 'listenVolume') transition.prompt(member, ['level']);
}
