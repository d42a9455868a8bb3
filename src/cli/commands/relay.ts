import { readConfig } from '../../config/read-config.ts';
import { createLogger } from '../../controller/logger.ts';
import { Relay } from '../../relay/relay.ts';
import { lifetime } from './lifetime.ts';

/**
 * Runs the relay until SIGTERM or SIGINT.
 * @param configFile see `readConfig`
 * @throws ConfigError or RelayError with what keeps it from running
 */
export async function runRelay(configFile: string | undefined): Promise<void> {
  const config = await readConfig(configFile, process.env);
  const logger = createLogger(config.log);
  const { ended, end } = lifetime();

  const relay = new Relay(config.relay, { logger, onDied: end });
  try {
    await relay.start();
    logger.info(`relay running, process ${process.pid}`);
    const error = await ended;
    if (error) throw error;
    logger.info('relay stopping');
  } finally {
    await relay.stop();
  }
}
