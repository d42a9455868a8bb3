import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Writable } from 'node:stream';
import { ApiClient } from '../../api/client.ts';
import type { RecordingListView, RecordingView } from '../../api/record-schemas.ts';
import type { ClientOptions } from '../options/common.ts';
import type { ListOptions } from '../options/list.ts';
import { print } from '../terminal/print.ts';
import { recordingTable } from '../text/recording-text.ts';
import { listNewest } from './newest-list.ts';

const TO_STDOUT = '-';

/** `rostrum recordings list` */
export async function listRecordings(options: ListOptions): Promise<void> {
  await listNewest<RecordingListView, RecordingView>(options, {
    path: '/recordings',
    noun: 'recording',
    entriesOf: ({ recordings }) => recordings,
    table: recordingTable,
  });
}

/**
 * `rostrum recordings get <file> [target]`: copies a recording of this node.
 * @param target `-` for stdout; without it, the name of the file in this directory
 */
export async function getRecording(file: string, target: string | undefined, { socket }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  const path = `/recordings/${encodeURIComponent(file)}`;
  if (target === TO_STDOUT) return void (await client.download(path, async () => process.stdout));
  let copy = '';
  try {
    const { bytes } = await client.download(path, async (headers) => {
      const wanted = target ?? basename(String(headers['rostrum-file'] ?? file));
      await ensureFree(wanted);
      copy = wanted;
      return begun(copy);
    });
    await complete(copy);
    process.stdout.write(`${copy}: ${bytes} bytes\n`);
  } catch (error) {
    if (copy !== '') await rm(partOf(copy), { force: true });
    throw error;
  }
}

/** `rostrum recordings remove <file...>` */
export async function removeRecordings(files: readonly string[], { socket, json }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  for (const file of files) {
    const removed = await client.delete<RecordingView>(`/recordings/${encodeURIComponent(file)}`);
    print(removed, json, () => `${removed.file} is removed`);
  }
}

/** The name of a copy until it is complete, so that nobody takes a part of a recording for the whole. */
function partOf(copy: string): string {
  return `${copy}.part`;
}

/** A new file, for this user alone: a recording is confidential. */
async function begun(copy: string): Promise<Writable> {
  // One that was interrupted.
  await rm(partOf(copy), { force: true });
  return (await open(partOf(copy), 'wx', 0o600)).createWriteStream();
}

/** Gives a copy its name, unless there is such a file by now. */
async function complete(copy: string): Promise<void> {
  await link(partOf(copy), copy).catch(async (error: NodeJS.ErrnoException) => {
    // Some disks have no links, such as a USB stick.
    if (error.code !== 'EPERM' && error.code !== 'ENOTSUP') throw error;
    await ensureFree(copy);
    await rename(partOf(copy), copy);
  });
  await rm(partOf(copy), { force: true });
}

async function ensureFree(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found) throw new Error(`${path} is there already: choose another name`);
}
