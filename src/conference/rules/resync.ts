import { equals } from '../../base/equals.ts';
import type { Conference } from '../model/conference.ts';
import type { FlagChanges } from '../model/flags.ts';
import type { ChannelSeen, Input } from '../model/inputs.ts';
import { type Member, newMember, type Place } from '../model/member.ts';
import type { SavedConference } from '../model/saved-conference.ts';
import { type SavedMember, savedOf } from '../model/saved-member.ts';
import { join } from './admission.ts';
import { share } from './cluster-out.ts';
import { beginToEnd, END_ANNOUNCEMENT_MS } from './ending.ts';
import { endPrivateTalk, farewell, isNoticed } from './leaving.ts';
import { floorMusic, playbackEnded } from './playback.ts';
import { recordingEnded, stopAgain, TOO_SOON_MS } from './recording.ts';
import type { Transition } from './transition.ts';

/**
 * Reconciles what the controller believes with what Asterisk has. Members whose calls ended meanwhile are dropped; saved
 * members are adopted as they were; calls that nobody had admitted yet are admitted; and a member in the
 * wrong place is moved to the right one. A member in place is not touched, so that the audio has no gap.
 */
export function resync(transition: Transition, input: Extract<Input, { type: 'resync' }>): void {
  const { channels, disowned, saved, recordings, playbacks } = input;
  const { conference } = transition;
  const restarted = conference.status === 'new';
  const seen = new Set([...channels.map((channel) => channel.channelId), ...disowned]);
  // Changes may not have been saved.
  transition.resave = true;
  const gone = transition.members.filter((member) => !seen.has(member.channelId));
  for (const { channelId } of gone) transition.remove(channelId);
  for (const member of gone) farewell(transition, member);
  goOn(transition, restarted ? saved : null, channels.length);
  const ids = channels.map((channel) => channel.saved?.id ?? 0);
  transition.change({ nextMemberId: Math.max(transition.conference.nextMemberId, ...ids.map((id) => id + 1)) });
  // A new conference opens it anyway.
  if (!input.floorOpen && channels.length > 0) {
    if (!restarted) transition.do({ type: 'open-floor' });
    if (transition.conference.musicOn && transition.profile.sound.music !== 'none') floorMusic(transition);
  }

  // Asterisk lists channels in no order; members are kept in order of joining.
  const numberOf = (channel: ChannelSeen) => channel.saved?.id ?? Number.POSITIVE_INFINITY;
  for (const channel of [...channels].sort((a, b) => numberOf(a) - numberOf(b) || 0)) settle(transition, channel);
  endBrokenTalks(transition);
  const { recording, playback } = transition.conference;
  if (playback && !playbacks.includes(playback.id)) playbackEnded(transition, playback.id);
  // Perhaps it has begun since that was asked.
  const isYoung = !restarted && recording !== null && transition.nowMs - recording.startedAtMs < TOO_SOON_MS;
  if (recording && !isYoung && !recordings.includes(recording.name)) {
    recordingEnded(transition, { name: recording.name, failed: false });
  }
  stopAgain(transition, recordings);
}

/** One that was ending ends, though nobody may have heard the announcement. */
function goOn(transition: Transition, saved: SavedConference | null, channels: number): void {
  const { conference, nowMs } = transition;
  if (conference.status === 'ending') {
    transition.become({ ...conference, endsAtMs: Math.min(conference.endsAtMs, nowMs + END_ANNOUNCEMENT_MS) });
  } else if (conference.status !== 'empty' || channels > 0) {
    // Where other nodes have it, they may have said so meanwhile.
    const locked = conference.locked || saved?.locked === true;
    const mutedAll = conference.mutedAll ?? saved?.mutedAll ?? null;
    const { ending = null, ...kept } = saved ?? {};
    transition.become({
      ...conference,
      ...kept,
      mostAdmins: mostAdminsAfter(conference, saved),
      locked,
      mutedAll,
      status: 'running',
    });
    if (saved?.locked) share(transition, { setting: 'locked', value: true }, { restored: true });
    if (saved?.mutedAll) share(transition, { setting: 'mutedAll', value: saved.mutedAll }, { restored: true });
    if (ending) beginToEnd(transition, ending);
  }
}

/** After a restart, it is not known yet how many moderators other nodes have: unless one is missing already, none is. */
function mostAdminsAfter({ mostAdmins }: Conference, saved: SavedConference | null): number {
  if (!saved) return mostAdmins;
  return saved.missingSinceMs === null ? Math.min(1, saved.mostAdmins) : saved.mostAdmins;
}

/** Like no setup that there is, so that talking is detected anew, or no more. */
const ASKED_ANEW = { level: -1, holdMs: 0 };

function settle(transition: Transition, channel: ChannelSeen): void {
  const { channelId, saved } = channel;
  const known = transition.conference.members.get(channelId);
  const member = known ?? (saved && withOwnNumber(transition, adopt(channel, saved)));
  if (!member || member.place.at === 'door') {
    // A caller who was at the door is asked again.
    transition.remove(channelId);
    transition.assumed.set(channelId, 'unknown');
    const { caller, path } = channel;
    const flags = member ? flagsAtDoor(member) : channel.flags;
    const { phoneHold = false } = member ?? {};
    return join(transition, { channelId, caller, flags, origin: 'dialplan', path, phoneHold });
  }
  if (!known && isNoticed(member) && member.place.at !== 'leaving') {
    transition.publish({ type: 'adopted', memberId: member.id, caller: channel.caller, flags: member.flags });
  }
  const phoneHold = saved?.phoneHold ?? member.phoneHold;
  transition.put({
    ...member,
    talking: false,
    phoneHold,
    reviewDueMs: null,
    place: settledPlace(member.place, channel),
    path: channel.path,
  });
  // The good-bye is not said again.
  if (member.place.at === 'leaving')
    return channel.here ? transition.prompt(member, [], { nextStep: 'release' }) : undefined;
  const current = transition.conference.members.get(channelId) ?? member;
  const setup = saved?.setup ?? null;
  const asSaved = saved && equals(saved, { ...savedOf(current, transition.conference), setup, settled: true });
  const bridge = setup?.bridge;
  const inPlace = asSaved && (bridge === 'floor' || bridge === 'audience' ? bridge : 'other') === channel.bridge;
  // Asked anew, Asterisk says who is talking just now. A meter may be gone; one that is there is taken over.
  const talkDetect = setup?.talkDetect ? ASKED_ANEW : null;
  transition.assumed.set(channelId, inPlace && setup ? { ...setup, talkDetect, metered: false } : 'unknown');
}

/** The flags by which a caller was asked for a PIN, as the dialplan may have given them. */
function flagsAtDoor({ flags: { auth, ...flags }, pinEntry }: Member): FlagChanges {
  return auth || pinEntry?.required ? { ...flags, auth } : flags;
}

/**
 * A member may have been in an application of the dialplan when the conference ended. Somebody in a new one of that name may
 * have the number by now.
 */
function withOwnNumber(transition: Transition, member: Member): Member {
  const { members, nextMemberId } = transition.conference;
  if (!members.byId(member.id)) return member;
  transition.change({ nextMemberId: nextMemberId + 1 });
  return { ...member, id: nextMemberId };
}

/** A greeting that the controller has lost track of is over; a member who need not wait goes on from there at once. */
function settledPlace(place: Place, { here }: ChannelSeen): Place {
  if (place.at === 'greeting' || place.at === 'naming') return { at: 'waiting' };
  if (place.at === 'leaving') {
    const { away, ...gone } = place;
    // The member is released when back.
    return here ? gone : { ...gone, away: true };
  }
  // The member has come back, or was to be sent away and was not.
  return place.at === 'away' && here ? { at: 'floor' } : place;
}

/** A private talk takes two. */
function endBrokenTalks(transition: Transition): void {
  const talking = new Map<number, Member[]>();
  for (const member of transition.members) {
    if (member.place.at !== 'private') continue;
    talking.set(member.place.room, [...(talking.get(member.place.room) ?? []), member]);
  }
  for (const members of talking.values())
    if (members.length !== 2 && members[0]) endPrivateTalk(transition, members[0]);
}

function adopt({ channelId, caller, path }: ChannelSeen, saved: SavedMember): Member {
  const { conference, profileName, setup, settled, ...member } = saved;
  return newMember({ ...member, channelId, caller, path });
}
