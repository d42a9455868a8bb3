import type { Command, HelpConfiguration } from 'commander';
import { widthOf, wrap } from './text-width.ts';

/** Help that fits the terminal, however narrow it is. */

/** Where nobody looks, as in a pipe. */
const STANDARD_WIDTH = 80;
const INDENT = 2;
const GAP = 2;
/** A description is not made narrower than this, unless the terminal is. */
const NARROWEST = 24;

export type HelpItem = readonly [term: string, description: string];

/** How the options, arguments and commands of every command are laid out. */
export const HELP_LAYOUT: HelpConfiguration = {
  minWidthToWrap: 1,
  formatItem: (term, termWidth, description, { helpWidth = STANDARD_WIDTH }) =>
    formatItem([term, description], termWidth, helpWidth),
  styleUsage(usage) {
    const [heading, width] = ['Usage: ', this.helpWidth ?? STANDARD_WIDTH];
    return wrap(usage, width - heading.length).join(`\n${' '.repeat(heading.length)}`);
  },
};

/** Items below a title, such as the actions of a command. */
export function helpItems(title: string, items: readonly HelpItem[], command: Command): string {
  const termWidth = Math.max(...items.map(([term]) => widthOf(term)));
  const width = helpWidthOf(command);
  return ['', title, ...items.map((item) => formatItem(item, termWidth, width))].join('\n');
}

/** How wide the help of a command may be. */
function helpWidthOf(command: Command): number {
  return command.configureOutput().getOutHelpWidth?.() ?? STANDARD_WIDTH;
}

/** The description stands beside its term, or below it where there is too little room. */
function formatItem([term, description]: HelpItem, termWidth: number, width: number): string {
  const beside = INDENT + Math.min(termWidth, Math.floor(width / 2)) + GAP;
  const indent = Math.min(beside, Math.max(INDENT + GAP, width - NARROWEST));
  const [first = '', ...more] = wrap(description, width - indent).map((line) => ' '.repeat(indent) + line);
  const head = ' '.repeat(INDENT) + term;
  if (description === '') return head;
  if (widthOf(head) + GAP > indent) return [head, first, ...more].join('\n');
  return [head.padEnd(indent) + first.slice(indent), ...more].join('\n');
}
