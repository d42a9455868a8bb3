import type { NodeView } from '../../api/schemas.ts';
import { time } from './conference-text.ts';
import { table } from './table.ts';

/** The nodes of the cluster as people read them. */
export function nodeTable(nodes: readonly NodeView[], widthColumns: number): string {
  return table(
    [
      'NODE',
      'STATE',
      'CONFERENCES',
      'MEMBERS',
      'WAITING',
      'CAPACITY',
      'LOAD',
      'RTT MS',
      'LOSS',
      'DELAY MS',
      'SINCE',
      'VERSION',
    ],
    nodes.map((node) => [
      node.id,
      node.draining ? `${node.state}, draining` : node.state,
      node.conferences,
      node.members,
      node.admission.waiting,
      node.capacity ?? '-',
      node.load === null ? '-' : node.load.toFixed(2),
      node.rttMs === null ? '-' : node.rttMs.toFixed(1),
      lossOf(node.audio),
      node.audio?.delayMs ? node.audio.delayMs.toFixed(0) : '-',
      time(node.since),
      node.version ?? '-',
    ]),
    widthColumns,
  );
}

/** The part of the frames that should have been heard and did not come in time. */
function lossOf(audio: NodeView['audio']): string {
  if (!audio || audio.frames + audio.concealed === 0) return '-';
  return `${((100 * audio.concealed) / (audio.frames + audio.concealed)).toFixed(1)} %`;
}
