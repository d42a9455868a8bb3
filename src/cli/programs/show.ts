import { type Command, Option } from 'commander';
import { addClientOptions, addWatchOptions } from '../options/common.ts';
import {
  addConferenceOrder,
  addFilterOptions,
  addListOptions,
  addMemberOrder,
  type ConferenceListOptions,
  type MemberListOptions,
} from '../options/list.ts';
import { parseShowWords } from '../options/show-words.ts';
import { lazily } from './lazily.ts';

/** Adds `status`, `list`, `nodes` and `show`. */
export function addShowCommands(program: Command): void {
  addClientOptions(program.command('status'))
    .description('show how the node is, and everything that is wrong with it; fails if anything is')
    .option('--health', 'fail only if no call works here, for health checks: warnings do not count')
    .action(lazily(async () => (await import('../commands/show.ts')).status));

  addWatchOptions(addConferenceOrder(addListOptions(program.command('list'))))
    .description('list the conferences')
    .addOption(new Option('--past', 'list those that have ended, the newest first').conflicts('sort'))
    .action(async ({ past, ...options }: ConferenceListOptions & { past?: true }) => {
      if (past) return (await import('../commands/report.ts')).listPast(options);
      await (await import('../commands/show.ts')).list(options);
    });

  addWatchOptions(program.command('nodes'))
    .description('list the nodes of the cluster')
    .action(lazily(async () => (await import('../commands/nodes.ts')).nodes));

  addWatchOptions(addFilterOptions(addMemberOrder(addListOptions(program.command('show')))))
    .usage('[options] [status|members|hands] <conference> | nodes')
    .argument('<conference>', 'or "nodes"')
    .argument('[conference]', 'after "status", "members" or "hands"')
    .description('show a conference and its members, or only a part of these')
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
