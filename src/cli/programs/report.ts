import { type Command, Option } from 'commander';
import { addClientOptions } from '../options/common.ts';
import { addListOptions } from '../options/list.ts';
import { lazily } from './lazily.ts';

/** Adds `rostrum report`. */
export function addReportCommand(program: Command): void {
  const report = program
    .command('report')
    .argument('[conference]')
    .description('show the members of a conference, with times and roles; or which conferences there are reports of')
    .option('--all', 'all conferences of this name, not only the last one')
    .addOption(new Option('--started <time>', 'the one that started then, as the list has it').conflicts('all'))
    .addOption(new Option('--csv', 'print CSV, for spreadsheets').conflicts(['json', 'jsonl']))
    .addOption(new Option('--jsonl', 'print JSON lines: one member a line').conflicts('json'));
  addClientOptions(addListOptions(report)).action(lazily(async () => (await import('../commands/report.ts')).report));
}
