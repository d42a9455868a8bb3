import { on } from 'node:events';
import { z } from 'zod';
import { ControllerError } from './errors/controller-error.ts';

/*
 * Between `rostrum start` and its controller, over the channel of the process: the controller asks for processes of the
 * version that is installed now. It is answered when the new relay has taken over, and ended then, to be started again.
 */

const requestSchema = z.object({ type: z.literal('upgrade') });
const answerSchema = z.object({ type: z.literal('upgraded'), problem: z.string().nullable() });
export type UpgradeAnswer = z.output<typeof answerSchema>;

/** A busy machine takes long to start a process. */
const PATIENCE_MS = 50_000;

export function isUpgradeRequest(message: unknown): boolean {
  return requestSchema.safeParse(message).success;
}

let isUnderWay = false;

/**
 * Has relay and controller replaced. Resolves when the new relay has taken over.
 *
 * @throws ControllerError `not-possible`
 */
export async function upgradeNode(): Promise<void> {
  if (!process.send) {
    throw new ControllerError('not-possible', 'relay and controller are not run by "rostrum start" here');
  }
  if (isUnderWay) throw new ControllerError('not-possible', 'another upgrade is under way');
  isUnderWay = true;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const messages = on(process, 'message', { signal });
  process.send({ type: 'upgrade' });
  try {
    for await (const [message] of messages) {
      const answer = answerSchema.safeParse(message);
      if (!answer.success) continue;
      const { problem } = answer.data;
      if (problem === null) return;
      throw new ControllerError('not-possible', `the new relay ${problem}, see its log; the one that runs goes on`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ControllerError('not-possible', 'the new relay has not taken over in time', { cause: error });
  } finally {
    isUnderWay = false;
  }
}
