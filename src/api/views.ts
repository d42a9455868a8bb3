import { type Conference, countAdmitted, countSpeakers, raisedHands } from '../conference/conference.ts';
import { conferenceEndsMs } from '../conference/deadlines.ts';
import { isAdmitted, type Member, type Place } from '../conference/member.ts';
import type { ConferenceSummary, ConferenceView, MemberView } from './schemas.ts';

/** What the API shows of the state: no PIN, neither those of the profile nor what a caller is dialling. */

/** What the state does not have: how loud a member is; null where it is not measured. */
export type LevelOf = (member: Member) => number | null;

export function viewMember(conference: Conference, member: Member, levelOf: LevelOf): MemberView {
  const { id, caller, flags, place, adjusted, handRaisedAtMs, joinedAtMs, channelId } = member;
  const { audio } = conference.settings.profile;
  return {
    id,
    caller: { number: caller.number, name: caller.name },
    role: flags.speaker ? 'speaker' : 'listener',
    admin: flags.admin,
    mute: flags.mute,
    deaf: flags.deaf,
    vad: flags.vad,
    agc: flags.agc,
    cng: flags.cng,
    presence: presenceAt(place),
    place: place.at,
    path: member.path === 'relay' ? 'relay' : 'bridge',
    privateWith: place.at === 'private' ? partnerIn(conference, member, place.room) : null,
    talking: member.talking,
    levelDbov: levelOf(member),
    handRaisedAt: handRaisedAtMs === null ? null : iso(handRaisedAtMs),
    talkVolume: adjusted.talkVolume ?? audio.talkVolume,
    listenVolume: adjusted.listenVolume ?? audio.listenVolume,
    vadLevel: adjusted.vadLevel ?? audio.vadLevel,
    agcLevel: adjusted.agcLevel ?? audio.agcLevel,
    joinedAt: iso(joinedAtMs),
    channel: channelId,
  };
}

export function viewConference(conference: Conference, levelOf: LevelOf): ConferenceView {
  const { members: _, ...summary } = summarize(conference);
  const members = [...conference.members.values()].map((member) => viewMember(conference, member, levelOf));
  return { ...summary, members };
}

export function summarize(conference: Conference): ConferenceSummary {
  const { name, settings, status, members, startedAtMs, locked, mutedAll, recording, playback } = conference;
  const all = [...members.values()];
  const endsAtMs = conferenceEndsMs(conference);
  return {
    name,
    profile: settings.profileName,
    status: status === 'new' ? 'running' : status,
    members: all.length,
    speakers: all.filter(({ flags }) => flags.speaker).length,
    counts: {
      members: countAdmitted(conference),
      speakers: countSpeakers(conference),
      waiting: all.filter(({ place }) => place.at === 'waiting').length,
      talking: all.filter((member) => isAdmitted(member) && member.talking).length,
    },
    locked,
    mutedAll,
    recording: recording && {
      name: recording.name,
      paused: recording.paused,
      startedAt: iso(recording.startedAtMs),
    },
    playback: playback && { ...playback, media: [...playback.media] },
    music: conference.musicOn,
    hands: raisedHands(conference).map(({ id }) => id),
    startedAt: iso(startedAtMs),
    endsAt: Number.isFinite(endsAtMs) ? iso(endsAtMs) : null,
  };
}

function presenceAt({ at }: Place): MemberView['presence'] {
  switch (at) {
    case 'door':
    case 'naming':
    case 'greeting':
    case 'waiting':
    case 'arriving':
      return 'joining';
    case 'floor':
    case 'hold':
    case 'private':
    case 'away':
      return 'present';
    case 'leaving':
      return 'leaving';
  }
}

function partnerIn({ members }: Conference, member: Member, room: number): number | null {
  for (const other of members.values()) {
    if (other.channelId !== member.channelId && other.place.at === 'private' && other.place.room === room) {
      return other.id;
    }
  }
  return null;
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
