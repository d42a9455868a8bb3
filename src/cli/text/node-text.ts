import type { NodeView, RouteView, StatusView } from '../../api/schemas.ts';
import { time } from './conference-text.ts';
import { tableOf } from './table.ts';

/** The nodes of the cluster as people read them. */
export function nodeTable(nodes: readonly NodeView[], widthColumns: number): string {
  return tableOf(
    nodes,
    [
      ['NODE', ({ id }) => id],
      ['STATE', stateOf],
      ['CONFERENCES', ({ conferences }) => conferences, { spare: 8 }],
      ['MEMBERS', ({ members }) => members],
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

function stateOf({ state, draining, admission }: NodeView): string {
  return [state, ...(draining ? ['draining'] : []), ...(admission.room === 0 ? ['no room'] : [])].join(', ');
}

/** The part of the frames that should have been heard and did not come in time. */
function lossOf(audio: NodeView['audio']): string {
  if (!audio || audio.frames + audio.concealed === 0) return '-';
  return `${((100 * audio.concealed) / (audio.frames + audio.concealed)).toFixed(1)} %`;
}

/** Calls that come in, in a line. */
export function admissionText({
  waiting,
  longestMs,
  perSecond,
  limit,
  refused,
  room,
}: StatusView['admission']): string {
  const line = waiting === 0 ? 'nobody waits' : `${waiting} wait, the longest for ${(longestMs / 1000).toFixed(1)} s`;
  const files = room === 0 ? '; Asterisk has too few open files left for another call' : '';
  return `${line}; ${perSecond}/s let in, at most ${limit} at once; ${refused} refused${files}`;
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
export function routeText({ node, sip, reason }: RouteView): string {
  return `${node}  ${sip ?? '(no cluster.sip)'}  ${WHY[reason]}`;
}
