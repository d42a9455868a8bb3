import type { NodeView, RouteView, StatusView } from '../../api/schemas.ts';
import { time } from './conference-text.ts';
import { counted } from './list-text.ts';
import { tableOf } from './table.ts';
import { hanging } from './text-width.ts';

/** The nodes of the cluster as people read them. */
export function nodeTable(nodes: readonly NodeView[], widthColumns: number): string {
  return tableOf(
    nodes,
    [
      ['NODE', ({ id }) => id],
      ['STATE', (node) => stateOf(node, nodes[0]?.table ?? null)],
      ['CONFERENCES', ({ conferences }) => conferences, { spare: 8 }],
      ['MEMBERS', ({ members }) => members],
      ['CALLS', ({ calls }) => calls, { spare: 9 }],
      ['WAITING', ({ admission }) => admission.waiting, { spare: 5 }],
      ['CAPACITY', ({ capacity }) => capacity ?? '-', { spare: 3 }],
      ['LOAD', ({ load }) => load?.toFixed(2) ?? '-', { spare: 7 }],
      ['RTT MS', ({ rttMs }) => rttMs?.toFixed(1) ?? '-', { spare: 6 }],
      ['LOSS', ({ audio }) => lossOf(audio)],
      ['DELAY MS', ({ audio }) => (audio?.delayMs ? audio.delayMs.toFixed(0) : '-'), { spare: 4 }],
      ['SINCE', ({ since }) => time(since), { spare: 2 }],
      ['VERSION', ({ version }) => version ?? '-', { spare: 1 }],
    ],
    widthColumns,
  );
}

/** @param ownTable the table of conferences of the node that was asked */
function stateOf({ state, draining, admission, table, problems }: NodeView, ownTable: string | null): string {
  const differs = table !== null && ownTable !== null && table !== ownTable;
  return [
    state,
    ...(draining ? ['draining'] : []),
    ...(admission.room === 0 ? ['no room'] : []),
    ...(differs ? ['other table'] : []),
    ...(problems ? [counted(problems, 'problem')] : []),
  ].join(', ');
}

/** How a node is: what it has to do, and below it each of its problems. */
export function statusText(view: StatusView, widthColumns: number): string {
  const { asterisk, relay, problems } = view;
  const count = (severity: StatusView['problems'][number]['severity']) =>
    problems.filter((problem) => problem.severity === severity).length;
  const summary = `${counted(count('failure'), 'failure')}, ${counted(count('warning'), 'warning')}`;
  const rows: [name: string, value: string | number][] = [
    ['controller', `Rostrum ${view.version}, process ${view.pid}`],
    ['Asterisk', asterisk.connected ? `connected, version ${asterisk.version}` : 'not connected'],
    ['relay', relay.connected ? `connected, process ${relay.pid}` : 'not connected'],
    ['conferences', view.conferences],
    ['members', view.members],
    ['arriving', admissionText(view.admission)],
    ['joining', joiningText(view)],
    ['problems', problems.length === 0 ? 'none' : summary],
  ];
  return [
    ...rows.map(([name, value]) => hanging(name.padEnd(13), String(value), widthColumns)),
    ...problems.flatMap((problem) => problemLines(problem, widthColumns)),
  ].join('\n');
}

/** Where there are several mistakes, each has a line that is indented. */
function problemLines({ severity, about, detail }: StatusView['problems'][number], widthColumns: number): string[] {
  const [first = '', ...more] = detail.split('\n');
  return [
    hanging('', `${severity.toUpperCase()} ${about}: ${first}`, widthColumns, 2),
    ...more.map((line) => hanging('  ', line, widthColumns, 4)),
  ];
}

/** The part of the frames that should have been heard and did not come in time. */
function lossOf(audio: NodeView['audio']): string {
  if (!audio || audio.frames + audio.concealed === 0) return '-';
  return `${((100 * audio.concealed) / (audio.frames + audio.concealed)).toFixed(1)} %`;
}

/** Callers who have been answered, and are no members yet. */
function joiningText({ inLobby, atDoor }: StatusView): string {
  const parts = [
    ...(inLobby > 0 ? [`${counted(inLobby, 'caller')} in the lobby`] : []),
    ...(atDoor > 0 ? [`${counted(atDoor, 'caller')} at the PIN`] : []),
  ];
  return parts.join(', ') || 'nobody';
}

/** Calls that come in, in a line. */
function admissionText({ waiting, longestMs, perSecond, limit, refused }: StatusView['admission']): string {
  const seconds = (longestMs / 1000).toFixed(1);
  const waits =
    waiting === 1 ? `1 call waits, for ${seconds} s` : `${waiting} calls wait, the longest for ${seconds} s`;
  const line = waiting === 0 ? 'nobody waits' : waits;
  return `${line}; ${perSecond}/s let in, at most ${limit} at once; ${refused} refused`;
}

const WHY: Record<RouteView['reason'], string> = {
  placement: 'placement prefers it',
  kept: 'the table of conferences keeps the conference to it',
  full: 'this node is full',
  draining: 'this node is draining',
  congested: 'calls wait at this node to be let in, or its Asterisk has no room',
  'only-here': 'this node is draining, but no other one has room',
};

/** Where the next caller goes, in a line. */
export function routeText({ node, sip, reason }: RouteView, widthColumns: number): string {
  return hanging('', `${node}  ${sip ?? '(no cluster.sip)'}  ${WHY[reason]}`, widthColumns, 2);
}
