import { isMap, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';

/** One mistake in a configuration file. `line` and `column` count from 1, as editors do. */
export type Problem = { file: string; line: number; column: number; path: string; message: string };

export type Parsed<T> = { ok: true; value: T; locate: (path: Path) => Position } | { ok: false; problems: Problem[] };

type Path = readonly (string | number)[];
type Position = { line: number; column: number };

/**
 * Parses YAML text and checks it against a zod schema. Reports every mistake at once, each with the line and column of
 * the offending key or value.
 * @param file the name to show in problems
 */
export function parseYaml<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  file: string,
): Parsed<z.output<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((e) => ({ file, ...position(e.pos[0]), path: '', message: e.message })),
    };
  }

  const locate = (path: Path): Position => position(offsetOf(document.contents, path));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    return { ok: false, problems: [{ file, line: 1, column: 1, path: '', message: (error as Error).message }] };
  }
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data, locate };
  const problems = result.error.issues.flatMap(explain).map(({ path, message }) => ({
    file,
    ...locate(path),
    path: path.join('.'),
    message,
  }));
  return { ok: false, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** `file:line:col: path: message`, the form that editors and terminals make clickable. */
export function formatProblem(problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `;
  return `${problem.file}:${problem.line}:${problem.column}: ${path}${problem.message}`;
}

type Explained = { path: (string | number)[]; message: string };

/** zod reports unknown keys on their parent; each deserves a line of its own, at the key. */
function explain(issue: z.core.$ZodIssue): Explained[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'unknown key' }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => ({ path, message: inner.message }));
  }
  return [{ path, message: issue.message }];
}

/** Offset of the value at `path`, of its key where the value is a map entry, or of the nearest parent that exists. */
function offsetOf(root: unknown, path: Path): number {
  let node = root as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String((item.key as { value?: unknown }).value) === String(step));
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else {
      const item = (node as { items?: Node[] } | null)?.items?.[Number(step)];
      if (!item) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}
