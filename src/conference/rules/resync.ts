import { IDLE } from '../../dtmf/collector.ts';
import { arrangementOf } from '../model/channel-setup.ts';
import type { ChannelSeen, Input } from '../model/inputs.ts';
import type { Member, Place } from '../model/member.ts';
import type { SavedConference } from '../model/saved-conference.ts';
import { savedOf } from '../model/saved-member.ts';
import { join } from './admission.ts';
import { share } from './cluster-out.ts';
import { endPrivateTalk, farewell, isNoticed } from './leaving.ts';
import { floorMusic, playbackEnded } from './playback.ts';
import { recordingEnded, stopAgain, TOO_SOON_MS } from './recording.ts';
import { beginToEnd, END_ANNOUNCEMENT_MS } from './timers.ts';
import type { Turn } from './transition.ts';

/**
 * Squares what the controller believes with what Asterisk has. Members whose calls ended meanwhile are dropped; saved
 * members are adopted as they were; calls that nobody had admitted yet are admitted; and a member in the
 * wrong place is moved to the right one. A member in place is not touched, so that the audio has no gap.
 */
export function resync(turn: Turn, input: Extract<Input, { type: 'resync' }>): void {
  const { channels, saved, recordings, playbacks } = input;
  const { conference } = turn;
  const restarted = conference.status === 'new';
  const seen = new Set(channels.map((channel) => channel.channelId));
  // Changes may not have been saved.
  turn.resave = true;
  const gone = turn.members.filter((member) => !seen.has(member.channelId));
  for (const { channelId } of gone) turn.remove(channelId);
  for (const member of gone) farewell(turn, member);
  goOn(turn, restarted ? saved : null, channels.length);
  const ids = channels.map((channel) => channel.saved?.id ?? 0);
  turn.change({ nextMemberId: Math.max(turn.conference.nextMemberId, ...ids.map((id) => id + 1)) });
  // A new conference opens it anyway.
  if (!input.floorOpen && channels.length > 0) {
    if (!restarted) turn.do({ type: 'open-floor' });
    if (turn.conference.musicOn && turn.conference.settings.profile.sound.music !== 'none') floorMusic(turn);
  }

  // Asterisk lists channels in no order; members are kept in order of joining.
  const numberOf = (channel: ChannelSeen) => channel.saved?.id ?? Number.POSITIVE_INFINITY;
  for (const channel of [...channels].sort((a, b) => numberOf(a) - numberOf(b) || 0)) settle(turn, channel);
  endBrokenTalks(turn);
  const { recording, playback } = turn.conference;
  if (playback && !playbacks.includes(playback.id)) playbackEnded(turn, playback.id);
  // Perhaps it has begun since that was asked.
  const isYoung = !restarted && recording !== null && turn.nowMs - recording.startedAtMs < TOO_SOON_MS;
  if (recording && !isYoung && !recordings.includes(recording.name)) {
    recordingEnded(turn, { name: recording.name, failed: false });
  }
  stopAgain(turn, recordings);
}

/** One that was ending ends, though nobody may have heard the announcement. */
function goOn(turn: Turn, saved: SavedConference | null, channels: number): void {
  const { conference, nowMs } = turn;
  if (conference.status === 'ending') {
    turn.become({ ...conference, endsAtMs: Math.min(conference.endsAtMs, nowMs + END_ANNOUNCEMENT_MS) });
  } else if (conference.status !== 'empty' || channels > 0) {
    // Where other nodes have it, they may have said so meanwhile.
    const locked = conference.locked || saved?.locked === true;
    const mutedAll = conference.mutedAll ?? saved?.mutedAll ?? null;
    const { ending = null, ...kept } = saved ?? {};
    turn.become({ ...conference, ...kept, locked, mutedAll, status: 'running' });
    if (saved?.locked) share(turn, { setting: 'locked', value: true }, { restored: true });
    if (saved?.mutedAll) share(turn, { setting: 'mutedAll', value: saved.mutedAll }, { restored: true });
    if (ending) beginToEnd(turn, ending);
  }
}

function settle(turn: Turn, channel: ChannelSeen): void {
  const { channelId, saved } = channel;
  const known = turn.conference.members.get(channelId);
  const member = known ?? (saved && withOwnNumber(turn, adopt(channel, saved)));
  if (!member || member.place.at === 'door') {
    // Whoever was at the door is asked again.
    turn.remove(channelId);
    turn.assumed.set(channelId, 'unknown');
    const { caller, path } = channel;
    return join(turn, { channelId, caller, flags: member?.flags ?? channel.flags, origin: 'dialplan', path });
  }
  if (!known && isNoticed(member) && member.place.at !== 'leaving') {
    turn.publish({ type: 'adopted', memberId: member.id, caller: channel.caller, flags: member.flags });
  }
  turn.put({ ...member, talking: false, place: settledPlace(member.place, channel), path: channel.path });
  // The good-bye is not said again.
  if (member.place.at === 'leaving') return channel.here ? turn.prompt(member, [], { sequel: 'release' }) : undefined;
  const current = turn.conference.members.get(channelId) ?? member;
  const arrangement = saved?.arrangement ?? null;
  const asSaved = saved && isDeepEqual(saved, { ...savedOf(current, turn.conference), arrangement, settled: true });
  const bridge = arrangement?.bridge;
  const inPlace = asSaved && (bridge === 'floor' || bridge === 'audience' ? bridge : 'other') === channel.bridge;
  // Asked anew, Asterisk says who is talking just now. A meter may be gone; one that is there is taken over.
  const asked = arrangementOf(turn.conference, current)?.talkDetect ? { talkDetect: null } : {};
  turn.assumed.set(channelId, inPlace && arrangement ? { ...arrangement, ...asked, metered: false } : 'unknown');
}

/**
 * Of a member who was in an application of the dialplan when the conference ended, somebody in a new one of that name may have
 * the number by now.
 */
function withOwnNumber(turn: Turn, member: Member): Member {
  const { members, nextMemberId } = turn.conference;
  if (!members.byId(member.id)) return member;
  turn.change({ nextMemberId: nextMemberId + 1 });
  return { ...member, id: nextMemberId };
}

/** A greeting that the controller has lost track of is over; who need not wait goes on from there at once. */
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
function endBrokenTalks(turn: Turn): void {
  const talking = new Map<number, Member[]>();
  for (const member of turn.members) {
    if (member.place.at !== 'private') continue;
    talking.set(member.place.room, [...(talking.get(member.place.room) ?? []), member]);
  }
  for (const members of talking.values()) if (members.length !== 2 && members[0]) endPrivateTalk(turn, members[0]);
}

/** Whatever the order of keys; a key without a value is none. */
function isDeepEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) =>
    isDeepEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}

function adopt({ channelId, caller, path }: ChannelSeen, saved: NonNullable<ChannelSeen['saved']>): Member {
  const { id, joinedAtMs, flags, place, adjusted, handRaisedAtMs, spokenName } = saved;
  return {
    id,
    channelId,
    caller,
    joinedAtMs,
    flags,
    place,
    path,
    adjusted,
    handRaisedAtMs,
    talking: false,
    keys: IDLE,
    spokenName,
    ignoreHashUntilMs: 0,
    pinEntry: null,
    warned: false,
  };
}
