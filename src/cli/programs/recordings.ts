import type { Command } from 'commander';
import { addClientOptions, addWatchOptions } from '../options/common.ts';
import { addListOptions } from '../options/list.ts';
import { lazily } from './lazily.ts';

/** Adds `rostrum recordings list|get|remove`. */
export function addRecordingsCommands(program: Command): void {
  const recordings = program.command('recordings').description('list, copy and remove the files of recordings');

  addWatchOptions(addListOptions(recordings.command('list')))
    .description('list the recordings of all nodes, the newest first')
    .action(lazily(async () => (await import('../commands/recordings.ts')).listRecordings));

  addClientOptions(recordings.command('get'))
    .argument('<recording>', 'its file, as the list has it')
    .argument('[target]', 'where to write it, - for standard output; without it, into this directory')
    .description('copy a recording of this node')
    .action(lazily(async () => (await import('../commands/recordings.ts')).getRecording));

  addClientOptions(recordings.command('remove'))
    .argument('<recordings...>', 'their files, as the list has them')
    .description('remove recordings of this node')
    .action(lazily(async () => (await import('../commands/recordings.ts')).removeRecordings));
}
