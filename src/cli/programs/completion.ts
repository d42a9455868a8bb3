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
bash:  source <(rostrum completion bash)                  in ~/.bashrc
zsh:   source <(rostrum completion zsh)                   in ~/.zshrc, after compinit
fish:  rostrum completion fish | source                   in ~/.config/fish/config.fish`,
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
