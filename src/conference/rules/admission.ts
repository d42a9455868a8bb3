import type { PromptName } from '../../prompts/catalogue.ts';
import { countMembers, isFloorFull } from '../model/conference.ts';
import { type MemberFlags, PLAIN_FLAGS } from '../model/flags.ts';
import type { Input } from '../model/inputs.ts';
import { IGNORE_HASH_MS, type Member, newMember } from '../model/member.ts';
import { askedFor, completed, dialPin, matchPin, type PinEntry, startPinEntry } from '../model/pin-entry.ts';
import type { Access } from '../model/settings.ts';
import { isAmong } from './flags-and-hands.ts';
import { greet } from './greeting.ts';
import { leave } from './leaving.ts';
import { askForName, asksForName } from './naming.ts';
import { announceArrival } from './playback.ts';
import type { Transition } from './transition.ts';

/** A call has come. It is admitted, or asked for a PIN first. */
export function join(transition: Transition, call: Omit<Extract<Input, { type: 'join' }>, 'type'>): void {
  const { channelId, caller, flags: given, origin, path, phoneHold = false, ownMute = false } = call;
  const { conference, profile, nowMs } = transition;
  if (conference.members.has(channelId)) return;
  const flags = { ...PLAIN_FLAGS, ...profile.flags, ...given };
  const member = newMember({
    id: conference.nextMemberId,
    channelId,
    caller,
    joinedAtMs: nowMs,
    flags,
    place: { at: 'door' },
    path,
    phoneHold,
    ownMute,
    ignoreHashUntilMs: origin === 'lobby' ? nowMs + IGNORE_HASH_MS : 0,
  });
  if (conference.status === 'new')
    transition.publish({ type: 'started', profileName: conference.settings.profileName });
  if (conference.status !== 'ending') transition.become({ ...conference, status: 'running' });
  transition.change({ nextMemberId: member.id + 1 });
  transition.put(member);
  if (origin === 'transferred') transition.assumed.set(channelId, 'unknown');
  if (origin === 'transferred') return admit(transition, member, 'transferred');
  // Said with "-auth", and not only left out.
  const required = (given.auth ?? profile.flags.auth) === false;
  if (flags.auth || !(required || needsPin(profile.access, flags))) return admit(transition, member);
  if (required && !hasPinFor(profile.access, flags)) return turnAwayWithoutPin(transition, member);
  askForPin(transition, member, { triesLeft: profile.access.tries, required });
}

function needsPin({ userPin, adminPin }: Access, flags: MemberFlags): boolean {
  return Boolean(userPin || (flags.admin && adminPin));
}

/** Whether there is a PIN by which the caller could prove to be what the dialplan says. */
function hasPinFor({ userPin, adminPin }: Access, flags: MemberFlags): boolean {
  return Boolean(adminPin || (userPin && !flags.admin));
}

/** A caller who has to dial a PIN, where the profile has none. */
function turnAwayWithoutPin(transition: Transition, member: Member): void {
  transition.publish({ type: 'pin-missing', caller: member.caller, admin: member.flags.admin });
  turnAway(transition, member, 'PIN', 'denied');
}

/** Asks for a PIN. @param first what the caller is told before */
export function askForPin(
  transition: Transition,
  member: Member,
  entry: Pick<PinEntry, 'triesLeft' | 'required'>,
  ...first: readonly PromptName[]
): void {
  const pinEntry = startPinEntry(entry, transition.profile.access, transition.nowMs);
  transition.patch(member.channelId, { pinEntry });
  transition.prompt(member, [...first, 'enter-pin'], { nextStep: 'dial-pin' });
}

/** The caller has heard the request to dial the PIN. */
export function pinAsked(transition: Transition, { channelId, pinEntry }: Member): void {
  if (!pinEntry || pinEntry.complete) return;
  transition.patch(channelId, { pinEntry: askedFor(pinEntry, transition.profile.access, transition.nowMs) });
}

/** The profile has changed: a caller whose PIN is no longer required is admitted at once. */
export function pinsChanged(transition: Transition): void {
  const { access } = transition.profile;
  for (const member of transition.conference.members.where(({ pinEntries }) => pinEntries > 0)) {
    const inside = member.place.at !== 'door';
    const required = member.pinEntry?.required === true;
    const atDoor = required ? hasPinFor : needsPin;
    if (inside ? access.adminPin : atDoor(access, member.flags)) continue;
    transition.do({ type: 'hush', channelId: member.channelId });
    if (required) turnAwayWithoutPin(transition, member);
    else if (inside) transition.patch(member.channelId, { pinEntry: null });
    else accept(transition, member, member.flags);
  }
}

/** A digit of a caller who was asked for a PIN. */
export function dialledPinDigit(transition: Transition, member: Member, digit: string): void {
  const { channelId, pinEntry } = member;
  const { profile, nowMs } = transition;
  if (!pinEntry) return;
  const begins = /^\d$/.test(digit) && pinEntry.digits === '';
  if (begins) transition.do({ type: 'hush', channelId });
  const dialled = dialPin(pinEntry, digit, profile.access, nowMs);
  if (dialled.type === 'more') transition.patch(channelId, { pinEntry: dialled.entry });
  else checkPin(transition, member, pinEntry, dialled.digits);
}

/** Nobody has dialled on in time: what has been dialled counts. Silence is not a guess. */
export function pinTimedOut(transition: Transition, member: Member, pinEntry: PinEntry): void {
  if (pinEntry.digits === '' || pinEntry.complete) rejectPin(transition, member);
  else checkPin(transition, member, pinEntry, pinEntry.digits);
}

/** The PIN is complete, and is judged as soon as wrong ones lately permit. */
function checkPin(transition: Transition, member: Member, pinEntry: PinEntry, digits: string): void {
  const { channelId, caller } = member;
  const { conference, nowMs } = transition;
  transition.patch(channelId, { pinEntry: completed(pinEntry, digits, nowMs) });
  transition.do({ type: 'check-pin', channelId, caller, members: countMembers(conference) });
}

/** The caller waits until the PIN is judged, and is told why. */
export function pinHeld(transition: Transition, member: Member, delayMs: number): void {
  if (!member.pinEntry?.complete) return;
  transition.publish({ type: 'pin-guessing', caller: member.caller, delayMs });
  transition.prompt(member, ['pin-wait']);
}

/** The PIN is judged now. */
export function judgePin(transition: Transition, member: Member): void {
  if (!member.pinEntry?.complete) return;
  const { channelId } = member;
  const { digits } = member.pinEntry;
  const { access } = transition.profile;
  const inside = member.place.at !== 'door';
  const match = matchPin(access, digits);
  // A member who is inside needs the PIN of moderators.
  const right = match === 'admin' || (match === 'user' && !inside);
  transition.do({ type: 'pin-judged', channelId, right });
  if (match === 'admin') {
    const flags = { ...member.flags, ...access.adminFlags, admin: true };
    const full = inside && !member.flags.speaker && isFloorFull(transition.conference);
    accept(transition, member, { ...flags, speaker: flags.speaker && !full });
  } else if (right) {
    // Where moderators have a PIN of their own, or must have one, this one was not it.
    const admin = member.flags.admin && !access.adminPin && !member.pinEntry.required;
    accept(transition, member, { ...member.flags, admin });
  } else {
    rejectPin(transition, member);
  }
}

function accept(transition: Transition, member: Member, flags: MemberFlags): void {
  // People end a PIN with # even where it was complete without.
  transition.patch(member.channelId, { flags, pinEntry: null, ignoreHashUntilMs: transition.nowMs + IGNORE_HASH_MS });
  if (member.place.at !== 'door') transition.prompt(member, ['admin']);
  else admit(transition, { ...member, flags, pinEntry: null });
}

function rejectPin(transition: Transition, member: Member): void {
  const { triesLeft: before = 1, required = false } = member.pinEntry ?? {};
  const triesLeft = before - 1;
  if (triesLeft > 0) return askForPin(transition, member, { triesLeft, required }, 'bad-pin');
  transition.patch(member.channelId, { pinEntry: null });
  if (member.place.at === 'door') turnAway(transition, member, 'PIN', 'pin-failed');
  else transition.prompt(member, ['pin-failed']);
}

/** Admits a caller who may come in, if there is room. */
function admit(transition: Transition, member: Member, welcome: PromptName = 'welcome'): void {
  const { conference } = transition;
  const { limits } = transition.profile;
  const { flags } = member;
  if (conference.status === 'ending') return turnAway(transition, member, 'ENDED', 'conference-ending');
  if (conference.locked && !flags.admin) return turnAway(transition, member, 'LOCKED', 'locked');
  const isFull = countMembers(conference) >= limits.members;
  if (isFull && !flags.admin && !flags.ghost) return turnAway(transition, member, 'FULL', 'full');
  // The caller joins as a listener where the floor is full.
  const speaker = flags.speaker && !isFloorFull(conference);
  const admitted = { ...flags, speaker, mute: flags.mute || isAmong(conference.mutedAll, flags) };
  transition.patch(member.channelId, { flags: admitted, place: { at: 'greeting' } });
  const current = transition.conference.members.get(member.channelId) ?? member;
  if (asksForName(transition, flags)) askForName(transition, current);
  else greet(transition, current, welcome);
}

function turnAway(
  transition: Transition,
  member: Member,
  result: 'PIN' | 'LOCKED' | 'FULL' | 'ENDED',
  prompt: PromptName,
): void {
  const { id: memberId, caller } = member;
  transition.publish({ type: 'turned-away', memberId, caller, result });
  leave(transition, member, result, prompt);
}

/** The channel is in the floor bridge. */
export function entered(transition: Transition, member: Member): void {
  if (member.place.at !== 'arriving') return;
  transition.patch(member.channelId, { place: { at: 'floor' } });
  const { id: memberId, caller, flags } = member;
  transition.publish({ type: 'joined', memberId, caller, flags });
  announceArrival(transition, member, 'joined');
}
