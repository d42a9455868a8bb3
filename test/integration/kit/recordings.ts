import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Conference } from '../../../src/conference/model/conference.ts';
import type { RecordingNote } from '../../../src/controller/recordings/recording-notes.ts';

/** A second of sound in a WAV file. */
export const SECOND_BYTES = 16_000;

/** Writes a WAV file without sound into a directory of recordings. */
export async function writeRecording(
  directory: string,
  name: string,
  { seconds, ageMs }: { seconds: number; ageMs: number },
): Promise<void> {
  const path = join(directory, `${name}.wav`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.alloc(44 + seconds * SECOND_BYTES));
  const at = new Date(Date.now() - ageMs);
  await utimes(path, at, at);
}

/** The file that Asterisk takes for a name. */
export async function firstFileOf(directory: string, name: string): Promise<string | undefined> {
  return (await readdir(directory, { recursive: true })).sort().find((file) => file.startsWith(`${name}.`));
}

/** The notes on the disk about the recordings that a node has made, by name. */
export async function notesIn(directory: string): Promise<Record<string, RecordingNote>> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.json'));
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  const found = texts.map((text) => JSON.parse(text) as RecordingNote);
  return Object.fromEntries(found.map((note) => [note.name, note]));
}

/** A recording of a conference, which begins now. */
export const recording = (name: string): NonNullable<Conference['recording']> => ({
  name,
  number: 1,
  chosen: true,
  format: 'wav',
  startedAtMs: Date.now(),
  paused: false,
  restarts: 0,
});
