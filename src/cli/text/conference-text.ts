import { pageOf } from '../../api/member-page.ts';
import type { ConferenceSummary, ConferenceView } from '../../api/schemas.ts';
import { type ConferenceOrder, count, counted, type Position, totalsText } from './list-text.ts';
import { tableOf } from './table.ts';
import { hanging } from './text-width.ts';

/** Conferences as people read them. */

/** 9 comes before 10. */
const BY_NUMBER = new Intl.Collator('en', { numeric: true });

/** Of the further lines of one that is too long. */
const INDENT = 2;

/** The lines of raised hands, and of members who ask for help, name so many. */
const MOST_HANDS = 20;

export function conferenceTable(conferences: readonly ConferenceSummary[], widthColumns: number): string {
  const clustered = conferences.some(({ nodes }) => nodes.length > 0);
  return tableOf(
    conferences,
    [
      ['CONFERENCE', ({ name }) => name],
      ['PROFILE', ({ profile }) => profile, { spare: 4 }],
      ['STATUS', ({ status }) => status, { spare: 5 }],
      ['NODES', ({ nodes }) => nodes.join(' '), { isShown: clustered, spare: 2 }],
      ['MEMBERS', ({ counts }) => counts.members],
      ['AT PIN', ({ counts }) => counts.atDoor, { isShown: conferences.some(({ counts }) => counts.atDoor > 0) }],
      ['SPEAKERS', ({ counts }) => counts.speakers],
      ['TALKING', ({ counts }) => counts.talking, { spare: 3 }],
      ['HANDS', ({ hands }) => hands.length],
      ['HELP', ({ helps }) => helps.length, { isShown: conferences.some(({ helps }) => helps.length > 0) }],
      ['STATE', (conference) => stateWords(conference).join(' ') || '-'],
      ['SINCE', ({ startedAt }) => time(startedAt), { spare: 1 }],
    ],
    widthColumns,
  );
}

export type ConferenceList = {
  readonly total: number;
  readonly matching: number;
  readonly conferences: readonly ConferenceSummary[];
};

/** @param search a part of the name of a conference or of its profile; case does not count */
export function selectConferences(
  all: readonly ConferenceSummary[],
  { search = '', sort }: { readonly search?: string; readonly sort?: ConferenceOrder },
  position: Position,
): ConferenceList {
  const text = search.toLowerCase();
  const matching = all.filter(({ name, profile }) => [name, profile].some((each) => each.toLowerCase().includes(text)));
  if (sort !== undefined) matching.sort(COMPARE[sort]);
  return { total: all.length, matching: matching.length, conferences: pageOf(matching, position) };
}

const COMPARE: Record<ConferenceOrder, (a: ConferenceSummary, b: ConferenceSummary) => number> = {
  name: (a, b) => BY_NUMBER.compare(a.name, b.name),
  members: (a, b) => b.counts.members - a.counts.members,
  speakers: (a, b) => b.counts.speakers - a.counts.speakers,
  talking: (a, b) => b.counts.talking - a.counts.talking,
  hands: (a, b) => b.hands.length - a.hands.length,
  latest: (a, b) => (a.startedAt < b.startedAt ? 1 : -Number(a.startedAt > b.startedAt)),
};

/**
 * A page of conferences, and below it how many there are.
 * @param inLobby callers in the lobby of this node
 */
export function conferenceListText(
  { total, matching, conferences, inLobby }: ConferenceList & { readonly inLobby: number },
  position: Position,
  widthColumns: number,
): string {
  const all = total === 0 ? 'no conferences' : counted(total, 'conference');
  const totals = totalsText(all, { total, matching, shown: conferences.length }, position);
  return [
    ...(conferences.length === 0 ? [] : [conferenceTable(conferences, widthColumns)]),
    hanging('', totals, widthColumns, INDENT),
    ...(inLobby === 0 ? [] : [hanging('', lobbyText(inLobby), widthColumns, INDENT)]),
  ].join('\n');
}

/** Callers who belong to no conference yet. */
function lobbyText(inLobby: number): string {
  return `${counted(inLobby, 'caller')} in the lobby, who ${inLobby === 1 ? 'has' : 'have'} not dialled a conference yet`;
}

/** One conference without its members: a line for what it is, and one for each thing that goes on. */
export function conferenceText(conference: ConferenceView, widthColumns: number): string {
  const { name, profile, status, counts, recording, playback, endsAt } = conference;
  const lines = [
    `conference ${name}, profile ${profile}, ${status}, since ${time(conference.startedAt)}: ` +
      `${counted(counts.members, 'member')}, ${counted(counts.speakers, 'speaker')}`,
  ];
  const { talking, waiting, atDoor, ghosts } = counts;
  if (conference.nodes.length > 0) lines.push(`on ${conference.nodes.join(', ')}`);
  if (talking + waiting > 0) lines.push(`${count(talking)} talking, ${count(waiting)} waiting`);
  if (atDoor > 0) lines.push(`${counted(atDoor, 'caller')} at the PIN, ${notCounted(atDoor)}`);
  if (ghosts > 0) lines.push(`${counted(ghosts, 'ghost')}, ${notCounted(ghosts)}`);
  if (conference.locked) lines.push('locked: only moderators get in');
  if (conference.mutedAll) lines.push(`muted: ${conference.mutedAll}, also members who join later`);
  if (recording)
    lines.push(`recording to ${recordingText(recording)} since ${time(recording.startedAt)}${paused(recording)}`);
  if (playback) lines.push(`playing ${playbackText(playback)}`);
  if (conference.music) lines.push('playing music to everybody');
  if (conference.hands.length > 0) lines.push(`hands raised: ${handsText(conference.hands)}`);
  if (conference.helps.length > 0) lines.push(`ask for help: ${handsText(conference.helps)}`);
  if (endsAt) lines.push(`ends at ${time(endsAt)}`);
  return lines.map((line) => hanging('', line, widthColumns, INDENT)).join('\n');
}

function notCounted(number: number): string {
  return `not counted as ${number === 1 ? 'a member' : 'members'}`;
}

/** The file of a recording, with its directory or its node. */
export function recordingText({ file, directory, node }: NonNullable<ConferenceView['recording']>): string {
  if (directory !== null) return `${directory}/${file}`;
  return node === null ? file : `${file} on node ${node}`;
}

export function playbackText(playback: NonNullable<ConferenceView['playback']>): string {
  return `${playback.media.join(' ')}, volume ${playback.volume}${paused(playback)}`;
}

function handsText(hands: ConferenceView['hands']): string {
  const more = hands.length - MOST_HANDS;
  return hands.slice(0, MOST_HANDS).join(' ') + (more > 0 ? ` and ${count(more)} more` : '');
}

/** Local time of day, with the date where that is another day. @param now the day that a reader thinks of */
export function time(iso: string, now = new Date()): string {
  const at = new Date(iso);
  const clock = at.toTimeString();
  return day(at) === day(now) ? clock.slice(0, 8) : `${day(at)} ${clock.slice(0, 5)}`;
}

/** A local date: `2026-01-05`. */
export function day(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
}

function stateWords({ locked, mutedAll, recording, playback, music }: ConferenceSummary): string[] {
  const states = { locked, muted: mutedAll, recording, playing: playback, music };
  return Object.entries(states)
    .filter(([, isSo]) => isSo)
    .map(([word]) => word);
}

function paused({ paused }: { paused: boolean }): string {
  return paused ? ', paused' : '';
}
