import { hardLimitOfFiles } from '../../scripts/machine.ts';
import { measureAudience } from './audience.ts';
import { inTurns, withNode } from './bench.ts';
import type { ListenersParams } from './listeners.ts';
import type { Contender } from './peer.ts';
import { type Figures, type Result, result } from './result.ts';
import { largestThatHolds } from './search.ts';

/** Asterisk opens so many for each call, and some for itself. */
const DESCRIPTORS_PER_CALL = 5;
const OTHER_DESCRIPTORS = 1000;
const LEAST_OF_PACKETS = 0.99;
/** With more than this in use by the contender and the phones, the machine has no more to give. */
const MOST_CPU_PERCENT = 97;

/**
 * Finds the largest audience that gets its packets. The phones of the bench run on the same machine, so that with phones
 * elsewhere it is larger. The search begins at `count`.
 */
export async function listenersLimit({
  most: mostAsked,
  ...params
}: ListenersParams & { most: number }): Promise<Result> {
  const byDescriptors = Math.floor(((await hardLimitOfFiles()) - OTHER_DESCRIPTORS) / DESCRIPTORS_PER_CALL);
  const most = Math.min(mostAsked, byDescriptors);
  const measured = await inTurns(params.rounds, (contender) => findLimit(contender, params, most));
  // More is better here.
  return result('listeners-limit', { ...params, most }, 'listeners', measured);
}

async function findLimit(contender: Contender, params: ListenersParams, most: number): Promise<Figures> {
  const { packetMs } = params;
  const heldAt = new Map<number, Figures>();
  const listeners = await largestThatHolds({ first: params.count, most }, async (count) => {
    const figures = await withNode({ packetMs }, (node) => measureAudience(node, contender, { ...params, count }));
    const { packetsPerSecond = 0, benchCpuPercent = 0 } = figures;
    const holds = packetsPerSecond >= (LEAST_OF_PACKETS * 1000) / packetMs && benchCpuPercent <= MOST_CPU_PERCENT;
    process.stderr.write(
      `${contender.name}: ${count} listeners get ${packetsPerSecond.toFixed(1)} packets/s each, ` +
        `${benchCpuPercent.toFixed(0)} % of the machine is in use for them: ${holds ? 'holds' : 'does not hold'}\n`,
    );
    if (holds) heldAt.set(count, figures);
    return holds;
  });
  return { listeners, ...heldAt.get(listeners) };
}
