import type { SplitTable, TableChunk } from './split-table.ts';

/** The text of a table that has one of its conferences only, each line where it was. Null takes the chunk away as well. */
export function textWithOnly({ head }: SplitTable, chunk: TableChunk | null): string {
  return chunk === null ? head : spliced(head, chunk.line - 1, linesOf(chunk.text).length, linesOf(chunk.text));
}

/** The chunk of a conference, by its number; undefined if the table does not have it. */
export function chunkOf({ chunks }: SplitTable, number: string): TableChunk | undefined {
  return chunks.find((chunk) => numberOf(chunk) === number);
}

/** The number of a conference, as far as the line with which it begins is right; else an empty text. */
export function numberOf({ text }: TableChunk): string {
  const [, , quoted, plain] = /^\s*(?:(["'])([^"']*)\1|([^\s"'#:][^:#]*?))\s*:/.exec(text) ?? [];
  return quoted ?? plain ?? '';
}

/** Puts another text in the place of a conference; an empty one removes it. */
export function replaceChunk(text: string, chunk: TableChunk, by: string): string {
  const start = chunk.line - 1;
  const count = linesOf(chunk.text).length;
  if (by !== '') return spliced(text, start, count, linesOf(by));
  const lines = text.split('\n');
  const isBlank = (at: number) => lines[at] === undefined || lines[at].trim() === '';
  // Of the blank lines before and after it, one remains.
  return spliced(text, start, isBlank(start - 1) && isBlank(start + count) ? count + 1 : count, []);
}

/**
 * Adds a conference after the last one.
 * @param lines its number, and its settings further in, from the first column on
 */
export function appendChunk(text: string, { chunks }: SplitTable, lines: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const last = chunks.at(-1);
  const indent = ' '.repeat(last && Number.isFinite(last.indent) ? last.indent : 2);
  const added = linesOf(lines).map((line) => `${indent}${line}${newline === '\r\n' ? '\r' : ''}`);
  if (last) return spliced(text, last.line - 1 + linesOf(last.text).length, 0, added);
  const all = text.split('\n');
  const at = all.findIndex((line) => EMPTY_CONFERENCES.test(line));
  if (at >= 0)
    return spliced(text, at, 1, [all[at]?.replace(/\{\s*\}\s*/, '').replace(/ +(\r?)$/, '$1') ?? '', ...added]);
  const before = text === '' || text.endsWith('\n') ? text : `${text}${newline}`;
  return `${before}${before.trim() === '' ? '' : newline}conferences:${newline}${added.join('\n')}\n`;
}

const EMPTY_CONFERENCES = /^(["']?)conferences\1\s*:\s*(?:\{\s*\}\s*)?(?:#.*)?\r?$/;

function spliced(text: string, start: number, count: number, lines: readonly string[]): string {
  const all = text.split('\n');
  // A file whose last line has no end gets one, where something comes after it.
  all.splice(start, count, ...lines, ...(start + count >= all.length && lines.length > 0 ? [''] : []));
  return all.join('\n');
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}
