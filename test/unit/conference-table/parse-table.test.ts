import { describe, expect, it } from 'vitest';
import { allSteps } from '../../../src/base/all-steps.ts';
import { checking } from '../../../src/conference-table/check-table.ts';
import { NO_TABLE } from '../../../src/conference-table/conference-table.ts';
import { type ParsedTable, parsing } from '../../../src/conference-table/parse-table.ts';
import { type Profiles, parseProfiles } from '../../../src/profiles/profiles.ts';
import { formatProblem } from '../../../src/yaml/yaml-document.ts';

const profiles = parseProfiles([
  { path: 'k', name: 'default-keys', text: 'kind: controls\n' },
  { path: 'd', name: 'default', text: 'kind: conference\n' },
  { path: 'p', name: 'pins', text: 'kind: conference\naccess: {userPin: "11", adminPin: "22"}\n' },
]) as Profiles;

const parse = (text: string, former = NO_TABLE) => allSteps(parsing(text, 'c.yaml', former));

function tableOf(text: string, former = NO_TABLE) {
  const parsed = parse(text, former);
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.table;
}

/** Those that the table shows by itself, or else those that the profiles show. */
function problemsIn(text: string): string[] {
  const parsed: ParsedTable = parse(text);
  const problems = parsed.ok ? allSteps(checking(parsed, profiles, 'c.yaml')) : parsed.problems;
  return problems.map(formatProblem);
}

describe('a table of conferences', () => {
  it('has the settings of each conference, with comments between them', () => {
    const table = tableOf(`# yaml-language-server: $schema=x
unlisted: refuse
timeZone: Europe/Berlin

conferences:
  # The hall.
  "3000":
    name: Town hall
    profile: pins   # with PINs
    access:
      userPin: "4711"
      adminPin: null
    times:
      - from: 2027-01-15 10:00
        until: 2027-01-15 11:00

  # Nothing is special about it.
  0042:
  board.room:
    node: oslo
    times: [{weekly: monday, from: "09:00", until: "10:00"}]
    timeZone: UTC
`);
    expect(table).toMatchObject({ unlisted: 'refuse', timeZone: 'Europe/Berlin' });
    expect([...table.entries.keys()]).toEqual(['3000', '0042', 'board.room']);
    expect(table.entries.get('3000')).toMatchObject({
      name: 'Town hall',
      profileName: 'pins',
      own: { values: { access: { userPin: '4711' } }, takenAway: [['access', 'adminPin']] },
      times: { zone: 'Europe/Berlin', dated: [{ fromMs: Date.parse('2027-01-15T09:00:00Z') }] },
    });
    expect(table.entries.get('0042')).toMatchObject({ name: null, profileName: null, node: null, times: null });
    expect(table.entries.get('board.room')).toMatchObject({ node: 'oslo', times: { zone: 'UTC' } });
  });

  it.each([
    ['nothing', ''],
    ['comments', '# Nothing yet.\n'],
    ['no conferences', 'conferences:\n'],
    ['an empty map', 'conferences: {}\n'],
  ])('may have %s', (_, text) => {
    expect(tableOf(text)).toMatchObject({ unlisted: 'allow', entries: new Map() });
  });

  it('may have the line ends of Windows, and keys after the conferences', () => {
    const table = tableOf('conferences:\r\n  "1":\r\n    name: One\r\n  "2":\r\n    name: Two\r\nunlisted: refuse\r\n');
    expect([...table.entries.values()].map(({ name }) => name)).toEqual(['One', 'Two']);
    expect(table.unlisted).toBe('refuse');
  });

  it('is parsed anew only where its text is another one', () => {
    const before = tableOf('conferences:\n  "1":\n    name: One\n  "2":\n    name: Two\n');
    const after = tableOf('# More.\nconferences:\n  "1":\n    name: One\n  "2":\n    name: Zwei\n', before);
    expect(after.entries.get('1')).toBe(before.entries.get('1'));
    expect(after.entries.get('2')?.name).toBe('Zwei');
    const inZone = tableOf('timeZone: UTC\nconferences:\n  "1":\n    name: One\n', before);
    expect(inZone.entries.get('1')).not.toBe(before.entries.get('1'));
  });
});

describe('a mistake in a table is told with its line', () => {
  const inTable = (lines: string) => `conferences:\n${lines}`;
  it.each<[string, string, string[]]>([
    [
      'two conferences with one number',
      inTable('  "3000":\n    name: A\n  3000:\n    name: B\n'),
      ['c.yaml:4:3: 3000 is there twice, first in line 2'],
    ],
    [
      'a key that there is not',
      inTable('  "1":\n    acces: {}\n'),
      ['c.yaml:3:5: 1.acces: unknown key; did you mean "access"?'],
    ],
    [
      'a key that is like another one',
      inTable(
        '  "1":\n    nmae: Hall\n    access: {userPni: "1"}\n    times: [{form: "2027-03-01 09:30"}]\n    adminFlags: []\n',
      ),
      [
        'c.yaml:3:5: 1.nmae: unknown key; did you mean "name"?',
        'c.yaml:4:14: 1.access.userPni: unknown key; did you mean "userPin"?',
        'c.yaml:5:14: 1.times.0.form: unknown key; did you mean "from"?',
        'c.yaml:6:5: 1.adminFlags: unknown key; "adminFlags" stands below "access"',
      ],
    ],
    ['a key of the whole table', 'unlsited: refuse\n', ['c.yaml:1:1: unlsited: unknown key; did you mean "unlisted"?']],
    [
      'a setting that is not for one conference',
      inTable('  "1":\n    access:\n      lobbyNumbers: [XX]\n    extends: default\n'),
      [
        'c.yaml:4:7: 1.access.lobbyNumbers: cannot be set for one conference',
        'c.yaml:5:5: 1.extends: cannot be set for one conference',
      ],
    ],
    [
      'a PIN that is no text',
      inTable('  "1":\n    access:\n      userPin: 123\n'),
      ['c.yaml:4:7: 1.access.userPin: a PIN is text: put it in quotes'],
    ],
    [
      'one PIN for all',
      inTable('  "1":\n    access:\n      userPin: "1"\n      adminPin: "1"\n'),
      ['c.yaml:5:7: 1.access.adminPin: the same as userPin: every caller would be a moderator'],
    ],
    [
      'the PIN of its profile for moderators',
      inTable('  "1":\n    profile: pins\n    access:\n      userPin: "22"\n'),
      ['c.yaml:5:7: 1.access.userPin: the same as adminPin of profile "pins": every caller would be a moderator'],
    ],
    [
      'the PIN of any profile that the dialplan may name',
      inTable('  "1":\n    access:\n      adminPin: "11"\n'),
      ['c.yaml:4:7: 1.access.adminPin: the same as userPin of profile "pins": every caller would be a moderator'],
    ],
    [
      'a profile that there is not',
      inTable('  "1":\n    profile: hall\n'),
      ['c.yaml:3:5: 1.profile: no conference profile "hall"'],
    ],
    [
      'controls that there are not',
      inTable('  "1":\n    controls: keys\n'),
      ['c.yaml:3:5: 1.controls: no controls profile "keys"'],
    ],
    [
      'times without a zone',
      inTable('  "1":\n    times: [{from: 2027-01-01 10:00}]\n'),
      ['c.yaml:3:5: 1.times: needs a timeZone, here or for the whole table'],
    ],
    [
      'a zone that there is not',
      'timeZone: Europe/Atlantis\n',
      ['c.yaml:1:1: timeZone: a time zone is a name such as Europe/Berlin, America/New_York or UTC'],
    ],
    [
      'times that end before they begin',
      inTable(
        '  "1":\n    timeZone: UTC\n    times:\n      - from: 2027-01-01 10:00\n        until: 2027-01-01 09:00\n',
      ),
      ['c.yaml:6:9: 1.times.0.until: is not after 2027-01-01 10:00, when it opens'],
    ],
    [
      'a number with a blank',
      inTable('  "30 00":\n    name: A\n'),
      ['c.yaml:2:3: 30 00: the number of a conference is up to 64 letters, digits, "_", ".", "+" and "-"'],
    ],
    ['no map', inTable('  "1": open\n'), ['c.yaml:2:3: 1: a conference has settings below it, such as access:']],
    [
      'a list',
      inTable('  - 3000\n'),
      ['c.yaml:2:1: a conference is its number with a colon, and its settings below that'],
    ],
    [
      'conferences in brackets',
      'conferences: {"1": {name: A}}\n',
      ['c.yaml:1:1: conferences: each conference has lines of its own below this one, without brackets'],
    ],
    [
      'a conference further out',
      inTable('  "1":\n    name: A\n "2":\n    name: B\n'),
      ['c.yaml:4:2: is not as far in as the first conference'],
    ],
    [
      'a value that was forgotten',
      inTable('  "1":\n    access:\n      userPin:\n'),
      ['c.yaml:4:7: 1.access.userPin: has no value'],
    ],
    ['what is no table', '- a\n', ['c.yaml:1:1: a table has keys, such as conferences:']],
    ['another word for unlisted', 'unlisted: no\n', ['c.yaml:1:1: unlisted: unlisted is "allow" or "refuse"']],
  ])('%s', (_, text, problems) => {
    expect(problemsIn(text)).toEqual(problems);
  });

  it('for tabs, in each conference that has one, and nowhere else', () => {
    const problems = problemsIn(
      inTable('  "1":\n\t name: A\n  "2":\n    name: B\n  "3":\n    access:\n\t\tuserPin: "1"\n'),
    );
    expect(problems.map((problem) => problem.split(':').slice(0, 2).join(':'))).toEqual(['c.yaml:3', 'c.yaml:8']);
    expect(problems[0]).toContain('Tabs are not allowed as indentation');
  });

  it('at once with all others, as far as anybody reads them', () => {
    const lines = Array.from({ length: 300 }, (_, index) => `  "${index}":\n    nome: x\n`);
    const problems = problemsIn(inTable(lines.join('')));
    expect(problems).toHaveLength(101);
    expect(problems.slice(-2)).toEqual([
      'c.yaml:201:5: 99.nome: unknown key; did you mean "name"?',
      'c.yaml: and 200 more mistakes',
    ]);
  });

  it('of conferences that share an anchor: a profile is what they can share', () => {
    const [problem = ''] = problemsIn(inTable('  "1":\n    access: &a {userPin: "1"}\n  "2":\n    access: *a\n'));
    expect(problem).toMatch(/^c\.yaml:5:\d+: .*alias/i);
  });
});

it('100,000 lines are parsed in short steps', () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, index) => `  "${30_000 + index}":
    name: Conference ${index}
    profile: default
    access:
      userPin: "${100_000 + index}"
    limits:
      members: ${(index % 500) + 1}
    timeZone: Europe/Berlin
    times:
      - {weekly: monday, from: "09:00", until: "10:00"}
`,
  );
  const text = `conferences:\n${lines.join('')}`;
  expect(text.split('\n').length).toBeGreaterThan(100_000);
  const work = parsing(text, 'c.yaml', NO_TABLE);
  let steps = 0;
  let step = work.next();
  for (; !step.done; step = work.next()) steps++;
  expect(step.value.ok && step.value.table.entries.size).toBe(10_000);
  expect(steps).toBeGreaterThan(10_000);
}, 60_000);
