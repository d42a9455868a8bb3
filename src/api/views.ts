import { isoTime } from '../base/iso-time.ts';
import type { Conference } from '../conference/model/conference.ts';
import { conferenceEndsMs } from '../conference/model/deadlines.ts';
import { isAdmitted, type Member, type Place } from '../conference/model/member.ts';
import { formatMemberAddress } from '../conference/model/member-address.ts';
import type { Playback } from '../conference/model/playback.ts';
import type { NodeView as Node } from '../controller/cluster/node-status.ts';
import type { ConferencePart } from './deps.ts';
import { HANDS, HELPS, memberPage, pathOf } from './member-page.ts';
import type {
  ConferenceSummary,
  ConferenceView,
  MemberListView,
  MemberQuery,
  MemberView,
  NodeView,
} from './schemas.ts';

/** The state as the API shows it: without PINs, those of the profile and those being dialled. */

export function viewMember(part: ConferencePart, member: Member): MemberView {
  const { node, own, conference, levelOf } = part;
  const { id, caller, flags, place, adjusted, handRaisedAtMs, helpAskedAtMs, joinedAtMs, channelId } = member;
  const { audio } = conference.settings.profile;
  return {
    id,
    node,
    address: formatMemberAddress(id, own ? null : node),
    caller: { number: caller.number, name: caller.name },
    role: flags.speaker ? 'speaker' : 'listener',
    admin: flags.admin,
    mute: flags.mute,
    deaf: flags.deaf,
    vad: flags.vad,
    agc: flags.agc,
    cng: flags.cng,
    quiet: flags.quiet,
    ghost: flags.ghost,
    mandatory: flags.mandatory,
    presence: presenceAt(place),
    place: place.at,
    path: pathOf(part, member),
    pathReason: own && member.path.at === 'bridge' ? member.path.reason : null,
    privateWith: place.at === 'private' ? partnerIn(conference, member, place.room) : null,
    talking: member.talking,
    phoneHold: member.phoneHold,
    levelDbov: levelOf(member),
    handRaisedAt: handRaisedAtMs === null ? null : isoTime(handRaisedAtMs),
    helpAskedAt: helpAskedAtMs === null ? null : isoTime(helpAskedAtMs),
    talkVolume: adjusted.talkVolume ?? audio.talkVolume,
    listenVolume: adjusted.listenVolume ?? audio.listenVolume,
    vadLevel: adjusted.vadLevel ?? audio.vadLevel,
    vadHoldMs: adjusted.vadHoldMs ?? audio.vadHoldMs,
    agcLevel: adjusted.agcLevel ?? audio.agcLevel,
    playback: viewPlayback(member.playback),
    joinedAt: isoTime(joinedAtMs),
    channel: channelId,
  };
}

/** @param parts of all nodes that have it, at least one */
export function viewConference(parts: readonly ConferencePart[], query?: MemberQuery): ConferenceView {
  return { ...summarize(parts), ...viewMembers(parts, query) };
}

export function viewMembers(parts: readonly ConferencePart[], query?: MemberQuery): MemberListView {
  const { entries, ...numbers } = memberPage(parts, query);
  return {
    ...numbers,
    counts: countsOf(parts.map(({ conference }) => conference)),
    members: entries.map(({ part, member }) => viewMember(part, member)),
  };
}

/** Members with a raised hand, the first to raise it first. */
export function viewHands(parts: readonly ConferencePart[]): MemberView[] {
  return viewMembers(parts, HANDS).members;
}

/** @param parts of all nodes that have it, at least one: that of this node first */
export function summarize(parts: readonly ConferencePart[]): ConferenceSummary {
  const [first] = parts;
  if (!first) throw new Error('a conference without parts');
  const { name, settings, locked, mutedAll } = first.conference;
  const conferences = parts.map(({ conference }) => conference);
  const all = conferences.flatMap(({ members }) => [...members.values()]);
  const playback = conferences.find((each) => each.playback)?.playback ?? null;
  const endsAtMs = Math.min(...conferences.map(conferenceEndsMs));
  return {
    name,
    profile: settings.profileName,
    status: statusOf(conferences),
    nodes: parts.flatMap(({ node }) => node ?? []),
    members: all.length,
    speakers: all.filter(({ flags }) => flags.speaker).length,
    counts: countsOf(conferences),
    locked,
    mutedAll,
    recording: viewRecording(parts),
    playback: viewPlayback(playback),
    music: conferences.some(({ musicOn }) => musicOn),
    hands: addressesOf(parts, HANDS),
    helps: addressesOf(parts, HELPS),
    startedAt: isoTime(Math.min(...conferences.map(({ startedAtMs }) => startedAtMs))),
    endsAt: Number.isFinite(endsAtMs) ? isoTime(endsAtMs) : null,
  };
}

/** How many members several conferences have, and who is not a member yet. */
export function countsOf(conferences: readonly Conference[]): ConferenceSummary['counts'] {
  const all = conferences.flatMap(({ members }) => [...members.values()]);
  const admitted = all.filter(isAdmitted);
  const ghosts = admitted.filter(({ flags }) => flags.ghost).length;
  return {
    members: admitted.length - ghosts,
    speakers: admitted.filter(({ flags }) => flags.speaker).length,
    waiting: all.filter(({ place }) => place.at === 'waiting').length,
    ghosts,
    atDoor: all.filter(({ place }) => place.at === 'door').length,
    talking: admitted.filter(({ talking }) => talking).length,
  };
}

function viewPlayback(playback: Playback | null): MemberView['playback'] {
  return playback && { ...playback, media: [...playback.media] };
}

function addressesOf(parts: readonly ConferencePart[], query: MemberQuery): (number | string)[] {
  return memberPage(parts, query).entries.map(({ part, member: { id } }) =>
    part.own ? id : formatMemberAddress(id, part.node),
  );
}

function viewRecording(parts: readonly ConferencePart[]): ConferenceSummary['recording'] {
  const part = parts.find(({ conference }) => conference.recording);
  if (!part?.conference.recording) return null;
  const { name, format, paused, startedAtMs } = part.conference.recording;
  const { recordings: directory, node } = part;
  return { name, file: `${name}.${format}`, directory, node, paused, startedAt: isoTime(startedAtMs) };
}

/** It goes on as long as it does anywhere. */
function statusOf(conferences: readonly Conference[]): ConferenceSummary['status'] {
  const statuses = new Set(conferences.map(({ status }) => (status === 'new' ? 'running' : status)));
  return (['running', 'ending', 'empty'] as const).find((status) => statuses.has(status)) ?? 'ended';
}

export function viewNode({ sinceMs, ...node }: Node): NodeView {
  return { ...node, since: isoTime(sinceMs) };
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
