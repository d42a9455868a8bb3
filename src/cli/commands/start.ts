import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config/read-config.ts';
import { createLogger } from '../../controller/logger.ts';
import { Supervisor } from '../../controller/supervisor.ts';

/**
 * Runs the node's processes until SIGTERM or SIGINT.
 * @returns the exit status
 */
export async function start(configFile: string | undefined): Promise<number> {
  const config = await readConfig(configFile, process.env);
  const program = fileURLToPath(new URL('../main.js', import.meta.url));
  const args = [program, 'controller', ...(configFile ? ['--config', configFile] : [])];
  const controller = new Supervisor(
    { name: 'controller', command: process.execPath, args },
    { logger: createLogger(config.log) },
  );
  process.once('SIGTERM', () => controller.stop());
  process.once('SIGINT', () => controller.stop());
  // Read the profiles again.
  process.on('SIGHUP', () => controller.signal('SIGHUP'));
  return controller.run();
}
