import type { Command } from 'commander';
import { configOption } from '../options/common.ts';
import { lazily } from './lazily.ts';

/** Adds `rostrum config ...`. */
export function addConfigCommands(program: Command): void {
  const config = program.command('config').description('check the configuration of the node');

  config
    .command('check [file]')
    .description('check rostrum.yaml and the secrets that it names, and print every mistake')
    .addOption(configOption)
    .action(lazily(async () => (await import('../commands/config.ts')).check));

  config
    .command('schema')
    .description('print the JSON Schema of rostrum.yaml, for editors')
    .action(lazily(async () => (await import('../commands/config.ts')).schema));
}
