import type { Command } from 'commander';
import { lazily } from './lazily.ts';

/** Adds `completion`, and the hidden `complete` that its scripts call. */
export function addCompletionCommands(program: Command): void {
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('print a script that completes commands, conferences and members in a shell')
    .addHelpText(
      'after',
      `
bash, in ~/.bashrc:
  source <(rostrum completion bash)
zsh, in ~/.zshrc, after compinit:
  source <(rostrum completion zsh)
fish, in ~/.config/fish/config.fish:
  rostrum completion fish | source`,
    )
    .action(lazily(async () => (await import('../commands/completion.ts')).completion));

  program
    .command('complete', { hidden: true })
    .argument('[words...]', 'what has been typed after `rostrum`; the last word, even if empty, is to be completed')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { complete } = await import('../commands/completion.ts');
      await complete(program, words);
    });
}
