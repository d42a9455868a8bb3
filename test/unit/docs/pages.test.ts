import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeConfigSchema } from '../../../src/config/node-config.ts';
import { parseProfiles } from '../../../src/profiles/profiles.ts';
import { parseYaml } from '../../../src/yaml/yaml-document.ts';
import { blocksOf, pages, REPOSITORY, spansOf } from '../../kit/documentation.ts';

it('every file of the repository that the documentation names is there', () => {
  const isPath = /^[a-z-]+(?:\/[\w.-]+)*\/(?:[\w-]+\.(?:test\.)?(?:ts|ya?ml|json|md|conf|service))?$/;
  for (const { name, text } of pages().filter((page) => page.name !== 'docs/actions.md')) {
    for (const { line, text: path } of spansOf(text).filter((span) => isPath.test(span.text))) {
      const places = ['', 'src/', 'docs/'].map((base) => join(REPOSITORY, base, path));
      expect(places.some(existsSync), `${name}:${line}: ${path}`).toBe(true);
    }
  }
});

it('every link of the documentation leads to a page, and to a heading there', () => {
  const texts = new Map(pages().map(({ name, text }) => [join(REPOSITORY, name), text]));
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-');
  for (const { name, text } of pages()) {
    const prose = text.replace(/^ {4,}.*$/gm, '');
    for (const [link, target = '', anchor] of prose.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const path = target === '' ? join(REPOSITORY, name) : join(REPOSITORY, dirname(name), target);
      expect(existsSync(path), `${name}: ${link}`).toBe(true);
      const headings = [...(texts.get(path) ?? '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => slug(heading));
      if (anchor !== undefined) expect(headings, `${name}: ${link}`).toContain(anchor);
    }
  }
});

describe('a file that the documentation shows', () => {
  const blocks = pages().flatMap(({ name, text }) =>
    blocksOf(text).map((block) => ({ ...block, at: `${name}:${block.line}` })),
  );

  it.each(blocks.filter(({ text }) => /^(?:asterisk|cluster|speech|invite|reports):$/m.test(text)))(
    'rostrum.yaml in $at',
    ({ text, at }) => {
      // A part of the file: the secret, the name and the first part are shown elsewhere.
      const parsed = parseYaml(
        nodeConfigSchema,
        text.includes('secretFile') ? text : text.replace(/^cluster:$/m, 'cluster:\n  secretFile: s'),
        at,
      );
      expect(parsed).toMatchObject({ ok: true });
    },
  );

  it.each(blocks.filter(({ text }) => /^(?:kind|keys):/m.test(text)))('profile in $at', async ({ text }) => {
    const own = await Promise.all(
      readdirSync(join(REPOSITORY, 'profiles'))
        .filter((path) => path.endsWith('.yaml'))
        .map(async (path) => ({
          name: path.slice(0, -'.yaml'.length),
          path,
          text: await readFile(join(REPOSITORY, 'profiles', path), 'utf8'),
        })),
    );
    const whole = text.trimStart().startsWith('keys:') ? `kind: controls\n${text}` : text;
    // The example of docs/actions.md is of an action that it adds.
    const profiles = parseProfiles([
      ...own,
      { name: 'example', path: 'example.yaml', text: whole.replace('applaud:2', 'mute') },
    ]);
    expect(Array.isArray(profiles) ? profiles : []).toEqual([]);
  });
});
