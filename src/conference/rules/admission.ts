import { IDLE } from '../../dtmf/collector.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import { isAlone } from '../model/channel-setup.ts';
import { type Conference, countAdmitted, countSpeakers, hasAdmin } from '../model/conference.ts';
import { flagChanges, type MemberFlags, PLAIN_FLAGS } from '../model/flags.ts';
import type { Input } from '../model/inputs.ts';
import type { Member } from '../model/member.ts';
import { type Access, askedFor, asking, dialPin, matchPin, startPinEntry } from '../model/pin-entry.ts';
import { guessingDelayMs, isSuspicious, recordWrongPin } from '../model/pin-throttle.ts';
import { leave } from './leaving.ts';
import type { Turn } from './transition.ts';

/** How soon after a complete number its `#` may come. */
const HASH_MS = 3000;

/** A call has come. It is admitted, or asked for a PIN first. */
export function join(turn: Turn, call: Omit<Extract<Input, { type: 'join' }>, 'type'>): void {
  const { channelId, caller, flags: given, origin, path } = call;
  const { conference, nowMs } = turn;
  if (conference.members.has(channelId)) return;
  const { profile } = conference.settings;
  const flags = { ...PLAIN_FLAGS, ...flagChanges(profile.flags), ...given };
  const member: Member = {
    id: conference.nextMemberId,
    channelId,
    caller,
    joinedAtMs: nowMs,
    flags,
    place: { at: 'door' },
    path,
    adjusted: {},
    handRaisedAtMs: null,
    talking: false,
    keys: IDLE,
    spokenName: null,
    ignoreHashUntilMs: origin === 'lobby' ? nowMs + HASH_MS : 0,
    pinEntry: null,
    warned: false,
  };
  if (conference.status === 'new') turn.publish({ type: 'started', profileName: conference.settings.profileName });
  if (conference.status !== 'ending') turn.become({ ...conference, status: 'running' });
  turn.change({ nextMemberId: member.id + 1 });
  turn.put(member);
  if (origin === 'transferred') turn.assumed.set(channelId, 'unknown');
  const asked = origin !== 'transferred' && !flags.auth && needsPin(profile.access, flags);
  if (asked) askForPin(turn, member, profile.access.tries);
  else admit(turn, member, origin === 'transferred' ? 'transferred' : 'welcome');
}

function needsPin({ userPin, adminPin }: Access, flags: MemberFlags): boolean {
  return Boolean(userPin || (flags.admin && adminPin));
}

/** Asks for a PIN, as slowly as wrong ones lately suggest. @param first what the caller is told before */
export function askForPin(turn: Turn, member: Member, triesLeft: number, ...first: readonly PromptName[]): void {
  const { conference, nowMs } = turn;
  const delayMs = guessingDelayMs(conference.guesses, member.caller.number, nowMs);
  const pinEntry = startPinEntry(triesLeft, nowMs, delayMs);
  turn.patch(member.channelId, { pinEntry });
  if (delayMs === 0) return pinOpened(turn, { ...member, pinEntry }, ...first);
  if (first.length > 0) turn.prompt(member, first);
}

/** The caller may dial the PIN now. */
export function pinOpened(turn: Turn, member: Member, ...first: readonly PromptName[]): void {
  if (!member.pinEntry) return;
  const { access } = turn.conference.settings.profile;
  turn.patch(member.channelId, { pinEntry: asking(member.pinEntry, access, turn.nowMs) });
  turn.prompt(member, [...first, 'enter-pin'], { sequel: 'dial-pin' });
}

/** The caller has heard the request to dial the PIN. */
export function pinAsked(turn: Turn, { channelId, pinEntry }: Member): void {
  if (!pinEntry?.asked) return;
  turn.patch(channelId, { pinEntry: askedFor(pinEntry, turn.conference.settings.profile.access, turn.nowMs) });
}

/** The profile has changed: a caller whose PIN is no longer required is admitted at once. */
export function pinsChanged(turn: Turn): void {
  const { access } = turn.conference.settings.profile;
  for (const member of turn.conference.members.where(({ pinEntries }) => pinEntries > 0)) {
    const inside = member.place.at !== 'door';
    if (inside ? access.adminPin : needsPin(access, member.flags)) continue;
    turn.do({ type: 'hush', channelId: member.channelId });
    if (inside) turn.patch(member.channelId, { pinEntry: null });
    else accept(turn, member, member.flags, inside);
  }
}

/** A key of someone who was asked for a PIN. */
export function dialledPinKey(turn: Turn, member: Member, key: string): void {
  if (!member.pinEntry) return;
  const begins = /^\d$/.test(key) && member.pinEntry.digits === '' && turn.nowMs >= member.pinEntry.closedUntilMs;
  if (begins) turn.do({ type: 'hush', channelId: member.channelId });
  const dialled = dialPin(member.pinEntry, key, turn.conference.settings.profile.access, turn.nowMs);
  if (dialled.type === 'more') turn.patch(member.channelId, { pinEntry: dialled.entry });
  else tryPin(turn, member, dialled.digits);
}

/** Nobody dialled in time: what has been dialled counts. */
export function pinTimedOut(turn: Turn, member: Member): void {
  if (member.pinEntry) tryPin(turn, member, member.pinEntry.digits);
}

function tryPin(turn: Turn, member: Member, digits: string): void {
  const { access } = turn.conference.settings.profile;
  const match = matchPin(access, digits);
  const inside = member.place.at !== 'door';
  if (match === 'admin') {
    const flags = { ...member.flags, ...flagChanges(access.adminFlags), admin: true };
    const full = inside && !member.flags.speaker && isFloorFull(turn);
    accept(turn, member, { ...flags, speaker: flags.speaker && !full }, inside);
  } else if (match === 'user' && !inside) {
    // Where moderators have a PIN of their own, this one was not it.
    accept(turn, member, { ...member.flags, admin: member.flags.admin && !access.adminPin }, inside);
  } else {
    rejectPin(turn, member, digits);
  }
}

function accept(turn: Turn, member: Member, flags: MemberFlags, inside: boolean): void {
  // People end a PIN with # even where it was complete without.
  turn.patch(member.channelId, { flags, pinEntry: null, ignoreHashUntilMs: turn.nowMs + HASH_MS });
  if (inside) turn.prompt(member, ['admin']);
  else admit(turn, { ...member, flags, pinEntry: null });
}

function rejectPin(turn: Turn, member: Member, digits: string): void {
  const { caller, pinEntry } = member;
  const { nowMs } = turn;
  // Silence is not a guess.
  if (digits !== '') turn.change({ guesses: recordWrongPin(turn.conference.guesses, caller.number, nowMs) });
  const { guesses } = turn.conference;
  if (isSuspicious(guesses, caller.number, nowMs)) {
    turn.publish({ type: 'pin-guessing', caller, delayMs: guessingDelayMs(guesses, caller.number, nowMs) });
  }
  const triesLeft = (pinEntry?.triesLeft ?? 1) - 1;
  if (triesLeft > 0) return askForPin(turn, member, triesLeft, 'bad-pin');
  turn.patch(member.channelId, { pinEntry: null });
  if (member.place.at === 'door') turnAway(turn, member, 'PIN', 'pin-failed');
  else turn.prompt(member, ['pin-failed']);
}

/** Lets a caller in who may come in, if there is room. */
function admit(turn: Turn, member: Member, welcome: PromptName = 'welcome'): void {
  const { conference } = turn;
  const { limits } = conference.settings.profile;
  const { flags } = member;
  if (conference.status === 'ending') return turnAway(turn, member, 'ENDED', 'conference-ending');
  if (conference.locked && !flags.admin) return turnAway(turn, member, 'LOCKED', 'locked');
  if (countAdmitted(conference) >= limits.members && !flags.admin) return turnAway(turn, member, 'FULL', 'full');
  // The caller joins as a listener where the floor is full.
  const speaker = flags.speaker && !isFloorFull(turn);
  const muted = conference.mutedAll === 'all' || (conference.mutedAll === 'non-admins' && !flags.admin);
  const admitted = { ...flags, speaker, mute: flags.mute || muted };
  turn.patch(member.channelId, { flags: admitted, place: { at: 'greeting' } });
  const current = turn.conference.members.get(member.channelId) ?? member;
  if (!asksForName(turn)) return greet(turn, current, welcome);
  turn.patch(member.channelId, { place: { at: 'naming' } });
  turn.prompt(current, ['record-name'], { sequel: 'say-name' });
}

function isFloorFull({ conference }: Turn): boolean {
  return countSpeakers(conference) >= conference.settings.profile.limits.speakers;
}

/** What the recordings of a conference's names begin with. */
export function namePrefix({ name, startedAtMs }: Conference): string {
  return `rostrum/names/${name}-${startedAtMs}-`;
}

/** The caller has been asked for a name: it is recorded. */
export function sayName(turn: Turn, member: Member): void {
  if (member.place.at !== 'naming') return;
  const spokenName = `${namePrefix(turn.conference)}${member.id}`;
  turn.patch(member.channelId, { spokenName });
  turn.do({ type: 'record-name', channelId: member.channelId, name: spokenName });
}

/** The caller has said a name, or nothing. */
export function named(turn: Turn, member: Member, recorded: boolean): void {
  if (member.place.at !== 'naming') return;
  const current = { ...member, spokenName: recorded ? member.spokenName : null, place: { at: 'greeting' as const } };
  turn.put({ ...current, ignoreHashUntilMs: turn.nowMs + HASH_MS });
  greet(turn, current);
}

function greet(turn: Turn, member: Member, welcome: PromptName = 'welcome'): void {
  const alone: PromptName[] = isAlone(turn.conference) ? ['alone'] : [];
  const prompts: PromptName[] = waits(turn, member.flags) ? ['waiting'] : [welcome, ...alone];
  if (turn.sounds(prompts).media.length === 0) greeted(turn, member);
  else turn.prompt(member, prompts, { sequel: 'enter' });
}

function turnAway(turn: Turn, member: Member, result: 'PIN' | 'LOCKED' | 'FULL' | 'ENDED', prompt: PromptName): void {
  const { id: memberId, caller } = member;
  turn.publish({ type: 'turned-away', memberId, caller, result });
  leave(turn, member, result, prompt);
}

/** The greeting is over: the member waits, or goes to the floor. */
export function greeted(turn: Turn, member: Member): void {
  if (member.place.at !== 'greeting') return;
  const place = waits(turn, member.flags) ? ({ at: 'waiting' } as const) : ({ at: 'arriving' } as const);
  turn.patch(member.channelId, { place });
  if (place.at === 'waiting') turn.publish({ type: 'moved', memberId: member.id, place: 'waiting' });
}

/** The channel is in the floor bridge. */
export function entered(turn: Turn, member: Member): void {
  if (member.place.at !== 'arriving') return;
  turn.patch(member.channelId, { place: { at: 'floor' } });
  const { id: memberId, caller, flags } = member;
  turn.publish({ type: 'joined', memberId, caller, flags });
  announceArrival(turn, member, 'joined');
}

/** Lets those in who wait for a moderator, once there is one. */
export function letWaitingIn(turn: Turn): void {
  const { access } = turn.conference.settings.profile;
  // No moderator is among those who wait: then nobody would have to.
  if (access.waitForAdmin && !hasAdmin(turn.conference)) return;
  for (const member of turn.conference.members.where(({ waiting }) => waiting > 0)) {
    turn.patch(member.channelId, { place: { at: 'arriving' } });
  }
}

function asksForName(turn: Turn): boolean {
  const { announce, announceUpTo } = turn.conference.settings.profile.sound;
  return announce === 'name' && countAdmitted(turn.conference) <= announceUpTo;
}

/** Tells the others that somebody came or went, with a tone or by name, as long as they are few. */
export function announceArrival(turn: Turn, { spokenName }: Member, prompt: 'joined' | 'left'): void {
  const { announce, announceUpTo } = turn.conference.settings.profile.sound;
  const admitted = countAdmitted(turn.conference);
  // Who is left alone is told as well.
  const others = prompt === 'joined' ? admitted - 1 : admitted;
  if (announce === 'none' || others < 1 || admitted > announceUpTo) return;
  turn.announce(spokenName ? [`has-${prompt}`] : [prompt], { ...(spokenName && { name: spokenName }) });
}

function waits(turn: Turn, flags: MemberFlags): boolean {
  return turn.conference.settings.profile.access.waitForAdmin && !flags.admin && !hasAdmin(turn.conference);
}
