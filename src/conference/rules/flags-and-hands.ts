import { RANGES } from '../../profiles/ranges.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import type { Adjustable, Adjustment } from '../model/commands.ts';
import { type Audience, countSpeakers, raisedHands } from '../model/conference.ts';
import { type FlagChanges, type MemberFlags, sameFlags } from '../model/flags.ts';
import { isAdmitted, type Member } from '../model/member.ts';

import { forward, share } from './cluster-out.ts';
import type { Turn } from './transition.ts';

/** Who is heard and who hears: flags, hands, volumes. */

/** Changes a member's flags and tells the member. */
export function setFlags(turn: Turn, member: Member, changes: FlagChanges): void {
  const flags = { ...member.flags, ...changes };
  if (sameFlags(flags, member.flags)) return;
  const { limits } = turn.conference.settings.profile;
  if (flags.speaker && !member.flags.speaker && countSpeakers(turn.conference) >= limits.speakers) {
    return turn.refuse({ code: 'too-many-speakers', limit: limits.speakers });
  }
  turn.patch(member.channelId, { flags });
  tellFlags(turn, member, flags);
}

function tellFlags(turn: Turn, member: Member, flags: MemberFlags): void {
  // "You will hear nothing" is played while the member still hears.
  if (flags.deaf && !member.flags.deaf) turn.promptBefore(member, ['deafened']);
  const told: PromptName[] = [];
  const changed = (flag: keyof MemberFlags, on: PromptName, off: PromptName) => {
    if (flags[flag] !== member.flags[flag]) told.push(flags[flag] ? on : off);
  };
  if (!flags.deaf && member.flags.deaf) told.push('undeafened');
  changed('mute', 'muted', 'unmuted');
  changed('speaker', 'speaker', 'unspeaker');
  changed('admin', 'admin', 'unadmin');
  if (told.length > 0 && !flags.deaf) turn.prompt(member, told);
}

/** Everybody there is, and everybody who joins from now on. Told once, not to each. */
export function muteAll(turn: Turn, audience: Audience | null): void {
  muteMembers(turn, audience);
  share(turn, { setting: 'mutedAll', value: audience });
  turn.announce([audience === null ? 'floor-unmuted' : 'floor-muted']);
}

/** As `muteAll`, without a word. */
export function muteMembers(turn: Turn, audience: Audience | null): void {
  const before = turn.conference.mutedAll;
  turn.change({ mutedAll: audience });
  if (before !== audience) turn.publish({ type: 'muted-all', audience });
  const lifted = audience === null;
  setFlagsOfAll(turn, lifted ? (before ?? 'all') : audience, { mute: !lifted });
}

/** Changes the flags of many, without a prompt to each. Who finds no place on the floor stays in the audience. */
export function setFlagsOfAll(turn: Turn, audience: Audience, changes: FlagChanges): void {
  for (const member of turn.members) {
    if (!isAdmitted(member) || (audience === 'non-admins' && member.flags.admin)) continue;
    const flags = { ...member.flags, ...changes };
    const { speakers } = turn.conference.settings.profile.limits;
    if (flags.speaker && !member.flags.speaker && countSpeakers(turn.conference) >= speakers) {
      turn.refuse({ code: 'too-many-speakers', limit: speakers });
      continue;
    }
    if (!sameFlags(flags, member.flags)) turn.patch(member.channelId, { flags });
  }
}

export function raiseHand(turn: Turn, member: Member, raised: boolean): void {
  if ((member.handRaisedAtMs !== null) === raised) return;
  turn.patch(member.channelId, { handRaisedAtMs: raised ? turn.nowMs : null });
  turn.publish({ type: 'hand', memberId: member.id, raised });
  turn.prompt(member, [raised ? 'hand-raised' : 'hand-lowered']);
}

/** Gives the floor to the member whose hand was raised first, and lowers the hand. */
export function nextHand(turn: Turn): void {
  const next = turn.conference.members.firstHand;
  const elsewhere = turn.conference.remote?.oldestHand;
  if (elsewhere && elsewhere.atMs < (next?.handRaisedAtMs ?? Number.POSITIVE_INFINITY)) {
    return forward(turn, elsewhere.node, { type: 'call-on', memberId: elsewhere.memberId });
  }
  if (!next) return turn.refuse({ code: 'not-possible', message: 'no hand is raised' });
  callOn(turn, next);
}

/** Gives a member the floor, and lowers the hand. */
export function callOn(turn: Turn, member: Member): void {
  const { limits } = turn.conference.settings.profile;
  if (!member.flags.speaker && countSpeakers(turn.conference) >= limits.speakers) {
    return turn.refuse({ code: 'too-many-speakers', limit: limits.speakers });
  }
  turn.patch(member.channelId, { handRaisedAtMs: null, flags: { ...member.flags, speaker: true, mute: false } });
  if (member.handRaisedAtMs !== null) turn.publish({ type: 'hand', memberId: member.id, raised: false });
  turn.prompt(member, ['hand-your-turn']);
}

export function lowerHands(turn: Turn): void {
  for (const member of raisedHands(turn.conference)) {
    turn.patch(member.channelId, { handRaisedAtMs: null });
    turn.publish({ type: 'hand', memberId: member.id, raised: false });
  }
}

/** Changes a sound setting of a member within its range. */
export function adjust(turn: Turn, member: Member, setting: Adjustable, adjustment: Adjustment): void {
  const { min, max } = RANGES[setting];
  const now = member.adjusted[setting] ?? turn.conference.settings.profile.audio[setting];
  const value = adjustment === 'profile' ? undefined : Math.min(max, Math.max(min, now + adjustment.by));
  turn.patch(member.channelId, { adjusted: { ...member.adjusted, [setting]: value } });
  if (setting === 'talkVolume' || setting === 'listenVolume') turn.prompt(member, ['level']);
}
