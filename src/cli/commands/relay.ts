import { createLogger } from '../../process/logger.ts';
import { Relay } from '../../relay/relay.ts';
import { findPredecessor } from '../../relay/upgrade/take-over.ts';
import { formerCounts, keep, kept, lifetime, readRunningConfig } from './process-end.ts';

/**
 * Runs the relay until SIGTERM or SIGINT.
 * @param options.config see `readConfig`
 * @param options.takeOver goes on with the calls of the relay that runs, if one does
 * @throws ConfigError or RelayError with what keeps it from running
 */
export async function runRelay(options: { config?: string; takeOver?: true }): Promise<void> {
  const { config, problem } = await readRunningConfig(options.config);
  const logger = createLogger(config.log);
  if (problem) logger.error(formerCounts(problem));
  const { ended, end, started } = lifetime();

  const predecessor = options.takeOver ? await findPredecessor(config.relay.socketPath) : null;
  const threads = Math.max(config.relay.threads, predecessor?.handsOver?.threads ?? 0);
  const relay = new Relay(
    { ...config.relay, threads, predecessor },
    { logger, keep, onDied: end, onReplaced: () => end(null) },
  );
  try {
    const failed = await Promise.race([relay.start().then(() => null), ended]);
    if (failed) throw failed;
    void kept().then((requests) => relay.goOn([...requests.values()]));
    logger.info(`relay running, process ${process.pid}`);
    started();
    const error = await ended;
    if (error) throw error;
    logger.info('relay stopping');
  } finally {
    await relay.stop();
  }
}
