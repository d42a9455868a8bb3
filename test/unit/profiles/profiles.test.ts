import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { press } from '../../../src/dtmf/collector.ts';
import { profileJsonSchema } from '../../../src/profiles/json-schema.ts';
import { type Profiles, parseProfiles } from '../../../src/profiles/profiles.ts';
import { formatProblem } from '../../../src/yaml/yaml-document.ts';

function problemsOf(files: Record<string, string>): string[] {
  const parsed = parseProfiles(
    Object.entries(files).map(([name, text]) => ({ path: `profiles/${name}.yaml`, name, text })),
  );
  return Array.isArray(parsed) ? parsed.map(formatProblem) : [];
}

const KEYS = 'kind: controls\nkeys: {"#": hangup}\n';

describe('profiles', () => {
  it('have every mistake of all files reported at once, with its place', () => {
    const problems = problemsOf({
      hall: 'kind: conference\nidleSeconds: -1\ncolour: red\nflags:\n  - +speaker\n  - loud\n',
      keys: 'kind: controls\nkeys:\n  "#": hangup\n  "1": explode\n  "x": mute\n  "2": [mute, burn]\n  "3": 5\n',
      'default-keys': KEYS,
    });
    expect(problems).toHaveLength(7);
    expect(problems[0]).toMatch(/^profiles\/hall\.yaml:2:1: idleSeconds: /);
    expect(problems[1]).toBe('profiles/hall.yaml:3:1: colour: unknown key');
    expect(problems[2]).toMatch(/^profiles\/hall\.yaml:6:5: flags\.1: a flag is/);
    expect(problems[3]).toMatch(/^profiles\/keys\.yaml:4:3: keys\.1: no action "explode"; there are hangup, mute/);
    expect(problems[4]).toMatch(/^profiles\/keys\.yaml:5:3: keys\.x: a key sequence is/);
    expect(problems[5]).toMatch(/^profiles\/keys\.yaml:6:15: keys\.2\.1: no action "burn"/);
    expect(problems[6]).toMatch(/^profiles\/keys\.yaml:7:3: keys\.3: an action is a word/);
  });

  it('refer to each other by name', () => {
    expect(problemsOf({ hall: 'kind: conference\ncontrols: none\n' })).toEqual([
      'profiles/hall.yaml:2:1: controls: no controls profile "none"',
    ]);
    expect(
      problemsOf({ a: 'kind: conference\ncontrols: b\n', b: 'kind: conference\ncontrols: keys\n', keys: KEYS }),
    ).toEqual(['profiles/a.yaml:2:1: controls: no controls profile "b"']);
    expect(problemsOf({ a: 'kind: conference\ncontrols: keys\nadminControls: x\n', keys: KEYS })).toEqual([
      'profiles/a.yaml:3:1: adminControls: no controls profile "x"',
    ]);
  });

  it('do not have a controls profile told as missing that only has a mistake', () => {
    expect(problemsOf({ hall: 'kind: conference\ncontrols: keys\n', keys: 'kind: controls\npause: 1\n' })).toEqual([
      'profiles/keys.yaml:2:1: pause: unknown key',
    ]);
  });

  it.each([
    ['bad YAML', 'kind: [conference\n'],
    ['a tab', 'kind: conference\nflags:\n\t- +mute\n'],
    ['another kind', 'kind: party\n'],
    ['nothing', ''],
    ['a list', '- kind: conference\n'],
    ['a word', 'conference\n'],
    ['two documents', 'kind: conference\n---\nkind: conference\n'],
    [
      'an alias bomb',
      `kind: conference\na: &a [${'x,'.repeat(99)}]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]\n`,
    ],
    ['an alias of what it stands in', 'kind: conference\nsound: &s {prompts: *s}\n'],
    ['an alias of nothing', 'kind: conference\nsound: *s\n'],
    ['brackets without end', `kind: ${'['.repeat(20_000)}`],
    ['lists without end', '- '.repeat(100_000)],
    ['size', `kind: conference\n# ${'x'.repeat(256 * 1024)}\n`],
    ['a tag', 'kind: conference\ndescription: !secret x\n'],
    ['a key that is a list', 'kind: conference\n? [a]\n: b\n'],
    ['the key of all objects', 'kind: conference\n__proto__: {idleSeconds: 1}\n'],
    ['a voice that the speech engine would refuse', 'kind: conference\nsound: {voice: en-gb}\n'],
    ['an unknown merge key', 'kind: conference\n<<: {idleSeconds: 1}\n'],
  ])('are refused with a line number for %s', (_what, text) => {
    const problems = problemsOf({ hall: text, 'default-keys': KEYS });
    expect(problems[0]).toMatch(/^profiles\/hall\.yaml:\d+:\d+: /);
    expect(problems).toHaveLength(1);
  });

  it('have duplicate keys told where the second one stands, and other mistakes all the same', () => {
    expect(problemsOf({ hall: 'kind: conference\nidleSeconds: 1\nidleSeconds: 2\ncontrols: 3\n' })).toEqual([
      'profiles/hall.yaml:3:1: idleSeconds is there twice',
      expect.stringMatching(/^profiles\/hall.yaml:4:1: controls: /),
    ]);
    expect(problemsOf({ keys: 'kind: controls\nkeys:\n  1: mute\n  "1": deaf\n' })).toEqual([
      'profiles/keys.yaml:4:3: 1 is there twice',
    ]);
  });

  it('take key sequences as they are written', () => {
    const parsed = parseProfiles([{ path: 'k', name: 'k', text: 'kind: controls\nkeys: {007: mute, 0: deaf}\n' }]);
    expect((parsed as Profiles).controls.get('k')?.keys).toEqual({ '007': 'mute', '0': 'deaf' });
  });

  it('say how to write keys that YAML reads otherwise', () => {
    expect(problemsOf({ keys: 'kind: controls\nkeys:\n  *1: lock\n' })[0]).toBe(
      'profiles/keys.yaml:3:3: a key that begins with * needs quotes: "*1"',
    );
    expect(problemsOf({ keys: 'kind: controls\nkeys:\n  #: hangup\n  "1": mute\n' })).toEqual([
      expect.stringMatching(/^profiles\/keys.yaml:3:3: this line is a comment; .*"#"/),
    ]);
    expect(problemsOf({ hall: 'kind: conference\naccess: {userPin: 1234}\n', 'default-keys': KEYS })).toEqual([
      'profiles/hall.yaml:2:10: access.userPin: a PIN is text: put it in quotes',
    ]);
  });

  it('cannot give moderators the PIN of everybody, nor inherit it', () => {
    const own = 'kind: conference\naccess: {userPin: "1234", adminPin: "1234"}\n';
    const inherited = 'kind: conference\nextends: hall\naccess: {adminPin: "1234"}\n';
    const said = 'access.adminPin: the same as userPin: every caller would be a moderator';
    expect(problemsOf({ hall: own, 'default-keys': KEYS })).toEqual([`profiles/hall.yaml:2:27: ${said}`]);
    const hall = 'kind: conference\naccess: {userPin: "1234"}\n';
    expect(problemsOf({ hall, inherited, 'default-keys': KEYS })).toEqual([`profiles/inherited.yaml:3:10: ${said}`]);
  });

  it('are one document each', () => {
    expect(problemsOf({ hall: 'kind: conference\n---\nkind: controls\n' })).toEqual([
      'profiles/hall.yaml:2:1: a second document begins here: a file has one',
    ]);
  });

  it('may have empty sections, but no key after which its value was forgotten', () => {
    const text = 'kind: conference\nlimits:\n  # members: 3\nsound:\n  prompts:\naccess:\n  userPin:\n';
    expect(problemsOf({ hall: text, 'default-keys': KEYS })).toEqual([
      'profiles/hall.yaml:7:3: access.userPin: has no value',
    ]);
  });

  it('never have PINs in what is said about them', () => {
    const text = 'kind: conference\naccess:\n  userPin: "12345678901"\n  adminPin: 424242\n  pin: "565656"\n';
    const said = problemsOf({ hall: text }).join('\n');
    expect(said.split('\n')).toHaveLength(3);
    expect(said).not.toMatch(/12345678901|424242|565656/);
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
  const { controls, settings } = parseProfiles(files) as Profiles;

  it('are valid, and have the keys of mod_xconf, all of which act at once', () => {
    const keys = controls.get('default-keys')?.keys ?? {};
    expect(Object.keys(keys).sort()).toEqual([...'#*0123456789']);
    expect(keys).toMatchObject({
      '#': 'hangup',
      '*': 'deaf',
      '0': 'deaf-mute',
      '9': 'vad-level:+100',
      '1': 'vol-talk:-1',
    });
    for (const key of Object.keys(keys)) {
      const idle = { pending: '', deadlineMs: Number.POSITIVE_INFINITY };
      expect(press(idle, key, Object.keys(keys), 2000, 0).fired).toEqual([key]);
    }
  });

  it('give moderators those of all, and * with another key for theirs, which act at once too', () => {
    const keys = controls.get('admin-keys')?.keys ?? {};
    expect(keys['*']).toBeUndefined();
    expect(keys).toMatchObject({ '#': 'hangup', '0': 'deaf-mute', '**': 'deaf', '*1': 'lock', '*0': 'term' });
    const sequences = Object.keys(keys);
    expect(sequences.filter((one) => sequences.some((other) => other !== one && other.startsWith(one)))).toEqual([]);
  });

  it('are what conferences of the profile "default" run by', () => {
    const { controls: keys, adminControls } = settings.get('default') ?? {};
    expect(keys?.keys['#']).toMatchObject([{ summary: 'Leave the conference and end the call' }]);
    expect(adminControls?.keys['*0']).toMatchObject([{ summary: 'End the conference' }]);
  });

  it('come with the JSON Schema that `rostrum profile schema` prints', () => {
    const stored = JSON.parse(readFileSync(new URL('profile.schema.json', directory), 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(profileJsonSchema())));
  });
});
