import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config/read-config.ts';
import { isUpgradeRequest, type UpgradeAnswer } from '../../controller/upgrade.ts';
import { createLogger } from '../../process/logger.ts';
import { Supervisor } from '../../process/supervisor.ts';
import { answerSystemdWatchdog } from '../../process/systemd-watchdog.ts';
import { EXIT } from '../terminal/exit-codes.ts';

/**
 * Runs the node's processes until SIGTERM or SIGINT, or until one ends by its own decision.
 * @param options.config see `readConfig`
 */
export async function start({ config: configFile }: { config?: string }): Promise<void> {
  const config = await readConfig(configFile, process.env);
  const logger = createLogger(config.log);
  const program = fileURLToPath(new URL('../main.js', import.meta.url));
  const command = process.execPath;
  const argsOf = (name: string) => [program, name, ...(configFile ? ['--config', configFile] : [])];
  const specOf = (name: string) => ({ name, command, args: argsOf(name) });
  const relay = new Supervisor(specOf('relay'), { logger });
  const controller = new Supervisor(specOf('controller'), {
    logger,
    onMessage: (message) => void (isUpgradeRequest(message) && upgrade()),
  });
  const supervisors = [relay, controller];
  /** By what is installed now. The relay first: calls go on whatever becomes of the controller. */
  const upgrade = async () => {
    const problem = await relay.succeed([...argsOf('relay'), '--take-over']);
    if (problem !== null) logger.error(`the new relay ${problem}; the one that runs goes on`);
    controller.send({ type: 'upgraded', problem } satisfies UpgradeAnswer);
    if (problem === null) controller.restart();
  };
  const stop = () => {
    for (const supervisor of supervisors) supervisor.stop();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Read the profiles again.
  process.on('SIGHUP', () => controller.signal('SIGHUP'));
  void answerSystemdWatchdog(process.env, logger);
  const running = supervisors.map((supervisor) => supervisor.run());
  await Promise.race(running);
  stop();
  const statuses = await Promise.all(running);
  process.exitCode = statuses.find((status) => status !== EXIT.ok) ?? EXIT.ok;
}
