import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultSocketPath } from '../../config/socket-path.ts';
import { isUpgradeRequest, type UpgradeAnswer } from '../../controller/upgrade.ts';
import { KeptOnDisk } from '../../process/kept-on-disk.ts';
import { createLogger } from '../../process/logger.ts';
import { Supervisor } from '../../process/supervisor.ts';
import { answerSystemdWatchdog } from '../../process/systemd-watchdog.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { LASTING, readRunningConfig } from './process-end.ts';

/**
 * Runs the node's processes until SIGTERM or SIGINT, or until one ends by its own decision. If an earlier supervisor of the
 * node was killed, its last good configuration counts until the mistakes in a later one are corrected.
 * @param options.config see `readConfig`
 * @throws ConfigError with every mistake, where no earlier one was killed
 */
export async function start({ config: configFile }: { config?: string }): Promise<void> {
  const { env } = process;
  const disk = await KeptOnDisk.open({
    // Not that of rostrum.yaml, which may have the mistakes.
    directory: dirname(defaultSocketPath(env)),
    node: configFile ?? env['ROSTRUM_CONFIG'] ?? 'rostrum.yaml',
  });
  const { config } = await readRunningConfig(configFile, async () => disk.values);
  const logger = createLogger(config.log);
  const program = fileURLToPath(new URL('../main.js', import.meta.url));
  const command = process.execPath;
  const argsOf = (name: string) => [program, name, ...(configFile ? ['--config', configFile] : [])];
  const specOf = (name: string) => ({ name, command, args: argsOf(name) });
  // They are this process's now.
  for (const [key, value] of disk.values) disk.set(key, value, logger);
  const onKeep = (key: string, value: object) => {
    if (Object.values<string>(LASTING).includes(key)) disk.set(key, value, logger);
  };
  const relay = new Supervisor(specOf('relay'), { logger, kept: disk.values });
  const controllerSpec = { ...specOf('controller'), hasUsualPriority: true } as const;
  const controller = new Supervisor(controllerSpec, {
    logger,
    kept: disk.values,
    onKeep,
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
  void answerSystemdWatchdog(env, logger);
  const running = supervisors.map((supervisor) => supervisor.run());
  await Promise.race(running);
  stop();
  const statuses = await Promise.all(running);
  await disk.remove();
  process.exitCode = statuses.find((status) => status !== EXIT.ok) ?? EXIT.ok;
}
