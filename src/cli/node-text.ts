import type { NodeView } from '../api/schemas.ts';
import { time } from './conference-text.ts';
import { table } from './table.ts';

/** The nodes of the cluster as people read them. */
export function nodeTable(nodes: readonly NodeView[], widthColumns: number): string {
  return table(
    ['NODE', 'STATE', 'CONFERENCES', 'MEMBERS', 'CAPACITY', 'LOAD', 'RTT MS', 'SINCE', 'VERSION'],
    nodes.map((node) => [
      node.id,
      node.draining ? `${node.state}, draining` : node.state,
      node.conferences,
      node.members,
      node.capacity ?? '-',
      node.load === null ? '-' : node.load.toFixed(2),
      node.rttMs === null ? '-' : node.rttMs.toFixed(1),
      time(node.since),
      node.version ?? '-',
    ]),
    widthColumns,
  );
}
