import type { Command } from 'commander';
import { type ClientOptions, configOption, jsonOption, socketOption } from '../options/common.ts';

/** Adds `start`, `relay`, `controller` and `upgrade`, which run the node, and `doctor`, which looks at it. */
export function addNodeCommands(program: Command): void {
  program
    .command('start')
    .description('run the node: starts its processes and restarts them if they die')
    .addOption(configOption)
    .action(async (options: { config?: string }) => {
      const { start } = await import('../commands/start.ts');
      process.exitCode = await start(options.config);
    });

  program
    .command('relay')
    .description('run the relay alone, in the foreground')
    .addOption(configOption)
    .option('--take-over', 'take over the calls of the running relay, which then ends')
    .action(async (options: { config?: string; takeOver?: true }) => {
      const { runRelay } = await import('../commands/relay.ts');
      await runRelay(options.config, options.takeOver ?? false);
    });

  program
    .command('controller')
    .description('run the controller alone, in the foreground')
    .addOption(configOption)
    .action(async (options: { config?: string }) => {
      const { runController } = await import('../commands/controller.ts');
      await runController(options.config);
    });

  program
    .command('upgrade')
    .description('replace relay and controller with the version that is installed now; calls go on')
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (options: ClientOptions) => {
      const { upgrade } = await import('../commands/upgrade.ts');
      await upgrade(options);
    });

  program
    .command('doctor')
    .description('show what is wrong with this node and its host, and what to do about it')
    .addOption(configOption)
    .addOption(jsonOption)
    .action(async (options: { config?: string; json?: true }) => {
      const { doctor } = await import('../commands/doctor.ts');
      process.exitCode = await doctor(options);
    });
}
