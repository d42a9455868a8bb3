import { type Command, Option } from 'commander';
import { addClientOptions, configOption, jsonOption } from '../options/common.ts';
import { lazily } from './lazily.ts';

/** Adds `rostrum profile ...`. */
export function addProfileCommands(program: Command): void {
  const profile = program.command('profile').description('show, check and change profiles');
  const add = (nameAndArguments: string, description: string) =>
    profile
      .command(nameAndArguments)
      .description(description)
      .addOption(new Option('--directory <dir>', 'directory of the profiles; without it, the one in rostrum.yaml'))
      .addOption(configOption);

  add('list [directory]', 'list the profiles')
    .addOption(jsonOption)
    .action(lazily(async () => (await import('../commands/profile.ts')).list));

  add('show <name>', 'show all values of a profile, and where each comes from')
    .addOption(jsonOption)
    .action(lazily(async () => (await import('../commands/profile-show.ts')).show));

  add('card <name>', 'print what the telephone keys do, for callers and moderators')
    .option('--html', 'as a page to be printed, or to be saved as PDF, in a browser')
    .option('--title <text>', 'heading of that page')
    .action(lazily(async () => (await import('../commands/profile-card.ts')).card));

  add('check [directory]', 'check all profiles and print every mistake').action(
    lazily(async () => (await import('../commands/profile.ts')).check),
  );

  add('set <name> [key] [value]', 'change a value, such as: set default limits.speakers 40')
    .option('--unset <key>', 'remove a key, so that the inherited or default value counts')
    .addHelpText(
      'after',
      `
The rest of the file stays as it is. A list is [a, b];
null takes away an inherited value.
  rostrum profile set default access.userPin 1234
  rostrum profile set default flags '[+mute]'
  rostrum profile set default sound.prompts.welcome none
  rostrum profile set default-keys 'keys.*5' deaf
  rostrum profile set default --unset limits.speakers`,
    )
    // A value may be -2 or -mute.
    .allowUnknownOption()
    .action(lazily(async () => (await import('../commands/profile-set.ts')).set));

  add('edit <name>', 'edit a profile with $VISUAL or $EDITOR; it is checked before it replaces the old one').action(
    lazily(async () => (await import('../commands/profile-edit.ts')).edit),
  );

  profile
    .command('schema')
    .description('print the JSON Schema of profiles, for editors')
    .action(lazily(async () => (await import('../commands/profile.ts')).schema));

  addClientOptions(profile.command('reload'))
    .description('make the controller read the profiles again, and show what has changed')
    .action(lazily(async () => (await import('../commands/profile.ts')).reload));
}
