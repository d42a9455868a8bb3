import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { keysInWords } from '../../../src/conference/model/keys-in-words.ts';
import { ACTIONS } from '../../../src/dtmf/actions/catalogue.ts';
import { controlsProfileSchema } from '../../../src/profiles/controls-schema.ts';
import { PROFILE_KEYS, type ProfileKey } from '../../../src/profiles/profile-keys.ts';
import { controlsOf } from '../../../src/profiles/settings.ts';
import { TAKES_EFFECT_WORDS } from '../../../src/profiles/takes-effect.ts';
import { PROMPTS } from '../../../src/prompts/catalogue.ts';

const text = readFileSync(new URL('../../../docs/profiles.md', import.meta.url), 'utf8');

/** The cells of the table rows that begin with a word of code, by that word; `after` is a heading. */
function rowsAfter(heading: string): Map<string, string[]> {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const rows = (section.split('\n## ')[0] ?? '').split('\n').flatMap((line): [string, string[]][] => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, name] = /^`([^`]+)`$/.exec(cells[1] ?? '') ?? [];
    return name ? [[name, cells.slice(2, -1)]] : [];
  });
  return new Map(rows);
}

describe('docs/profiles.md', () => {
  it.each([
    ['conference', 'Conference profiles'],
    ['controls', 'Controls profiles'],
  ] as const)('has every key of a %s profile, with its default and when a change counts', (kind, heading) => {
    const rows = rowsAfter(heading);
    for (const key of PROFILE_KEYS[kind]) {
      const [meaning, standard, counts] = rows.get(key.path.join('.')) ?? [];
      expect(meaning, key.path.join('.')).toBeTruthy();
      if (inDocs(key) !== null) expect(standard, key.path.join('.')).toBe(`\`${inDocs(key)}\``);
      expect(counts).toBe(TAKES_EFFECT_WORDS[key.takesEffect]);
    }
    const known = new Set([
      'kind',
      ...ACTIONS.map(({ name }) => name),
      ...PROFILE_KEYS[kind].map(({ path }) => path.join('.')),
    ]);
    expect([...rows.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  it('has every action', () => {
    const rows = rowsAfter('Controls profiles');
    for (const { name, argument } of ACTIONS) {
      const [follows, does] = rows.get(name) ?? [];
      expect(does, name).toBeTruthy();
      expect(Boolean(follows), name).toBe(Boolean(argument));
    }
  });

  it.each([
    ['README.md', 'Control it', ['default-keys']],
    ['docs/profiles.md', 'The keys that come along', ['default-keys', 'admin-keys']],
  ])('and the keys that come along: %s has them in the words that callers hear', (file, heading, names) => {
    const rows = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
      .split(`\n## ${heading}\n`)[1]
      ?.split(/\n###? /)[0]
      ?.matchAll(/^\| `([^`]+)` +\| (.*?) +\|$/gm);
    const shown = [...(rows ?? [])].map(([, sequence, words]) => `${sequence} ${words}`);
    expect(shown.sort()).toEqual(keysOf(names).sort());
  });

  it('has every prompt, with what it says', () => {
    const rows = rowsAfter('Prompts');
    expect([...rows.keys()]).toEqual(Object.keys(PROMPTS));
    for (const [name, { standard }] of Object.entries(PROMPTS)) {
      for (const media of standard)
        if (/^tts:[^{]+$/.test(media)) expect(rows.get(name)?.[1]).toBe(`"${media.slice(4)}"`);
    }
  });
});

/** The keys of profiles that come along, of each the own ones, as the documentation has them. */
function keysOf(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const file = readFileSync(new URL(`../../../profiles/${name}.yaml`, import.meta.url), 'utf8');
    const controls = controlsOf(controlsProfileSchema.parse(parse(file)));
    return keysInWords(controls).map(
      ({ sequence, words, asks }) => `${sequence} ${words}${asks ? ' (asks before)' : ''}`,
    );
  });
}

/** Null where words say it better. */
function inDocs({ standard }: ProfileKey): string | null {
  if (standard === undefined || standard === '') return null;
  return Array.isArray(standard) ? `[${standard.join(', ')}]` : typeof standard === 'object' ? '{}' : String(standard);
}
