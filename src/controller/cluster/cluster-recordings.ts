import { MOST_RECORDINGS } from '../../cluster/record-questions.ts';
import type { Recording } from '../../recordings/recording.ts';
import type { MissingNode, RecordsOfNodes } from './records-of-nodes.ts';

/** A recording and its node; null where there is no cluster. */
export type NodeRecording = Recording & { readonly node: string | null };

export type RecordingList = {
  /** Those that are being made first, then the newest. */
  readonly recordings: NodeRecording[];
  readonly hasOlder: boolean;
  readonly missing: MissingNode[];
};

/**
 * A page of the recordings of all nodes. Rejects as this node does where no node has an answer.
 * @param wanted.search a part of the file or of the conference's name; case does not count
 * @param wanted.page from 1
 */
export async function recordingsOfNodes(
  records: Pick<RecordsOfNodes, 'askAll'>,
  { search, limit, page }: { search: string; limit: number; page: number },
): Promise<RecordingList> {
  const end = limit * page;
  const asked = Math.min(end + 1, MOST_RECORDINGS);
  const { found, missing } = await records.askAll({ type: 'recordings', search, limit: asked });
  const all = found.flatMap(({ node, items }) => items.map((recording) => ({ ...recording, node })));
  all.sort((a, b) => endMs(b) - endMs(a));
  return { recordings: all.slice(end - limit, end), hasOlder: all.length > end, missing };
}

function endMs({ endedAt }: Recording): number {
  return endedAt === null ? Number.MAX_VALUE : Date.parse(endedAt);
}
