import { type Command, Option } from 'commander';
import type { ReportOptions } from '../commands/report.ts';
import { jsonOption, socketOption } from '../options/common.ts';

/** Adds `rostrum report`. */
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .argument('<conference>')
    .description('show the members of a conference, with times and roles')
    .option('--all', 'all conferences of this name, not only the last one')
    .addOption(new Option('--csv', 'print CSV, for spreadsheets').conflicts(['json', 'jsonl']))
    .addOption(new Option('--jsonl', 'print JSON lines: one member a line').conflicts('json'))
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (conference: string, options: ReportOptions) => {
      const { report } = await import('../commands/report.ts');
      await report(conference, options);
    });
}
