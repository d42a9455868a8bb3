import { equals } from '../../base/equals.ts';
import { CHANNEL_SETUP_KEYS, changedKeys, channelSetupOf, isAlone, UNTOUCHED } from '../model/channel-setup.ts';
import { type Conference, changedMembers } from '../model/conference.ts';
import { nextDeadlineMs } from '../model/deadlines.ts';
import type { ChannelEffect, Effect } from '../model/effects.ts';
import { floorLegOf } from '../model/floor-leg.ts';
import { isAway, type Member } from '../model/member.ts';
import { savedConferenceOf } from '../model/saved-conference.ts';
import { savedOf } from '../model/saved-member.ts';
import { publication, type Transition } from './transition.ts';

/**
 * The effects that make Asterisk fit what a transition has made of the conference, and those that tell of it. How
 * each channel is set up follows from the state, so the difference between before and after is what has to change.
 */
export function converge(before: Conference, transition: Transition): Effect[] {
  const after = transition.conference;
  const effects: Effect[] = [...transition.first];
  if (before.status === 'new' && after.status !== 'new') effects.push({ type: 'open-floor' });
  const shared = before.settings !== after.settings || isAlone(before) !== isAlone(after);
  for (const [was, member] of changedMembers(before, after, shared)) {
    effects.push(...configure(before, was, member, transition), ...announceFlags(was, member, transition));
  }
  const leg = floorLegOf(after);
  if (!equals(leg, floorLegOf(before)) || (transition.resave && leg)) {
    effects.push({ type: 'floor-leg', leg });
  }
  // There may be too many for the arguments of one call.
  for (const effect of transition.effects) effects.push(effect);
  saveConference(before, transition, effects);
  const deadlineMs = nextDeadlineMs(after);
  if (Number.isFinite(deadlineMs) && (transition.woken || deadlineMs !== nextDeadlineMs(before))) {
    effects.push({ type: 'wake', atMs: deadlineMs });
  }
  return effects;
}

function configure(
  before: Conference,
  was: Member | undefined,
  member: Member,
  transition: Transition,
): ChannelEffect[] {
  const { channelId } = member;
  const to = channelSetupOf(transition.conference, member);
  const saved = savedOf(member, transition.conference);
  const save = (settled: boolean): ChannelEffect => ({ type: 'save-member', channelId, member: { ...saved, settled } });
  const assumed = transition.assumed.get(channelId);
  const from = assumed ?? (was ? (channelSetupOf(before, was) ?? 'unknown') : UNTOUCHED);
  const changed = to ? (from === 'unknown' ? CHANNEL_SETUP_KEYS : changedKeys(from, to)) : [];
  if (to && changed.length > 0) {
    const fresh = !was && !assumed;
    return [...(fresh ? [] : [save(false)]), { type: 'configure-channel', channelId, to, changed }, save(true)];
  }
  // A member in the hands of the dialplan is saved when back. Before the good-bye a member is saved, to leave in any case.
  if (isAway(member) && (!was || isAway(was))) return [];
  // A member who was deaf hears the sounds of the dialplan, and the good-bye.
  if (!to && from !== 'unknown' && !from.hearing) {
    const hearing = { ...UNTOUCHED, answered: true };
    return [save(false), { type: 'configure-channel', channelId, to: hearing, changed: ['hearing'] }, save(true)];
  }
  // It is not known whether the member was saved like this.
  if (assumed === 'unknown') return [save(true)];
  const same = was && equals(savedOf(was, before), saved);
  // An adopted member is as saved.
  return same || (!was && assumed) ? [] : [save(true)];
}

function announceFlags(was: Member | undefined, member: Member, { flagsOrderedBy }: Transition): Effect[] {
  const { id: memberId, channelId, flags } = member;
  if (!was || was.place.at === 'arriving' || equals(was.flags, flags)) return [];
  return [publication({ type: 'flags-changed', memberId, flags }, flagsOrderedBy.get(channelId) ?? null)];
}

function saveConference(before: Conference, { conference: after, resave }: Transition, effects: Effect[]): void {
  if (after.status === 'new' || after.status === 'ended') {
    if (before.status !== after.status) effects.push({ type: 'save-conference', saved: null });
    return;
  }
  if (!resave && haveOnlyMembersChanged(before, after)) return;
  const saved = savedConferenceOf(after);
  // The next number alone is no reason: members carry theirs.
  const same = equals(saved, { ...savedConferenceOf(before), nextMemberId: saved.nextMemberId });
  if (resave || before.status === 'new' || !same) effects.push({ type: 'save-conference', saved });
}

/** The most frequent case, which needs no closer look. */
function haveOnlyMembersChanged(before: Conference, after: Conference): boolean {
  const keys = Object.keys(after) as (keyof Conference)[];
  return keys.every((key) => key === 'members' || key === 'nextMemberId' || before[key] === after[key]);
}
