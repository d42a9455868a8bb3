import type { MemberListView, MemberStatusView, MemberView } from '../../api/schemas.ts';
import { printable } from '../../base/printable.ts';
import type { Adjustable } from '../../conference/model/commands.ts';
import { parseMemberAddress } from '../../conference/model/member-address.ts';
import { playbackText, time } from './conference-text.ts';
import { count, counted, type Position, totalsText } from './list-text.ts';
import { tableOf } from './table.ts';
import { hanging } from './text-width.ts';

/** Members as people read them. */

export function memberTable(members: readonly MemberView[], widthColumns: number): string {
  const clustered = members.some(({ node }) => node !== null);
  const measured = members.some(({ levelDbov }) => levelDbov !== null);
  return tableOf(
    members,
    [
      ['MEMBER', ({ id }) => id],
      ['NODE', ({ node }) => node ?? '-', { isShown: clustered }],
      ['NUMBER', ({ caller }) => caller.number || '-'],
      ['NAME', ({ caller }) => caller.name || '-'],
      ['ROLE', ({ place, role }) => (place === 'door' ? '-' : role)],
      ['FLAGS', flagWords, { spare: 5 }],
      ['PLACE', place, { spare: 6 }],
      ['TALKS', ({ talking }) => (talking ? 'yes' : '-'), { spare: 3 }],
      ['LEVEL', (member) => level(member) ?? '-', { isShown: measured, spare: 2 }],
      ['HAND', ({ handRaisedAt }) => (handRaisedAt ? time(handRaisedAt) : '-'), { spare: 4 }],
      ['HELP', ({ helpAskedAt }) => (helpAskedAt ? time(helpAskedAt) : '-'), { isShown: members.some(asksForHelp) }],
      ['SINCE', ({ joinedAt }) => time(joinedAt), { spare: 1 }],
    ],
    widthColumns,
  );
}

/** A page of members, and below it how many there are. */
export function memberListText(
  { total, matching, counts, members }: MemberListView,
  position: Position,
  widthColumns: number,
): string {
  const totals = totalsText(allText(total, counts), { total, matching, shown: members.length }, position);
  const below = hanging('', totals, widthColumns, 2);
  return members.length === 0 ? below : [memberTable(members, widthColumns), below].join('\n');
}

/** All that are listed: callers at the PIN are no members yet, those who hear good-bye none any more, and ghosts never count. */
function allText(total: number, { members, ghosts, atDoor }: MemberListView['counts']): string {
  const leaving = total - members - ghosts - atDoor;
  return [
    counted(members, 'member'),
    ...(atDoor > 0 ? [`${counted(atDoor, 'caller')} at the PIN`] : []),
    ...(ghosts > 0 ? [counted(ghosts, 'ghost')] : []),
    ...(leaving > 0 ? [`${count(leaving)} leaving`] : []),
  ].join(', ');
}

/** Everything about one member, a line each. */
export function memberText(member: MemberStatusView, widthColumns: number): string {
  const rows: Row[] = [
    ['member', member.id],
    ['node', member.node],
    ['number', member.caller.number || '-'],
    ['name', member.caller.name || '-'],
    ['role', member.role],
    ['flags', flagWords(member)],
    ['place', place(member)],
    ['talking', member.talking ? 'yes' : 'no'],
    ['phone', member.phoneHold ? 'has put the call on hold' : 'connected'],
    ['level', level(member) ?? 'not measured'],
    ['hand', member.handRaisedAt ? `raised at ${time(member.handRaisedAt)}` : 'down'],
    ['help', member.helpAskedAt ? `asked for at ${time(member.helpAskedAt)}` : null],
    ['talk volume', signed(member.talkVolume)],
    ['listen volume', signed(member.listenVolume)],
    ['VAD', member.vad && member.vadLevel > 0 ? `level ${member.vadLevel}, hold ${member.vadHoldMs} ms` : 'off'],
    ['AGC', member.agc && member.agcLevel > 0 ? `level ${member.agcLevel}` : 'off'],
    ['comfort noise', member.cng ? 'yes' : 'no'],
    ['playing', member.playback && playbackText(member.playback)],
    ['sound from', source(member)],
    ['since', time(member.joinedAt)],
    ['channel', member.channel],
    ...mediaRows(member.media),
  ];
  const shown = rows.filter(([, value]) => value !== null);
  return shown.map(([name, value]) => hanging(name.padEnd(15), String(value), widthColumns)).join('\n');
}

/** A value of null is not shown. */
type Row = [name: string, value: string | number | null];

/** A sound setting of a member as a command has made it. */
export function adjustedText(member: MemberView, setting: Adjustable): string {
  const values: Record<Adjustable, [name: string, value: string]> = {
    talkVolume: ['talk volume', signed(member.talkVolume)],
    listenVolume: ['listen volume', signed(member.listenVolume)],
    vadLevel: ['VAD level', String(member.vadLevel)],
    vadHoldMs: ['VAD hold', `${member.vadHoldMs} ms`],
    agcLevel: ['AGC level', String(member.agcLevel)],
  };
  const { address, caller } = member;
  const who = [caller.name, caller.number].filter((text) => text !== '').join(', ');
  const [name, value] = values[setting];
  return printable(`member ${address}${who === '' ? '' : ` (${who})`}: ${name} ${value}`);
}

/**
 * The members that a person means by a phone number, a name or a part of a name; those who have it exactly come before
 * others. What may be the number of a member who is gone means nobody else, unless it is a whole phone number.
 */
export function membersNamed(who: string, members: readonly MemberView[]): readonly MemberView[] {
  if (parseMemberAddress(who)) return members.filter(({ caller }) => caller.number === who);
  const text = who.toLowerCase();
  const exact = members.filter(({ caller }) =>
    [caller.number, caller.name].some((each) => each.toLowerCase() === text),
  );
  return exact.length > 0 ? exact : members.filter(({ caller }) => caller.name.toLowerCase().includes(text));
}

function mediaRows(media: MemberStatusView['media']): Row[] {
  if (!media) return [];
  const { codec, packetsReceived, packetsLost, packetsSent, packetsLostBySide, roundTripMs } = media;
  const { jitterMs, jitterAtPhoneMs, silentSeconds } = media;
  const jitter = (ms: number | null) => (ms === null ? '' : `, jitter ${Math.round(ms)} ms`);
  return [
    ['codec', codec],
    ['received', `${packetsReceived} packets, ${packetsLost} lost${jitter(jitterMs)}`],
    ['sent', `${packetsSent} packets, ${packetsLostBySide} lost${jitter(jitterAtPhoneMs)}`],
    ['round trip', `${roundTripMs} ms`],
    ['last heard', silentSeconds === null ? null : `${silentSeconds} s ago`],
  ];
}

function source({ path, pathReason }: MemberView): string | null {
  if (path === null) return null;
  return path === 'relay' ? 'the relay' : `Asterisk's bridge (${pathReason ?? ''})`;
}

function flagWords(member: MemberView): string {
  return (
    (['admin', 'mandatory', 'ghost', 'mute', 'deaf', 'quiet'] as const).filter((flag) => member[flag]).join(' ') || '-'
  );
}

function place({ place, privateWith }: MemberView): string {
  if (place === 'door') return 'at the PIN';
  return place === 'private' && privateWith !== null ? `private with ${privateWith}` : place;
}

/** Null where it is not measured. */
function level({ levelDbov }: MemberView): string | null {
  return levelDbov === null ? null : `${Math.round(levelDbov)} dBov`;
}

function asksForHelp({ helpAskedAt }: MemberView): boolean {
  return helpAskedAt !== null;
}

function signed(steps: number): string {
  return steps > 0 ? `+${steps}` : String(steps);
}
