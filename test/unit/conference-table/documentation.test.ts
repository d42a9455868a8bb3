import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allSteps } from '../../../src/base/all-steps.ts';
import { NO_TABLE } from '../../../src/conference-table/conference-table.ts';
import { tableJsonSchema } from '../../../src/conference-table/json-schema.ts';
import { parsing } from '../../../src/conference-table/parse-table.ts';
import { entrySchema, headSchema } from '../../../src/conference-table/table-schema.ts';
import { blocksOf } from '../../kit/documentation.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/conferences.md');

/** The words of code with which the rows of the table after a heading begin. */
function rowsAfter(heading: string): string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  return [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` /gm)].map(([, name = '']) => name);
}

describe('docs/conferences.md', () => {
  it('has every key of the table and of a conference, and no other', () => {
    expect(rowsAfter('The table').sort()).toEqual([...Object.keys(headSchema.shape), 'conferences'].sort());
    expect(rowsAfter('A conference').sort()).toEqual(Object.keys(entrySchema.shape).sort());
  });

  it('shows tables that are valid', () => {
    const blocks = blocksOf(page).filter(({ text }) => /^(?:conferences|times):/m.test(text));
    expect(blocks).toHaveLength(3);
    for (const { text, line } of blocks) {
      const indented = text.replace(/^/gm, '    ');
      const whole = text.trimStart().startsWith('times:') ? `timeZone: UTC\nconferences:\n  "1":\n${indented}` : text;
      expect(allSteps(parsing(whole, `docs/conferences.md:${line}`, NO_TABLE))).toMatchObject({ ok: true });
    }
  });
});

describe('profiles/', () => {
  it('has an example of a table that is valid', () => {
    const text = read('profiles/conferences.yaml.example');
    expect(allSteps(parsing(text, 'example', NO_TABLE))).toMatchObject({ ok: true });
  });

  it('has the JSON Schema of tables', () => {
    const stored: unknown = JSON.parse(read('profiles/conferences.schema.json'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(tableJsonSchema())));
  });
});
