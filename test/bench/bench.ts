import { setTimeout as sleep } from 'node:timers/promises';
import type { ConferenceSummary, NodeView, StatusView } from '../../src/api/schemas.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { RostrumNode, type RostrumNodeOptions } from '../kit/rostrum-node.ts';
import { type Contender, confBridge, OURS, PEER } from './peer.ts';
import { average, type Figures } from './result.ts';

/** A move takes some hundredths of a second. */
const STEADY_MS = 1500;
const BIND_ADDRESS = '127.0.30.1';

/** Where a bench runs: one Asterisk with both contenders on it, and phones. */
export type Bench = { node: RostrumNode; phones: PhoneBank };

/** Runs a measurement on both contenders, in turns over several rounds, so that a slow spell of the machine hits both. */
export async function inTurns(
  rounds: number,
  measure: (contender: Contender) => Promise<Figures>,
): Promise<{ ours: Figures; peer: Figures }> {
  const measured: Record<Contender['name'], Figures[]> = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? [PEER, OURS] : [OURS, PEER]) {
      measured[contender.name].push(await measure(contender));
    }
  }
  return { ours: average(measured.ours), peer: average(measured.peer) };
}

/** All rounds on one node, which has warmed up, with phones in this process. */
export function compare(
  rounds: number,
  measure: (bench: Bench, contender: Contender) => Promise<Figures>,
): Promise<{ ours: Figures; peer: Figures }> {
  return withNode({}, (node) =>
    inTurns(rounds, async (contender) => {
      const phones = new PhoneBank({ bindAddress: '127.0.0.1', server: node.server });
      await phones.start();
      try {
        return await measure({ node, phones }, contender);
      } finally {
        await phones.stop();
      }
    }),
  );
}

/** A node with both contenders on it, of which nothing is left afterwards. */
export async function withNode<Value>(
  { packetMs = 20, profile }: { packetMs?: number; profile?: RostrumNodeOptions['profile'] },
  use: (node: RostrumNode) => Promise<Value>,
): Promise<Value> {
  const node = await RostrumNode.start({
    bindAddress: BIND_ADDRESS,
    extra: confBridge({ packetMs }),
    profile: { ...profile, ...(packetMs !== 20 && { audience: { packetMs } }) },
  });
  try {
    return await use(node);
  } finally {
    await node.stop();
  }
}

/** Waits until as many listeners as can hear the relay do; then nobody is moved any more. */
export async function settleAudience(node: RostrumNode): Promise<number> {
  for (let atRelay = -1; ; await sleep(STEADY_MS)) {
    const { members } = await node.show('3000').catch(() => ({ members: [] }));
    const before = atRelay;
    atRelay = members.filter(({ path }) => path === 'relay').length;
    if (atRelay === before) return atRelay;
  }
}

/** How many calls there are, as each of the processes knows; the relay tells each 2 s. */
export async function countedCalls(node: RostrumNode): Promise<Figures> {
  const channels = await node.asterisk.cli('core show channels count').catch(() => '');
  const [{ traffic } = { traffic: null }] = await node.api.get<NodeView[]>('/nodes');
  const conferences = await node.api.get<ConferenceSummary[]>('/conferences');
  return {
    asteriskCalls: Number(/^(\d+) active calls?/m.exec(channels)?.[1]),
    relayCalls: traffic?.calls?.calls ?? 0,
    members: conferences.reduce((sum, { members }) => sum + members, 0),
  };
}

export type ServerPids = { asterisk: number; supervisor: number; controller: number; relay: number };

/** The processes that a conference runs in. */
export async function serverPids(node: RostrumNode): Promise<ServerPids> {
  const { pid, relay } = await node.api.get<StatusView>('/status');
  if (!relay.pid) throw new Error('the bench needs a relay, and none is running');
  return { asterisk: node.asterisk.pid, supervisor: node.supervisorPid, controller: pid, relay: relay.pid };
}
