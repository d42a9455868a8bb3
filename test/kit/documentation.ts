import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { splitWords } from '../../src/conference/command-line/parse-command.ts';

/** A command as a page of the documentation shows it. */
export type ShownCommand = {
  /** File and line. */
  readonly at: string;
  readonly words: readonly string[];
  /** It stands in a block of code: complete, to be typed as it is. Elsewhere it may be the name of a command only. */
  readonly complete: boolean;
};

export type Page = { readonly name: string; readonly text: string };

type Code = { readonly line: number; readonly text: string };

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** Every page for people, by its path in the repository. */
export function pages(): Page[] {
  const docs = readdirSync(`${REPOSITORY}docs`).filter((name) => name.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)].map((name) => ({
    name,
    text: readFileSync(`${REPOSITORY}${name}`, 'utf8'),
  }));
}

/** Programs of ours; a block that shows one of them is a block of commands. */
const OURS = /^(?:rostrum|npx|npm|curl|\.\/scripts\/[a-z-]+)(?= |$)/;
/** Programs of the system that such a block may show as well. */
const OF_SYSTEM =
  /^(?:docker|apt-get|tar|install|cp|ln|scp|rm|sed|cut|sleep|systemctl|systemd-[a-z]+|openssl|chown|echo|sysctl|pin=\S*)(?= |$)/;

/** The commands in blocks of code. Throws for a line that is neither one of ours nor one of the system. */
export function commandsInBlocks({ name, text }: Page): ShownCommand[] {
  return blocksOf(text).flatMap(({ line, text: block }) => {
    const shown = commandLines(block).map((each) => ({ ...each, at: `${name}:${line + each.line}` }));
    if (!shown.some((each) => OURS.test(each.text))) return [];
    const unknown = shown.find((each) => !OURS.test(each.text) && !OF_SYSTEM.test(each.text));
    if (unknown) throw new Error(`${unknown.at}: no command that is known here: ${unknown.text}`);
    return shown.filter((each) => OURS.test(each.text)).map((each) => shownCommand(each.at, each.text, true));
  });
}

/** The commands among the words of a page that are set as code, with every alternative of them. */
export function commandsInText({ name, text }: Page): ShownCommand[] {
  return spansOf(text).flatMap(({ line, text: span }) => {
    const command = span.startsWith('bench -- ') ? `npm run ${span}` : span;
    if (!OURS.test(command) || !command.includes(' ')) return [];
    return alternatives(command.replace(/ > .*$/, '')).map((each) => shownCommand(`${name}:${line}`, each, false));
  });
}

/** The words set as code in the first column of the table below a heading, before the next one. */
export function firstCells({ name, text }: Page, heading: string): { readonly at: string; readonly text: string }[] {
  const before = text.indexOf(`\n## ${heading}\n`);
  if (before < 0) throw new Error(`${name} has no heading "${heading}"`);
  const rest = text.slice(before + heading.length + 5);
  const [section = ''] = rest.split(/\n##+ /);
  const firstLine = text.slice(0, text.length - rest.length).split('\n').length;
  return section.split('\n').flatMap((row, index) => {
    const cell = /^\| (.*?) +\|(?!\|)/.exec(row.replaceAll('\\|', '\u0000'))?.[1]?.replaceAll('\u0000', '|') ?? '';
    const spans = [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
    return spans.flatMap(alternatives).map((span) => ({ at: `${name}:${firstLine + index}`, text: span }));
  });
}

/** Words set as code, outside of blocks. */
export function spansOf(text: string): Code[] {
  const plain = blocksOf(text).reduce(
    (rest, block) => rest.replace(block.source, block.source.replace(/[^\n]/g, '')),
    text,
  );
  return plain
    .split('\n')
    .flatMap((row, index) =>
      [...row.matchAll(/`([^`]+)`/g)].map(([, span = '']) => ({ line: index + 1, text: span.replaceAll('\\|', '|') })),
    );
}

/** Blocks of code, indented or fenced, without what makes them blocks. */
export function blocksOf(text: string): (Code & { readonly source: string })[] {
  return [...text.matchAll(/^```\w*\n([\s\S]*?)^```$|(?:^ {4}.*(?:\n|$)|^\n(?= {4}))+/gm)].flatMap((match) => {
    const [source, fenced] = match;
    if (source.trim() === '') return [];
    const line = text.slice(0, match.index).split('\n').length + (fenced === undefined ? 0 : 1);
    return [{ line, text: fenced ?? source.replace(/^ {4}/gm, ''), source }];
  });
}

/** The single commands of a block, without comments and without what is done with their output. */
function commandLines(block: string): Code[] {
  const joined = block.replace(/\\\n */g, (all) => `\u0001${' '.repeat(all.length - 2)}`);
  return joined.split('\n').flatMap((row, line) =>
    row
      .replace(/(^|\s)# .*$/, '')
      .replace(/^source <\((.*)\)\s*$/, '$1')
      .replace(/ >>? \S+/g, '')
      .split(/ && | \| /)
      .map((part) => part.replaceAll('\u0001', ' ').trim())
      .filter((part) => part !== '' && part !== 'source')
      .map((part) => ({ line, text: part })),
  );
}

/** `[--x]` may be left out; of `a|b|c` each is one. */
function alternatives(text: string): string[] {
  const [optional, inner = ''] = /\s*\[([^\]]*)\]/.exec(text) ?? [];
  if (optional !== undefined) {
    return [text.replace(optional, ''), text.replace(optional, ` ${inner}`)].flatMap(alternatives);
  }
  const [choice] = /\S+\|\S+/.exec(text) ?? [];
  if (choice === undefined) return [text];
  return choice.split('|').map((word) => text.replace(choice, word));
}

function shownCommand(at: string, text: string, complete: boolean): ShownCommand {
  const words = splitWords(text);
  if (!words) throw new Error(`${at}: a quote is not closed: ${text}`);
  return { at, words, complete };
}
