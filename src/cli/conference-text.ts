import type { ConferenceSummary, ConferenceView } from '../api/schemas.ts';
import { table } from './table.ts';
import { printable } from './text-width.ts';

/** Conferences as people read them. */

export function conferenceTable(conferences: readonly ConferenceSummary[], widthColumns: number): string {
  if (conferences.length === 0) return 'no conferences';
  const clustered = conferences.some(({ nodes }) => nodes.length > 0);
  return table(
    [
      'CONFERENCE',
      'PROFILE',
      'STATUS',
      ...(clustered ? ['NODES'] : []),
      'MEMBERS',
      'SPEAKERS',
      'TALKING',
      'HANDS',
      'STATE',
      'SINCE',
    ],
    conferences.map((conference) => [
      conference.name,
      conference.profile,
      conference.status,
      ...(clustered ? [conference.nodes.join(' ')] : []),
      conference.members,
      conference.speakers,
      conference.counts.talking,
      conference.hands.length,
      stateWords(conference).join(' ') || '-',
      time(conference.startedAt),
    ]),
    widthColumns,
  );
}

/** One conference without its members: a line for what it is, and one for each thing that goes on. */
export function conferenceText(conference: ConferenceView): string {
  const { name, profile, status, members, speakers, counts, recording, playback, endsAt } = conference;
  const lines = [
    `conference ${name}, profile ${profile}, ${status}, since ${time(conference.startedAt)}: ` +
      `${members.length} members, ${speakers} speakers`,
  ];
  if (conference.nodes.length > 0) lines.push(`on ${conference.nodes.join(', ')}`);
  if (counts.talking + counts.waiting > 0) lines.push(`${counts.talking} talking, ${counts.waiting} waiting`);
  if (conference.locked) lines.push('locked: only moderators get in');
  if (conference.mutedAll) lines.push(`muted: ${conference.mutedAll}, whoever joins as well`);
  if (recording) lines.push(`recording ${recording.name} since ${time(recording.startedAt)}${paused(recording)}`);
  if (playback) lines.push(`playing ${playback.media.join(' ')}, volume ${playback.volume}${paused(playback)}`);
  if (conference.music) lines.push('playing music to everybody');
  if (conference.hands.length > 0) lines.push(`hands raised: ${conference.hands.join(' ')}`);
  if (endsAt) lines.push(`ends at ${time(endsAt)}`);
  return lines.map(printable).join('\n');
}

/** Local time of day. */
export function time(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}

function stateWords({ locked, mutedAll, recording, playback, music }: ConferenceSummary): string[] {
  return [
    ...(locked ? ['locked'] : []),
    ...(mutedAll ? ['muted'] : []),
    ...(recording ? ['recording'] : []),
    ...(playback ? ['playing'] : []),
    ...(music ? ['music'] : []),
  ];
}

function paused({ paused }: { paused: boolean }): string {
  return paused ? ', paused' : '';
}
