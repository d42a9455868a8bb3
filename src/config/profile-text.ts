import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  YAMLMap,
} from 'yaml';
import { equals } from '../base/equals.ts';
import { ConfigError } from './errors.ts';

/**
 * Changes to the text of a profile that leave the rest of it as it is, to the last blank: comments, order, quotes and
 * alignment. Where that is not possible, the document is written anew by the YAML library, which keeps comments and order.
 */

type KeyPath = readonly string[];

/** Sets the value of a key. Sections on the way are added where they are missing. */
export function setInText(text: string, path: KeyPath, value: unknown): string {
  const set = (document: Document) => {
    for (const depth of path.slice(1).keys()) {
      const section = path.slice(0, depth + 1);
      if (document.hasIn(section) && isEmptyScalar(document.getIn(section, true)))
        document.setIn(section, new YAMLMap(document.schema));
    }
    document.setIn(path, value);
  };
  return edit(text, path, set, splicedSet(text, path, value));
}

/** Removes a key, and sections that are empty without it. */
export function unsetInText(text: string, path: KeyPath): string {
  const document = parse(text);
  let shortest = path;
  while (shortest.length > 1 && sizeOf(document.getIn(shortest.slice(0, -1))) === 1) shortest = shortest.slice(0, -1);
  return edit(text, path, (changed) => changed.deleteIn(shortest), splicedUnset(text, shortest));
}

export function hasInText(text: string, path: KeyPath): boolean {
  return parse(text).hasIn(path);
}

/** Takes the spliced text if it says what was wanted, and else what the library writes. */
function edit(text: string, path: KeyPath, change: (document: Document) => void, spliced: string | null): string {
  const document = parse(text);
  try {
    change(document);
  } catch (cause) {
    throw new ConfigError(`${path.join('.')}: cannot be changed in this file; use "rostrum profile edit"`, { cause });
  }
  if (spliced !== null) {
    const result = parse(spliced);
    const right = result.errors.length === 0 && equals(result.toJS(), document.toJS() ?? null);
    if (right) return spliced;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function splicedSet(text: string, path: KeyPath, value: unknown): string | null {
  const { contents } = parse(text);
  let map: unknown = contents;
  for (const [depth, step] of path.entries()) {
    if (!isMap(map)) return null;
    const pair = pairOf(map, step);
    const rest = path.slice(depth + 1);
    if (!pair) return insertInto(text, map, nested(path.slice(depth), value));
    if (rest.length === 0) return replaceValue(text, pair, value);
    if (isEmptyScalar(pair.value)) {
      const key = pair.key as Node;
      const indent = ' '.repeat(columnOf(text, startOf(key)) + 2);
      return insertAfterLine(text, startOf(key), render(nested(rest, value), indent));
    }
    map = pair.value;
  }
  return null;
}

function replaceValue(text: string, pair: Pair, value: unknown): string | null {
  const { key, value: old } = pair;
  if (!isNode(key) || !key.range) return null;
  const rendered = inline(value);
  const isInline = isScalar(old) || (isCollection(old) && old.flow === true);
  if (isInline && old.range && !isEmptyScalar(old) && !/[|>]/.test(text[old.range[0]] ?? '')) {
    return text.slice(0, old.range[0]) + rendered + text.slice(old.range[1]);
  }
  // A value below the key, or an empty one, gives way to a value beside it.
  const afterKey = text.indexOf(':', key.range[1]) + 1;
  if (afterKey === 0) return null;
  const end = isEmptyScalar(old) ? afterKey : lastContentOf(old);
  return end === null ? null : `${text.slice(0, afterKey)} ${rendered}${text.slice(end)}`;
}

function splicedUnset(text: string, path: KeyPath): string | null {
  const map = path.length === 1 ? parse(text).contents : parse(text).getIn(path.slice(0, -1), true);
  if (!isMap(map)) return null;
  const index = map.items.findIndex((item) => isScalar(item.key) && item.key.value === path.at(-1));
  const pair = map.items[index];
  if (!pair || !isNode(pair.key)) return null;
  const start = startOf(pair.key);
  const end = endOf(pair);
  if (end === null) return null;
  if (!map.flow) return text.slice(0, lineStart(text, start)) + text.slice(lineEnd(text, end) + 1);
  const [before, after] = [map.items[index - 1], map.items[index + 1]];
  if (before) return text.slice(0, endOf(before) ?? start) + text.slice(end);
  return text.slice(0, start) + text.slice(after ? startOf(after.key as Node) : end);
}

function insertInto(text: string, map: YAMLMap, added: object): string | null {
  const first = map.items[0]?.key;
  const last = map.items.at(-1);
  if (map.flow) {
    const at = last ? endOf(last) : startOf(map) + 1;
    if (at === null) return null;
    return `${text.slice(0, at)}${last ? ', ' : ''}${inline(added).slice(1, -1)}${text.slice(at)}`;
  }
  const end = last ? endOf(last) : null;
  if (!isNode(first) || end === null) return null;
  const column = columnOf(text, startOf(first));
  return insertAfterLine(text, afterDeeperComments(text, end, column), render(added, ' '.repeat(column)));
}

/** Where the last thing written of a key and its value ends. */
function endOf({ key, value }: Pair): number | null {
  return isEmptyScalar(value) ? ((key as Node).range?.[1] ?? null) : lastContentOf(value);
}

/** Comments that are further in than the keys of a map belong to what its last key has below it. */
function afterDeeperComments(text: string, offset: number, column: number): number {
  let end = offset;
  for (let at = lineEnd(text, offset) + 1; at < text.length; at = lineEnd(text, at) + 1) {
    const line = text.slice(at, lineEnd(text, at));
    if (/^\s*$/.test(line)) continue;
    if (!/^\s*#/.test(line) || line.search('#') <= column) break;
    end = at;
  }
  return end;
}

function insertAfterLine(text: string, offset: number, lines: string): string {
  const end = lineEnd(text, offset);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text.slice(0, end + 1);
  return `${before}${before.endsWith('\n') ? '' : newline}${lines.replaceAll('\n', newline)}${text.slice(end + 1)}`;
}

/** Where the last thing written in a value ends; blank lines and comments after it are not part of it. */
function lastContentOf(node: unknown): number | null {
  if (isMap(node) && !node.flow) {
    const last = node.items.at(-1);
    return last ? endOf(last) : null;
  }
  if (isCollection(node) && !node.flow) return lastContentOf(node.items.at(-1));
  if (!isNode(node) || !node.range) return null;
  const block = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
  return block ? node.range[1] - 1 : node.range[1];
}

/** As lines with an indent, each ended. */
function render(value: object, indent: string): string {
  const text = Object.entries(value)
    .map(([name, inner]) =>
      isPlainMap(inner) ? `${inline(name)}:\n${render(inner, '  ')}` : `${inline(name)}: ${inline(inner)}\n`,
    )
    .join('');
  return text.replace(/^(?=.)/gm, indent);
}

/** On one line. */
function inline(value: unknown): string {
  if (value === null || typeof value !== 'object')
    return stringify(value, { lineWidth: 0, blockQuote: false }).trimEnd();
  const parts = Array.isArray(value)
    ? value.map(inFlow)
    : Object.entries(value).map(([name, inner]) => `${inFlow(name)}: ${inFlow(inner)}`);
  return Array.isArray(value) ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
}

/** In brackets, more characters mean something. */
function inFlow(value: unknown): string {
  const text = inline(value);
  return typeof value === 'string' && /[,[\]{}]/.test(text) && !text.startsWith('"') ? JSON.stringify(value) : text;
}

function nested(path: KeyPath, value: unknown): object {
  return path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as object;
}

function parse(text: string): Document.Parsed {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  const visitMap = (node: unknown): void => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      // As the reader of profiles does: 0 and "0" are the same key.
      if (isScalar(key) && typeof key.value !== 'string') key.value = key.source ?? String(key.value);
      visitMap(value);
    }
  };
  visitMap(document.contents);
  return document;
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function isEmptyScalar(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
}

function isPlainMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sizeOf(node: unknown): number {
  return isMap(node) ? node.items.length : 0;
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The offset of the line break, or of the end of the text. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}
