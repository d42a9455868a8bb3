import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config/read-config.ts';
import { createLogger } from '../../controller/logger.ts';
import { Supervisor } from '../../controller/supervisor.ts';
import { EXIT } from '../exit-codes.ts';

const PROCESSES = ['relay', 'controller'] as const;

/**
 * Runs the node's processes until SIGTERM or SIGINT, or until one ends by its own decision.
 * @returns the exit status
 */
export async function start(configFile: string | undefined): Promise<number> {
  const config = await readConfig(configFile, process.env);
  const logger = createLogger(config.log);
  const program = fileURLToPath(new URL('../main.js', import.meta.url));
  const supervisors = PROCESSES.map((name) => {
    const args = [program, name, ...(configFile ? ['--config', configFile] : [])];
    return new Supervisor({ name, command: process.execPath, args }, { logger });
  });
  const stop = () => {
    for (const supervisor of supervisors) supervisor.stop();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Read the profiles again.
  process.on('SIGHUP', () => supervisors.at(-1)?.signal('SIGHUP'));
  const running = supervisors.map((supervisor) => supervisor.run());
  await Promise.race(running);
  stop();
  const statuses = await Promise.all(running);
  return statuses.find((status) => status !== EXIT.ok) ?? EXIT.ok;
}
