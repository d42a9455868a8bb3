import type { Command } from 'commander';
import { configOption, jsonOption } from '../options/common.ts';
import { lazily } from './lazily.ts';

/** Adds `rostrum conference ...`. */
export function addConferenceTableCommands(program: Command): void {
  const conference = program.command('conference').description('show and change the settings of single conferences');
  const add = (nameAndArguments: string, description: string) =>
    conference.command(nameAndArguments).description(description).addOption(configOption);

  add('list', 'list the conferences of the table')
    .option('--search <text>', 'only those with this text in their number or name')
    .addOption(jsonOption)
    .action(lazily(async () => (await import('../commands/conference-table.ts')).list));

  add('show <number>', 'show the settings of a conference, and where each comes from')
    .option('--profile <name>', 'the profile that the dialplan names, where the table names none')
    .addOption(jsonOption)
    .action(lazily(async () => (await import('../commands/conference-table.ts')).show));

  add('check', 'check the table and print every mistake').action(
    lazily(async () => (await import('../commands/conference-table.ts')).check),
  );

  add('add <number> [settings...]', 'add a conference, with settings such as access.userPin=1234').action(
    lazily(async () => (await import('../commands/conference-table.ts')).add),
  );

  add('set <number> [key] [value]', 'change a setting of a conference, such as: set 3000 limits.members 40')
    .option('--unset <key>', 'remove a setting, so that the one of the profile counts')
    .addHelpText(
      'after',
      `
The rest of the table stays as it is. A list is [a, b];
null takes away what the profile has.
  rostrum conference set 3000 access.userPin 1234
  rostrum conference set 3000 sound.language de
  rostrum conference set 3000 --unset limits.members`,
    )
    // A value may be -2 or -mute.
    .allowUnknownOption()
    .action(lazily(async () => (await import('../commands/conference-table.ts')).set));

  add('remove <number>', 'take a conference out of the table').action(
    lazily(async () => (await import('../commands/conference-table.ts')).remove),
  );

  conference
    .command('schema')
    .description('print the JSON Schema of the table, for editors')
    .action(lazily(async () => (await import('../commands/conference-table.ts')).schema));
}
