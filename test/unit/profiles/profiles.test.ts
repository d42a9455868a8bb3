import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../src/config/yaml-document.ts';
import { profileJsonSchema } from '../../../src/profiles/json-schema.ts';
import { findSettings, type Profiles, parseProfiles } from '../../../src/profiles/profiles.ts';

function problemsOf(files: Record<string, string>): string[] {
  const parsed = parseProfiles(
    Object.entries(files).map(([name, text]) => ({ path: `profiles/${name}.yaml`, name, text })),
  );
  return Array.isArray(parsed) ? parsed.map(formatProblem) : [];
}

const KEYS = 'kind: controls\nkeys: {"#": hangup}\n';

describe('profiles', () => {
  it('have every mistake reported at once, with its place', () => {
    const problems = problemsOf({
      hall: 'kind: conference\nidleSeconds: -1\ncolour: red\nflags:\n  - +speaker\n  - loud\n',
      keys: 'kind: controls\nkeys:\n  "#": hangup\n  "1": explode\n  "x": mute\n',
      'default-keys': KEYS,
    });
    expect(problems).toHaveLength(5);
    expect(problems[0]).toMatch(/^profiles\/hall\.yaml:2:1: idleSeconds: /);
    expect(problems[1]).toBe('profiles/hall.yaml:3:1: colour: unknown key');
    expect(problems[2]).toMatch(/^profiles\/hall\.yaml:6:5: flags\.1: a flag is/);
    expect(problems[3]).toMatch(/^profiles\/keys\.yaml:4:3: keys\.1: no such action; there are hangup, mute/);
    expect(problems[4]).toMatch(/^profiles\/keys\.yaml:5:3: keys\.x: a key sequence is/);
  });

  it('refer to each other by name', () => {
    expect(problemsOf({ hall: 'kind: conference\ncontrols: none\n' })).toEqual([
      'profiles/hall.yaml:2:1: controls: no controls profile "none"',
    ]);
    expect(
      problemsOf({ a: 'kind: conference\ncontrols: b\n', b: 'kind: conference\ncontrols: keys\n', keys: KEYS }),
    ).toEqual(['profiles/a.yaml:2:1: controls: no controls profile "b"']);
  });

  it.each([
    ['bad YAML', 'kind: [conference\n'],
    ['a duplicate key', 'kind: conference\nkind: conference\n'],
    ['a tab', 'kind: conference\nflags:\n\t- +mute\n'],
    ['another kind', 'kind: party\n'],
    ['nothing', ''],
    ['a list', '- kind: conference\n'],
    ['an alias bomb', `a: &a [${'x,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]\n`],
  ])('are refused with a line number for %s', (_what, text) => {
    const problems = problemsOf({ hall: text });
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]).toMatch(/^profiles\/hall\.yaml:\d+:\d+: /);
  });

  it('need a name that dialplans and command lines can carry', () => {
    expect(problemsOf({ 'my hall': KEYS })[0]).toContain('not a valid profile name');
  });
});

describe('the profiles that come along', () => {
  const directory = new URL('../../../profiles/', import.meta.url);
  const files = readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ path: name, name: name.slice(0, -5), text: readFileSync(new URL(name, directory), 'utf8') }));

  it('are valid, and have the keys of mod_xconf', () => {
    const profiles = parseProfiles(files) as Profiles;
    expect(findSettings(profiles, 'default')?.controls.keys).toEqual({ '#': 'hangup', '*': 'deaf', '0': 'deaf-mute' });
  });

  it('come with the JSON Schema that `rostrum profile schema` prints', () => {
    const stored = JSON.parse(readFileSync(new URL('profile.schema.json', directory), 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(profileJsonSchema())));
  });
});
