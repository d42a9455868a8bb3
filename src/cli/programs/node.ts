import type { Command } from 'commander';
import { addClientOptions, configOption, jsonOption } from '../options/common.ts';
import { lazily } from './lazily.ts';

/** Adds `start`, `relay`, `controller` and `upgrade`, which run the node, and `doctor`, which looks at it. */
export function addNodeCommands(program: Command): void {
  program
    .command('start')
    .description('run the node: starts its processes and restarts them if they die')
    .addOption(configOption)
    .action(lazily(async () => (await import('../commands/start.ts')).start));

  program
    .command('relay')
    .description('run the relay alone, in the foreground')
    .addOption(configOption)
    .option('--take-over', 'take over the calls of the running relay, which then ends')
    .action(lazily(async () => (await import('../commands/relay.ts')).runRelay));

  program
    .command('controller')
    .description('run the controller alone, in the foreground')
    .addOption(configOption)
    .action(lazily(async () => (await import('../commands/controller.ts')).runController));

  addClientOptions(program.command('upgrade'))
    .description('replace relay and controller with the version that is installed now; calls go on')
    .action(lazily(async () => (await import('../commands/upgrade.ts')).upgrade));

  program
    .command('doctor')
    .description('show what is wrong with this node and its host, and what to do about it')
    .addOption(configOption)
    .addOption(jsonOption)
    .action(lazily(async () => (await import('../commands/doctor.ts')).doctor));
}
