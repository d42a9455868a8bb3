import type { MemberListView, MemberStatusView, MemberView } from '../../api/schemas.ts';
import { time } from './conference-text.ts';
import { type Position, totalsText } from './list-text.ts';
import { table } from './table.ts';
import { printable } from './text-width.ts';

/** Members as people read them. */

export function memberTable(members: readonly MemberView[], widthColumns: number): string {
  const clustered = members.some(({ node }) => node !== null);
  const measured = members.some(({ levelDbov }) => levelDbov !== null);
  const columns = { node: clustered ? ['NODE'] : [], level: measured ? ['LEVEL'] : [] };
  return table(
    ['MEMBER', ...columns.node, 'NUMBER', 'NAME', 'ROLE', 'FLAGS', 'PLACE', 'TALKS', ...columns.level, 'HAND', 'SINCE'],
    members.map((member) => [
      member.id,
      ...(clustered ? [member.node ?? '-'] : []),
      member.caller.number || '-',
      member.caller.name || '-',
      member.role,
      flagWords(member),
      place(member),
      member.talking ? 'yes' : '-',
      ...(measured ? [level(member) ?? '-'] : []),
      member.handRaisedAt ? time(member.handRaisedAt) : '-',
      time(member.joinedAt),
    ]),
    widthColumns,
  );
}

/** A page of members, and below it how many there are. */
export function memberListText(
  { total, matching, members }: MemberListView,
  position: Position,
  widthColumns: number,
): string {
  const totals = totalsText('member', { total, matching, shown: members.length }, position);
  return members.length === 0 ? totals : [memberTable(members, widthColumns), totals].join('\n');
}

function source({ path, pathReason }: MemberView): string {
  return path === 'relay' ? 'the relay' : `Asterisk's bridge (${pathReason ?? ''})`;
}

/** Everything about one member, a line each. */
export function memberText(member: MemberStatusView): string {
  const rows: [string, string | number][] = [
    ['member', member.id],
    ...(member.node === null ? [] : [['node', member.node] as [string, string]]),
    ['number', member.caller.number || '-'],
    ['name', member.caller.name || '-'],
    ['role', member.role],
    ['flags', flagWords(member)],
    ['place', place(member)],
    ['talking', member.talking ? 'yes' : 'no'],
    ['level', level(member) ?? 'not measured'],
    ['hand', member.handRaisedAt ? `raised at ${time(member.handRaisedAt)}` : 'down'],
    ['talk volume', signed(member.talkVolume)],
    ['listen volume', signed(member.listenVolume)],
    ['VAD', member.vad && member.vadLevel > 0 ? `level ${member.vadLevel}` : 'off'],
    ['AGC', member.agc && member.agcLevel > 0 ? `level ${member.agcLevel}` : 'off'],
    ['comfort noise', member.cng ? 'yes' : 'no'],
    ...(member.path === null ? [] : [['sound from', source(member)] as [string, string]]),
    ['since', time(member.joinedAt)],
    ['channel', member.channel],
    ...mediaRows(member.media),
  ];
  return rows.map(([name, value]) => `${name.padEnd(15)}${printable(String(value))}`).join('\n');
}

function mediaRows(media: MemberStatusView['media']): [string, string][] {
  if (!media) return [];
  const { codec, packetsReceived, packetsLost, packetsSent, packetsLostBySide, roundTripMs } = media;
  const { jitterMs, jitterAtPhoneMs, silentSeconds } = media;
  const jitter = (ms: number | null) => (ms === null ? '' : `, jitter ${Math.round(ms)} ms`);
  return [
    ['codec', codec],
    ['received', `${packetsReceived} packets, ${packetsLost} lost${jitter(jitterMs)}`],
    ['sent', `${packetsSent} packets, ${packetsLostBySide} lost${jitter(jitterAtPhoneMs)}`],
    ['round trip', `${roundTripMs} ms`],
    ...(silentSeconds === null ? [] : [['last heard', `${silentSeconds} s ago`] as [string, string]]),
  ];
}

function flagWords(member: MemberView): string {
  return (['admin', 'mute', 'deaf'] as const).filter((flag) => member[flag]).join(' ') || '-';
}

function place({ place, privateWith }: MemberView): string {
  return place === 'private' && privateWith !== null ? `private with ${privateWith}` : place;
}

/** Null where it is not measured. */
function level({ levelDbov }: MemberView): string | null {
  return levelDbov === null ? null : `${Math.round(levelDbov)} dBov`;
}

function signed(steps: number): string {
  return steps > 0 ? `+${steps}` : String(steps);
}
