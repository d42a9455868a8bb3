import { readConfig } from '../../config/read-config.ts';
import { createLogger } from '../../controller/logger.ts';
import { Relay } from '../../relay/relay.ts';

/**
 * Runs the relay until SIGTERM or SIGINT.
 * @param configFile see `readConfig`
 * @throws ConfigError or RelayError with what keeps it from running
 */
export async function runRelay(configFile: string | undefined): Promise<void> {
  const config = await readConfig(configFile, process.env);
  const logger = createLogger(config.log);
  let end = (_error: Error | null) => {};
  const ended = new Promise<Error | null>((resolve) => {
    end = resolve;
  });
  process.once('SIGTERM', () => end(null));
  process.once('SIGINT', () => end(null));
  // The supervisor has died, see there.
  process.once('disconnect', () => end(null));
  process.channel?.unref();

  const { address, ports } = config.relay;
  const relay = new Relay(config.relay, { logger, onDied: end });
  try {
    await relay.start();
    logger.info(`relay running, process ${process.pid}, media at ${address}:${ports.first}-${ports.last}`);
    const error = await ended;
    if (error) throw error;
    logger.info('relay stopping');
  } finally {
    await relay.stop();
  }
}
