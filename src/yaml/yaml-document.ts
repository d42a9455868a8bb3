import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
} from 'yaml';
import type { z } from 'zod';
import { hintOfKey } from './known-keys.ts';

/**
 * One mistake in a configuration file. `line` and `column` count from 1, as editors do; a line of 0 means the file as a
 * whole.
 */
export type Problem = { file: string; line: number; column: number; path: string; message: string };

export type YamlPath = readonly (string | number)[];
export type Position = { line: number; column: number };
export type Locate = (path: YamlPath) => Position;

export type Parsed<T> = { ok: true; value: T; locate: Locate } | { ok: false; problems: Problem[] };

/** A YAML document as plain data. With problems, `value` is what could be understood all the same, or undefined. */
export type YamlText = {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly locate: Locate;
  /** Whether a key is there with nothing after it, not even `null`. */
  readonly isEmpty: (path: YamlPath) => boolean;
};

/** Far above what anybody writes, far below what hurts. */
export const MAX_YAML_BYTES = 256 * 1024;
const MAX_NODES = 100_000;
/** The parser calls itself for each level, and dies of too many. */
const MAX_BRACKETS = 100;
const MAX_INDENT = 400;

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
  const { value, problems, locate } = readYaml(text, file);
  if (value === undefined) return { ok: false, problems: [...problems] };
  const result = schema.safeParse(value ?? {});
  if (result.success && problems.length === 0) return { ok: true, value: result.data, locate };
  const found = result.success ? [] : problemsOf(result.error, { schema, file, locate });
  return { ok: false, problems: [...problems, ...found].sort(byPosition) };
}

/**
 * Parses YAML text. Keys are taken as they are written: `007` is not 7. Refused are, besides what is not YAML: duplicate
 * keys, keys that are not plain text, unknown tags, aliases that lead into themselves or expand to too much, and texts
 * that are too large.
 */
export function readYaml(text: string, file: string): YamlText {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const nothing = (...problems: Problem[]): YamlText => ({
    value: undefined,
    problems,
    locate: () => ({ line: 1, column: 1 }),
    isEmpty: () => false,
  });
  const whole = (message: string) => ({ file, line: 1, column: 1, path: '', message });
  if (text.length > MAX_YAML_BYTES) return nothing(whole(`larger than ${MAX_YAML_BYTES / 1024} KiB`));

  const deepLine = tooDeep(text);
  if (deepLine !== null) return nothing({ ...whole('nested too deeply'), line: deepLine });

  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    // Mistakes after one in syntax are mostly its consequence.
    const [error] = [...document.errors, ...document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')];
    if (error) {
      const at = position(error.pos[0]);
      const message = error.code === 'MULTIPLE_DOCS' ? 'a second document begins here: a file has one' : error.message;
      return nothing({ file, ...at, path: '', message, ...hint(text, at) });
    }
    const { findings, finite } = checkTree(document);
    const problems = findings.map(({ offset, message }) => ({ file, ...position(offset), path: '', message }));
    if (!finite) return nothing(...problems);
    const locate: Locate = (path) => position(offsetOf(document.contents, path));
    const isEmpty = (path: YamlPath) => {
      const node = document.getIn(path, true);
      return isScalar(node) && node.value === null && (node.source ?? '') === '';
    };
    return { value: document.toJS({ maxAliasCount: -1 }) ?? null, problems, locate, isEmpty };
  } catch (error) {
    if (error instanceof RangeError) return nothing(whole('nested too deeply'));
    throw error;
  }
}

/** The mistakes that a schema finds in a value, at the places where they stand. */
export function problemsOf(
  error: z.ZodError,
  { schema, file, locate }: { readonly schema: z.ZodType; readonly file: string; readonly locate: Locate },
): Problem[] {
  return error.issues
    .flatMap((issue) => explain(issue, schema))
    .map(({ path, message }) => ({ file, ...locate(path), path: path.join('.'), message }))
    .sort(byPosition);
}

/** `file:line:col: path: message`, the form that editors and terminals make clickable. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}

export function byPosition(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}

/** The line, from 1, at which more levels are open than anybody needs; null if there is none. */
function tooDeep(text: string): number | null {
  let open = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const indent = /^(?:[ \t]|[-?:](?=[ \t]|$))*/.exec(line)?.[0].length ?? 0;
    if (line[indent] === '#') continue;
    for (const character of line) {
      if (character === '[' || character === '{') open++;
      else if (character === ']' || character === '}') open = Math.max(0, open - 1);
      if (open > MAX_BRACKETS || indent > MAX_INDENT) return index + 1;
    }
  }
  return null;
}

/** The parser's words for these mistakes help nobody who writes key sequences. */
function hint(text: string, { line }: Position): { column: number; message: string } | null {
  const [, indent = '', key] = /^(\s*)(\*[^\s:]*)\s*:/.exec(text.split('\n')[line - 1] ?? '') ?? [];
  return key ? { column: indent.length + 1, message: `a key that begins with * needs quotes: "${key}"` } : null;
}

type Finding = { offset: number; message: string };

/** Takes keys as they are written, and finds what plain data cannot express or would let pass. */
function checkTree(document: Document.Parsed): { findings: Finding[]; finite: boolean } {
  const findings: Finding[] = [];
  const anchors = new Map<string, Node>();
  /** How many nodes a node expands to; null while it is being counted. */
  const sizes = new Map<Node, number | null>();
  let total = 0;
  let finite = true;

  const visit = (node: unknown): number => {
    if (!isNode(node)) return 0;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      const size = target ? sizes.get(target) : 1;
      const offset = node.range?.[0] ?? 0;
      total += size ?? 1;
      if (!target) {
        finite = false;
        findings.push({ offset, message: `alias *${node.source} refers to nothing before it in this file` });
      } else if (finite && (size === null || total > MAX_NODES)) {
        finite = false;
        const why = size === null ? 'stands inside of what it refers to' : 'makes the file expand to more than it may';
        findings.push({ offset, message: `alias *${node.source} ${why}` });
      }
      return size ?? 1;
    }
    if (node.anchor) anchors.set(node.anchor, node);
    sizes.set(node, null);
    total++;
    let size = 1;
    if (isSeq(node)) for (const item of node.items) size += visit(item);
    if (isMap(node)) {
      const seen = new Set<string>();
      for (const { key, value } of node.items) {
        findings.push(...checkKey(key, seen, node.range?.[0] ?? 0));
        size += 1 + visit(value);
      }
      // A construct that was reported is none that plain data should have.
      node.items = node.items.filter(({ key }) => isPlainKey(key));
    }
    sizes.set(node, size);
    return size;
  };
  visit(document.contents);
  return { findings, finite };
}

function checkKey(key: unknown, seen: Set<string>, offsetOfMap: number): Finding[] {
  const offset = (isNode(key) ? key.range?.[0] : null) ?? offsetOfMap;
  if (!isPlainKey(key)) return [{ offset, message: 'a key must be plain text' }];
  if (typeof key.value !== 'string') key.value = key.source ?? String(key.value);
  const text = String(key.value);
  if (seen.has(text)) return [{ offset, message: `${text} is there twice` }];
  seen.add(text);
  return [];
}

/** `__proto__` would not become a key of plain data like others. */
function isPlainKey(key: unknown): key is Scalar {
  return isScalar(key) && key.value !== '__proto__' && (key.value !== null || Boolean(key.source));
}

type Explained = { path: (string | number)[]; message: string };

/** zod reports unknown keys on their parent; each deserves a line of its own, at the key. */
function explain(issue: z.core.$ZodIssue, schema: z.ZodType): Explained[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key${hintOfKey(schema, [...path, key])}`,
    }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => ({ path, message: inner.message }));
  }
  return [{ path, message: issue.message }];
}

/** Offset of the value at `path`, of its key where the value is a map entry, or of the nearest parent that exists. */
function offsetOf(root: unknown, path: YamlPath): number {
  let node = root as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
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
