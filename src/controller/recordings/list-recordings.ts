import type { Recording } from '../../recordings/recording.ts';
import type { RecordingFile, RecordingFiles } from './recording-files.ts';

/** More files are not looked at for a list. */
const MOST_FILES = 20_000;

/** How this node has made a file. */
export type MadeFile = { readonly conference: string; readonly startedAtMs: number; readonly isOpen: boolean };

export type ListRecordingsDeps = {
  readonly files: Pick<RecordingFiles, 'directory' | 'names' | 'look'>;
  /** @returns null for a file of another program */
  readonly madeAs: (file: string) => MadeFile | null;
  readonly mostFiles?: number | undefined;
  readonly warn: (text: string) => void;
};

/**
 * The recordings that there are, the newest first. Rejects with a ControllerError `not-possible`. Of more files than can be
 * looked at, those are preferred that this node has made, the newest first.
 * @param wanted.search a part of the file or of the conference's name; case does not count
 */
export async function listRecordings(
  { search, limit }: { search: string; limit: number },
  { files, madeAs, mostFiles = MOST_FILES, warn }: ListRecordingsDeps,
): Promise<Recording[]> {
  const text = search.toLowerCase();
  const isFound = (file: string) =>
    file.toLowerCase().includes(text) || madeAs(file)?.conference.toLowerCase().includes(text);
  const names = (await files.names()).filter(isFound);
  if (names.length > mostFiles) {
    const startedAt = new Map(names.map((file) => [file, madeAs(file)?.startedAtMs ?? 0]));
    names.sort((a, b) => (startedAt.get(b) ?? 0) - (startedAt.get(a) ?? 0));
    warn(`lists have only ${mostFiles} of the ${names.length} in ${files.directory}: move old ones away`);
  }
  const found: RecordingFile[] = [];
  for (const file of names.slice(0, mostFiles)) {
    const there = await files.look(file);
    if (there) found.push(there);
  }
  found.sort((a, b) => b.writtenAtMs - a.writtenAtMs);
  return found.slice(0, limit).map((each) => viewOf(each, madeAs(each.file)));
}

/** A file as users see it. @param made null for a file of another program */
export function viewOf({ file, bytes, seconds, writtenAtMs }: RecordingFile, made: MadeFile | null): Recording {
  const endedAt = made?.isOpen ? null : new Date(writtenAtMs).toISOString();
  return { file, conference: made?.conference ?? null, endedAt, seconds, bytes };
}
