/**
 * A conference in the text of a table: the line of its number, and the lines below it that are further in. It is YAML by
 * itself, so a change of one conference is parsed and written without the thousands of others.
 */
export type TableChunk = {
  /** From 1. */
  readonly line: number;
  /** How far in its number is. */
  readonly indent: number;
  readonly text: string;
};

export type SplitTable = {
  /** Everything but the conferences, whose lines are empty here. */
  readonly head: string;
  readonly chunks: readonly TableChunk[];
};

const CONFERENCES = /^(["']?)conferences\1[ ]*:[ ]*(?:#.*)?\r?$/;

/** Takes a table apart, in steps. Text that is no YAML comes apart somewhere, and each part reports its mistakes. */
export function* splitting(text: string): Generator<void, SplitTable> {
  const lines = text.split('\n');
  const head = [...lines];
  const chunks: TableChunk[] = [];
  let inside = false;
  let column: number | null = null;
  for (let at = 0; at < lines.length; ) {
    if (at % 1000 === 0) yield;
    const line = lines[at] ?? '';
    const indent = indentOf(line);
    if (indent === null || !inside || indent === 0) {
      if (indent === 0) inside = CONFERENCES.test(line);
      at++;
      continue;
    }
    if (Number.isFinite(indent)) column ??= indent;
    const end = endOfChunk(lines, at, column ?? indent);
    chunks.push({ line: at + 1, indent, text: `${lines.slice(at, end).join('\n')}\n` });
    head.fill('', at, end);
    at = end;
  }
  return { head: head.join('\n'), chunks };
}

/** The line after the last one of a chunk. Comments as far out as its number belong to what follows. */
function endOfChunk(lines: readonly string[], start: number, column: number): number {
  let end = start + 1;
  for (let at = end; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const indent = indentOf(line);
    const isComment = /^\s*#/.test(line);
    if (indent === null && !isComment) continue;
    const deep = isComment ? line.search('#') > column : (indent ?? 0) > column;
    if (deep) end = at + 1;
    else if (!isComment) break;
  }
  return end;
}

/** Blanks at the beginning of a line; null where nothing but a comment is on it. A tab, which YAML refuses, is further in than all. */
function indentOf(line: string): number | null {
  if (/^\s*(?:#.*)?$/.test(line)) return null;
  const blanks = line.search(/[^ ]/);
  return line[blanks] === '\t' ? Number.POSITIVE_INFINITY : blanks;
}
