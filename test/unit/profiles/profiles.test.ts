import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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

  it('have the name told that a wrong one is like: of a key, an action, a prompt or another profile', () => {
    expect(
      problemsOf({
        hall: 'kind: conference\ncontrols: kees\nsound: {promts: {}, prompts: {welcom: none}}\nuserPin: "1"\naccess.tries: 1\n',
        keys: 'kind: controls\nkeys: {"1": mtue}\npasThrough: true\n',
        talk: 'kind: conference\nextends: hal\naccess: {idleSeconds: 1}\ncontrols: key\n',
        webinar: 'kind: conference\ncontrols: key\n',
        key: KEYS,
        kex: KEYS,
      }).map((problem) => problem.replace(/^.*?: /, '')),
    ).toEqual([
      'sound.promts: unknown key; did you mean "prompts"?',
      'sound.prompts.welcom: unknown key; did you mean "welcome"?',
      'userPin: unknown key; "userPin" stands below "access"',
      'access.tries: unknown key; "tries" stands below "access"',
      'keys.1: no action "mtue"; did you mean "mute"?',
      'pasThrough: unknown key; did you mean "passThrough"?',
      'access.idleSeconds: unknown key; "idleSeconds" stands in no section',
    ]);
    expect(problemsOf({ a: 'kind: conference\ncontrols: kees\n', keys: KEYS })).toEqual([
      'profiles/a.yaml:2:1: controls: no controls profile "kees"; did you mean "keys"?',
    ]);
    expect(
      problemsOf({ hall: 'kind: conference\ncontrols: keys\n', b: 'kind: conference\nextends: hal\n', keys: KEYS }),
    ).toEqual(['profiles/b.yaml:2:1: extends: no profile "hal"; did you mean "hall"?']);
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

  const keysOf = (name: string) => controls.get(name)?.keys ?? {};

  it.each(['default-keys', 'admin-keys', 'mod-xconf-keys', 'mod-xconf-admin-keys'])(
    'have keys that act at once: %s',
    (name) => {
      const sequences = Object.keys(keysOf(name));
      expect(sequences.filter((one) => sequences.some((other) => other !== one && other.startsWith(one)))).toEqual([]);
      expect(sequences.length).toBeGreaterThan(7);
    },
  );

  it('do nothing for a single key, and have those of other services', () => {
    for (const name of ['default-keys', 'admin-keys']) {
      for (const key of Object.keys(keysOf(name))) expect(key).toMatch(/^[*#].$/);
      expect(keysOf(name)).toMatchObject({ '*6': 'mute', '*9': 'hand', '*2': 'count', '**': 'menu' });
    }
    expect(keysOf('default-keys')).toMatchObject({ '*0': 'help' });
    expect(keysOf('admin-keys')).toMatchObject({ '#9': 'next-hand', '#6': 'floor-back', '#0': 'private' });
  });

  it('have those of mod_xconf', () => {
    const levels = ['vol-talk', 'vol-listen', 'vad-level'].map((name) =>
      name === 'vad-level' ? [name, 100] : [name, 1],
    );
    const digits = levels.flatMap(([name, by], row) =>
      [`-${by}`, '0', `+${by}`].map((by, i) => [3 * row + i + 1, `${name}:${by}`]),
    );
    const ofAll = { '#': 'hangup', '0': 'deaf-mute', ...Object.fromEntries(digits) };
    expect(keysOf('mod-xconf-keys')).toEqual({ ...ofAll, '*': 'deaf' });
    expect(keysOf('mod-xconf-admin-keys')).toEqual({
      ...ofAll,
      '**': 'deaf',
      '*1': 'lock',
      '*2': 'mute-all',
      '*3': 'next-hand',
      '*4': 'kick-last',
      '*5': 'count',
      '*6': 'record',
      '*7': 'playback-all:stop',
      '*8': 'menu',
      '*9': 'private',
      '*0': 'confirm:term',
    });
  });

  it('are what conferences of the profile "default" run by, and ask a moderator before they end one', () => {
    const { controls: keys, adminControls } = settings.get('default') ?? {};
    expect(keys?.keys['##']).toMatchObject([{ summary: 'Leave the conference and end the call', asks: false }]);
    expect(adminControls?.keys['*0']).toMatchObject([{ summary: 'End the conference', asks: true }]);
  });

  it('come with the JSON Schema that `rostrum profile schema` prints', () => {
    const stored = JSON.parse(readFileSync(new URL('profile.schema.json', directory), 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(profileJsonSchema())));
  });
});
