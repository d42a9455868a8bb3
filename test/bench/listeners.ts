import { type AudienceParams, measureAudience } from './audience.ts';
import { inTurns, withNode } from './bench.ts';
import { type Result, result } from './result.ts';

export type ListenersParams = AudienceParams & { rounds: number };

/**
 * Measures what an audience costs: CPU for each 100 listeners, and memory. Each measurement has a node of its own, because
 * memory that Asterisk took for one measurement would seem to cost nothing in the next.
 */
export async function listeners(params: ListenersParams): Promise<Result> {
  const { rounds, packetMs } = params;
  const measured = await inTurns(rounds, (contender) =>
    withNode({ packetMs }, (node) => measureAudience(node, contender, params)),
  );
  return result('listeners', params, 'cpuPercentPer100', measured);
}
