import { type Command, Option } from 'commander';
import { type ClientOptions, configOption, jsonOption, socketOption } from '../options/common.ts';
import type { ProfileOptions, SetOptions } from '../options/profile.ts';

/** Adds `rostrum profile ...`. Commands load their code when they run, see main.ts. */
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
    .action(async (directory: string | undefined, options: ProfileOptions) => {
      const { list } = await import('../commands/profile.ts');
      await list(directory, options);
    });

  add('show <name>', 'show all values of a profile, and where each comes from')
    .addOption(jsonOption)
    .action(async (name: string, options: ProfileOptions) => {
      const { show } = await import('../commands/profile-show.ts');
      await show(name, options);
    });

  add('check [directory]', 'check all profiles and print every mistake').action(
    async (directory: string | undefined, options: ProfileOptions) => {
      const { check } = await import('../commands/profile.ts');
      await check(directory, options);
    },
  );

  add('set <name> [key] [value]', 'change a value, such as: set default limits.speakers 40')
    .option('--unset <key>', 'remove a key, so that the inherited or default value counts')
    .addHelpText(
      'after',
      `
The rest of the file stays as it is. A list is [a, b]; null takes away an inherited value.
  rostrum profile set default access.userPin 1234
  rostrum profile set default flags '[+mute]'
  rostrum profile set default sound.prompts.welcome none
  rostrum profile set default-keys 'keys.#' hangup
  rostrum profile set default --unset limits.speakers`,
    )
    // A value may be -2 or -mute.
    .allowUnknownOption()
    .action(async (name: string, key: string | undefined, value: string | undefined, options: SetOptions) => {
      const { set } = await import('../commands/profile-set.ts');
      await set(name, { key, value }, options);
    });

  add('edit <name>', 'edit a profile with $VISUAL or $EDITOR; it is checked before it replaces the old one').action(
    async (name: string, options: ProfileOptions) => {
      const { edit } = await import('../commands/profile-edit.ts');
      await edit(name, options);
    },
  );

  profile
    .command('schema')
    .description('print the JSON Schema of profiles, for editors')
    .action(async () => {
      const { schema } = await import('../commands/profile.ts');
      schema();
    });

  profile
    .command('reload')
    .description('make the controller read the profiles again, and show what has changed')
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (options: ClientOptions) => {
      const { reload } = await import('../commands/profile.ts');
      await reload(options);
    });
}
