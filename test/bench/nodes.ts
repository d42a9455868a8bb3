import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Message } from '../../src/cluster/messages.ts';
import { countMembers } from '../../src/conference/model/conference.ts';
import { BenchNode, channelOf } from './bench-node.ts';
import { cpuMs } from './cpu.ts';
import { average, type Figures, type Result, result } from './result.ts';

/**
 * A cluster of many nodes with one conference, as the controller of one of them sees it: what the others tell really comes
 * out of their conferences, one after the other, and is taken as messages of the event channel. There are no sockets.
 */

const OWN = 'own';
const SPEAKERS_OF_CLUSTER = 50;
/** The nodes that have told it are gone by then. */
const SETTLE_MS = 2000;
const STATUS_MESSAGES = 10;
/** Nodes of a cluster that is not measured. */
const WARM_UP = 4;

export type NodesParams = { nodes: number; members: number; rounds: number };

/** @param params.members on each node; the smaller cluster has half as many nodes, of as many members */
export async function nodes(params: NodesParams): Promise<Result> {
  // The compiler sees everything once, so that neither of the two pays for it.
  await measure({ ...params, nodes: WARM_UP });
  const measured: { ours: Figures[]; peer: Figures[] } = { ours: [], peer: [] };
  for (let round = 0; round < params.rounds; round++) {
    measured.peer.push(await measure({ ...params, nodes: Math.round(params.nodes / 2) }));
    measured.ours.push(await measure(params));
  }
  return result('nodes', params, 'joinElsewhereMs', { ours: average(measured.ours), peer: average(measured.peer) }, 4);
}

async function measure({ nodes: count, members }: NodesParams): Promise<Figures> {
  const others = Array.from({ length: count - 1 }, (_, index) => `node${index}`);
  const own = new BenchNode(OWN, others, () => {});
  const nodes = others.map((other, index) => whatIsTold(other, index < SPEAKERS_OF_CLUSTER, members));
  const told = inTurn(nodes.map(({ joins }) => joins));
  const joins = told.filter(({ text }) => text.includes('"delta"'));
  const bytes = joins.reduce((sum, { text }) => sum + text.length, 0);
  await sleep(SETTLE_MS);
  const heapBefore = heapMb();
  const toldMs = await cpuMs(told.length, (index) => take(own, told[index]));
  const heapAfter = heapMb();
  // They were in use until now.
  told.length = 0;
  const statuses = Array.from({ length: STATUS_MESSAGES }, () => others.map((from) => ({ from, text: STATUS }))).flat();
  const statusMs = await cpuMs(statuses.length, (index) => take(own, statuses[index]));
  const joinMs = await cpuMs(members, (index) => own.joins(channelOf(index)));
  const admitted = countMembers(own.conference);
  if (admitted !== count * members) throw new Error(`of ${count * members} members ${admitted} are known`);
  own.stop();
  return {
    ...(await measureRestart(
      others,
      nodes.flatMap(({ snapshot }) => snapshot),
    )),
    joinElsewhereMs: toldMs / joins.length,
    joinElsewhereBytes: bytes / joins.length,
    joinMs: joinMs / members,
    statusMs: statusMs / statuses.length,
    membersElsewhere: others.length * members,
    mbOfOthers: heapAfter - heapBefore,
  };
}

/** The node has one member by then, and is told of all the others. */
async function measureRestart(others: readonly string[], snapshots: readonly Told[]): Promise<Figures> {
  const node = new BenchNode(OWN, others, () => {});
  node.joins(channelOf(0));
  const snapshotsMs = await cpuMs(snapshots.length, (index) => take(node, snapshots[index]));
  const missing = others.filter((other) => !node.conference.remote?.nodes.includes(other));
  if (missing.length > 0) throw new Error(`nothing is known of ${missing.join(', ')}`);
  node.stop();
  return { snapshotsMs, snapshotsMb: snapshots.reduce((sum, { text }) => sum + text.length, 0) / 1024 ** 2 };
}

type Told = { readonly from: string; readonly text: string };

/** What a node tells the others while its members join, one at a time, and one that comes anew afterwards. */
function whatIsTold(from: string, hasSpeaker: boolean, members: number): { joins: Told[]; snapshot: Told[] } {
  const joins: Told[] = [];
  const asTold = (message: Message): Told => ({ from, text: JSON.stringify(message) });
  const node = new BenchNode(from, [OWN], (message) => void joins.push(asTold(message)));
  for (let index = 0; index < members; index++) node.joins(channelOf(index), { speaker: hasSpeaker && index === 0 });
  node.stop();
  return { joins, snapshot: node.snapshot.map(asTold) };
}

/** As if callers came to all nodes at the same time. */
function inTurn(ofNodes: readonly Told[][]): Told[] {
  const longest = Math.max(...ofNodes.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => ofNodes.flatMap((told) => told[turn] ?? [])).flat();
}

const STATUS = JSON.stringify({
  type: 'status',
  conferences: 1,
  members: 1000,
  load: 0.5,
  capacity: 5000,
  draining: false,
} satisfies Partial<Message>);

function take(node: BenchNode, told: Told | undefined): void {
  if (told) node.takes(told.from, told.text);
}

/** What is in use, garbage left out. */
function heapMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1024 ** 2;
}
