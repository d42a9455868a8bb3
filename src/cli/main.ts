#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { defaultSocketPath } from '../config/socket-path.ts';
import { VERSION } from '../config/version.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';

/**
 * The command line. Commands load their code when they run, so that the frequent ones start fast.
 */

type ClientOptions = { socket: string; json?: true };

const socketOption = new Option('--socket <path>', "the controller's unix socket").default(
  defaultSocketPath(process.env),
);
const jsonOption = new Option('--json', 'print JSON');
const configOption = new Option('--config <file>', 'rostrum.yaml of this node').env('ROSTRUM_CONFIG');

const program = new Command('rostrum')
  .description('Broadcast phone conferences on Asterisk')
  .version(VERSION)
  .showHelpAfterError('(add --help for help)')
  .addHelpText(
    'after',
    `
Exit status:
  0  done
  1  failed
  2  wrong command line, configuration or profile
  3  no such conference or member
  4  no controller answers
  5  Asterisk does not answer or cannot be used
  6  another controller is in charge`,
  )
  .exitOverride();

program
  .command('start')
  .description('run the node: starts its processes and restarts them if they die')
  .addOption(configOption)
  .action(async (options: { config?: string }) => {
    const { start } = await import('./commands/start.ts');
    process.exitCode = await start(options.config);
  });

program
  .command('controller')
  .description('run the controller alone, in the foreground')
  .addOption(configOption)
  .action(async (options: { config?: string }) => {
    const { runController } = await import('./commands/controller.ts');
    await runController(options.config);
  });

program
  .command('status')
  .description('show whether the controller is connected to Asterisk, and how much it has to do')
  .addOption(socketOption)
  .addOption(jsonOption)
  .action(async (options: ClientOptions) => {
    const { status } = await import('./commands/show.ts');
    await status(options);
  });

program
  .command('list')
  .description('list the conferences')
  .addOption(socketOption)
  .addOption(jsonOption)
  .action(async (options: ClientOptions) => {
    const { list } = await import('./commands/show.ts');
    await list(options);
  });

program
  .command('show')
  .argument('<conference>')
  .description('show a conference and its members')
  .addOption(socketOption)
  .addOption(jsonOption)
  .action(async (conference: string, options: ClientOptions) => {
    const { show } = await import('./commands/show.ts');
    await show(conference, options);
  });

program
  .command('member')
  .argument('<conference>')
  .argument('<member>', 'number of the member, as `show` lists it')
  .argument('<action>', 'status, kick, or flags')
  .argument('[flags...]', 'after "flags": +speaker -speaker +admin -admin +mute -mute +deaf -deaf')
  .description('show or change a member')
  .addOption(socketOption)
  .addOption(jsonOption)
  // -mute is a word here, not an option.
  .allowUnknownOption()
  .action(async (conference: string, id: string, action: string, words: string[], options: ClientOptions) => {
    const { member } = await import('./commands/member.ts');
    await member(conference, id, action, words, options);
  });

const profile = program.command('profile').description('check and describe profiles');

profile
  .command('check')
  .argument('[directory]', 'directory of the profiles', 'profiles')
  .description('check all profiles and print every mistake')
  .action(async (directory: string) => {
    const { check } = await import('./commands/profile.ts');
    await check(directory);
  });

profile
  .command('schema')
  .description('print the JSON Schema of profiles, for editors')
  .action(async () => {
    const { schema } = await import('./commands/profile.ts');
    schema();
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    process.stderr.write(`rostrum: ${(error as Error).message}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
