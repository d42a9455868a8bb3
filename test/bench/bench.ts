import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusView } from '../../src/api/schemas.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { RostrumNode } from '../kit/rostrum-node.ts';
import { CONFBRIDGE, type Contender, OURS, PEER } from './peer.ts';
import { average, type Figures } from './result.ts';

/** A move takes some hundredths of a second. */
const STEADY_MS = 1500;

/** Where a bench runs: one Asterisk with both contenders on it, and phones. */
export type Bench = { node: RostrumNode; phones: PhoneBank };

/** Runs a measurement on both contenders, in turns over several rounds, so that a slow spell of the machine hits both. */
export async function compare(
  options: { rounds: number; ptimeMs: number },
  measure: (bench: Bench, contender: Contender) => Promise<Figures>,
): Promise<{ ours: Figures; peer: Figures }> {
  const measured: Record<Contender['name'], Figures[]> = { ours: [], peer: [] };
  const node = await RostrumNode.start({ bindAddress: '127.0.30.1', extra: CONFBRIDGE });
  try {
    for (let round = 0; round < options.rounds; round++) {
      for (const contender of round % 2 === 0 ? [PEER, OURS] : [OURS, PEER]) {
        const phones = new PhoneBank({ bindAddress: '127.0.0.1', server: node.server, ptimeMs: options.ptimeMs });
        await phones.start();
        try {
          measured[contender.name].push(await measure({ node, phones }, contender));
        } finally {
          await phones.stop();
        }
      }
    }
  } finally {
    await node.stop();
  }
  return { ours: average(measured.ours), peer: average(measured.peer) };
}

/** Waits until as many listeners as can hear the relay do; then nobody is moved any more. */
export async function settleAudience({ node }: Bench): Promise<number> {
  for (let atRelay = -1; ; await sleep(STEADY_MS)) {
    const { members } = await node.show('3000').catch(() => ({ members: [] }));
    const before = atRelay;
    atRelay = members.filter(({ path }) => path === 'relay').length;
    if (atRelay === before) return atRelay;
  }
}

/** The processes whose CPU time a conference costs. */
export async function serverPids({ node }: Bench): Promise<number[]> {
  const { pid, relay } = await node.api.get<StatusView>('/status');
  return [node.asterisk.pid, node.supervisorPid, pid, ...(relay.pid ? [relay.pid] : [])];
}
