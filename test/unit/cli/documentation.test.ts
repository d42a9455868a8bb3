import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';

/** Where commands are described: those about profiles and the table of conferences have pages of their own. */
const manual = ['commands', 'profiles', 'conferences']
  .map((page) => readFileSync(new URL(`../../../docs/${page}.md`, import.meta.url), 'utf8'))
  .join('\n');

/** Whatever stands there as code: it may have several words, and alternatives. */
const code = [...manual.matchAll(/`([^`\n]+)`/g), ...manual.matchAll(/^ {4}(\S.*)$/gm)].map(([, text = '']) => text);
const words = new Set(code.flatMap((text) => text.split(/[^\w-]+/)));

const commands = commandsOf(createProgram());

function commandsOf(program: Command): Command[] {
  return program.commands.flatMap((command) => {
    const hidden = !program.createHelp().visibleCommands(program).includes(command);
    if (hidden) return [];
    return command.commands.length > 0 ? commandsOf(command) : [command];
  });
}

function pathOf(command: Command): string[] {
  return command.parent?.parent ? [...pathOf(command.parent), command.name()] : [command.name()];
}

describe('docs/commands.md, docs/profiles.md and docs/conferences.md', () => {
  it.each(commands.map((command) => [pathOf(command).join(' '), command] as const))(
    'have rostrum %s',
    (path, command) => {
      const [first = '', second] = path.split(' ');
      const described = code.filter((text) => new RegExp(`(^|rostrum )${first}(?![\\w-])`).test(text));
      expect(described.filter((text) => !second || text.split(/[^\w-]+/).includes(second))).not.toEqual([]);
      const undescribed = command.options.map(({ long }) => long ?? '').filter((option) => !words.has(option));
      expect(undescribed).toEqual([]);
      // Arguments are in capitals there, or the words that may stand for them.
      const most = Math.max(...described.map((text) => text.replace(/^rostrum /, '').split(/ +(?!-)/).length - 1));
      expect(most).toBeGreaterThanOrEqual(command.registeredArguments.filter(({ required }) => required).length);
    },
  );
});
