import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../../src/dtmf/actions/catalogue.ts';
import { PROFILE_KEYS, type ProfileKey } from '../../../src/profiles/profile-keys.ts';
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

  it('has every prompt, with what it says', () => {
    const rows = rowsAfter('Prompts');
    expect([...rows.keys()]).toEqual(Object.keys(PROMPTS));
    for (const [name, { standard }] of Object.entries(PROMPTS)) {
      for (const media of standard)
        if (/^tts:[^{]+$/.test(media)) expect(rows.get(name)?.[1]).toBe(`"${media.slice(4)}"`);
    }
  });
});

/** Null where words say it better. */
function inDocs({ standard }: ProfileKey): string | null {
  if (standard === undefined || standard === '') return null;
  return Array.isArray(standard) ? `[${standard.join(', ')}]` : typeof standard === 'object' ? '{}' : String(standard);
}
