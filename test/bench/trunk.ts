import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { RostrumCluster } from '../kit/rostrum-cluster.ts';
import { type LatencyParams, measureMouthToEar } from './latency.ts';
import { OURS } from './peer.ts';
import { average, type Figures, type Result, result } from './result.ts';

/** Mouth to ear from one node to another, next to speakers and listeners on the same node. */
export async function trunk(params: LatencyParams): Promise<Result> {
  const measured: Record<'ours' | 'peer', Figures[]> = { ours: [], peer: [] };
  const cluster = await RostrumCluster.start({ nodes: ['a', 'b'] });
  try {
    for (let round = 0; round < params.rounds; round++) {
      // In turns, so that a slow spell of the machine hits both.
      for (const name of round % 2 === 0 ? (['peer', 'ours'] as const) : (['ours', 'peer'] as const)) {
        measured[name].push(await measure(cluster, name === 'ours' ? 'b' : 'a', params));
      }
    }
  } finally {
    await cluster.stop();
  }
  const figures = { ours: average(measured.ours), peer: average(measured.peer) };
  return result('trunk', params, 'latencyP50Ms', figures);
}

/** The speakers are on node a. */
async function measure(cluster: RostrumCluster, listenAt: 'a' | 'b', params: LatencyParams): Promise<Figures> {
  const banks = [cluster.node(listenAt), cluster.node('a')].map(
    ({ server }) => new PhoneBank({ bindAddress: '127.0.0.1', server, ptimeMs: 20 }),
  );
  const [listeners, speakers] = banks as [PhoneBank, PhoneBank];
  try {
    await Promise.all(banks.map((bank) => bank.start()));
    return await measureMouthToEar({ ...OURS, listeners, speakers }, params);
  } finally {
    await Promise.all(banks.map((bank) => bank.stop()));
  }
}
