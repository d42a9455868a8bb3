import type { Command } from 'commander';
import { type ClientOptions, jsonOption, socketOption, type WatchOptions, watchOption } from '../options/common.ts';
import { addFilterOptions, addListOptions, type ListOptions, type MemberListOptions } from '../options/list.ts';
import { parseShowWords } from '../options/show-words.ts';

/** Adds `status`, `list`, `nodes` and `show`. */
export function addShowCommands(program: Command): void {
  program
    .command('status')
    .description('show the connection to Asterisk, the number of conferences and members, and waiting calls')
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (options: ClientOptions) => {
      const { status } = await import('../commands/show.ts');
      await status(options);
    });

  addListOptions(program.command('list'))
    .description('list the conferences')
    .addOption(watchOption)
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (options: ListOptions) => {
      const { list } = await import('../commands/show.ts');
      await list(options);
    });

  program
    .command('nodes')
    .description('list the nodes of the cluster')
    .addOption(watchOption)
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (options: WatchOptions) => {
      const { nodes } = await import('../commands/nodes.ts');
      await nodes(options);
    });

  addFilterOptions(addListOptions(program.command('show')))
    .usage('[options] [status|members|hands] <conference> | nodes')
    .argument('<conference>', 'or "nodes"')
    .argument('[conference]', 'after "status", "members" or "hands"')
    .description('show a conference and its members, or only a part of these')
    .addOption(watchOption)
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (first: string, second: string | undefined, options: MemberListOptions) => {
      const shown = parseShowWords(first, second);
      if (shown.what === 'nodes') {
        const { nodes } = await import('../commands/nodes.ts');
        return nodes(options);
      }
      const { show } = await import('../commands/show.ts');
      await show(shown.what, shown.conference, options);
    });
}
