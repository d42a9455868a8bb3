import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const TABLE = `# Ours.
unlisted: refuse
timeZone: Europe/Berlin

conferences:
  # The hall.
  "3000":
    name: Town hall   # of the year
    access:
      userPin: '4711'
      # adminPin: "98765"
    times: [{until: 2020-01-01 10:00}]

  # The small one.
  3001:
    limits: {members:   3}

  "3002":
`;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-conference-cli-'));
  await cp(join(REPOSITORY, 'profiles'), join(directory, 'profiles'), { recursive: true });
  await writeFile(join(directory, 'rostrum.yaml'), 'profiles: profiles\n');
  await writeFile(path(), TABLE);
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const path = () => join(directory, 'conferences.yaml');
const text = () => readFile(path(), 'utf8');

async function rostrum(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const main = join(REPOSITORY, 'dist/cli/main.js');
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...process.env, ROSTRUM_CONFIG: join(directory, 'rostrum.yaml') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = async (stream: AsyncIterable<Buffer>) => {
    let all = '';
    for await (const chunk of stream) all += chunk.toString();
    return all;
  };
  const closed = once(child, 'close') as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([read(child.stdout), read(child.stderr), closed]);
  return { code, stdout, stderr };
}

const conference = (...words: string[]) => rostrum('conference', ...words);

describe('rostrum conference list, show and check', () => {
  it('list the conferences, and whether they are open', async () => {
    const { code, stdout } = await conference('list');
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'NUMBER | NAME | PROFILE | NODE | OPEN',
      '3000 | Town hall | - | - | over',
      '3001 | - | - | - | open',
      '3002 | - | - | - | open',
      '3 conferences, 3 shown; others: refuse',
      '',
    ]);
    const { stdout: found } = await conference('list', '--search', 'hall', '--json');
    expect(JSON.parse(found)).toEqual({
      unlisted: 'refuse',
      conferences: [{ number: '3000', name: 'Town hall', profile: null, node: null, open: false, changesAt: null }],
    });
  });

  it('show where each value is from, and no PIN', async () => {
    const { stdout } = await conference('show', '3000');
    expect(stdout).toMatch(/^conference 3000, Town hall, profile default, over\n/);
    expect(stdout).toMatch(/^access\.userPin +\(set\) +own +at once$/m);
    expect(stdout).toMatch(/^limits\.members +10000 +profile +at once$/m);
    expect(stdout).not.toContain('4711');
    expect(await conference('show', '3001')).toMatchObject({
      stdout: expect.stringMatching(/^limits\.members +3 +own/m),
    });
    expect(await conference('show', '9')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no conference 9 in'),
    });
  });

  it('check the table, and print every mistake with its line', async () => {
    expect((await conference('check')).stdout).toMatch(/conferences\.yaml: 3 conferences without a mistake\n$/);
    await writeFile(path(), `${TABLE}    profile: hall\n  "3000":\n    nome: x\n`);
    const { code, stderr } = await conference('check');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /conferences\.yaml:20:3: 3000 is there twice, first in line 7\n.*:21:5: 3000\.nome: unknown key/,
    );
  });
});

describe('rostrum conference set', () => {
  it('changes one value, and leaves the rest as it is, to the last blank', async () => {
    const { code, stdout } = await conference('set', '3000', 'access.userPin', '0815');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/conferences\.yaml: written\n3000: access\.userPin counts at once\n$/),
    });
    expect(await text()).toBe(TABLE.replace("'4711'", '"0815"'));
    await conference('set', '3001', 'limits.speakers', '2');
    await conference('set', '3002', 'sound.prompts.welcome', 'none');
    await conference('set', '3002', 'name', 'Board');
    expect(await text()).toBe(
      TABLE.replace("'4711'", '"0815"')
        .replace('{members:   3}', '{members:   3, speakers: 2}')
        .replace('"3002":\n', '"3002":\n    sound:\n      prompts:\n        welcome: none\n    name: Board\n'),
    );
  });

  it('takes times, and removes what it is told', async () => {
    await conference('set', '3002', 'times', '[{weekly: monday, from: "09:00", until: "10:00"}]');
    expect((await conference('list')).stdout).toMatch(/^3002 .*(opens|open until) 20\d\d-/m);
    expect(await conference('set', '3002', '--unset', 'times')).toMatchObject({ code: 0 });
    expect(await text()).toBe(TABLE);
    await conference('set', '3000', '--unset', 'access.userPin');
    expect(await text()).toContain('      # adminPin: "98765"\n');
    expect(await text()).not.toContain('4711');
  });

  it.each([
    ['a value that is wrong', ['3000', 'limits.members', 'many'], '3000.limits.members'],
    ['a key that there is not', ['3000', 'limits.persons', '3'], 'has no key "limits.persons"'],
    ['a section', ['3000', 'limits', '3'], '"limits" has no value of its own'],
    ['a conference that there is not', ['9', 'limits.members', '3'], 'no conference 9 in'],
    ['a profile that there is not', ['3000', 'profile', 'hall'], 'no conference profile "hall"'],
    [
      'a setting that is not for one conference',
      ['3000', 'access.lobbyNumbers', '[X]'],
      'cannot be set for one conference',
    ],
    ['what is not set', ['3000', '--unset', 'node'], 'node is not set for conference 3000'],
    [
      'times that end before they begin',
      ['3000', 'times', '[{from: 2027-01-02 10:00, until: 2027-01-01 10:00}]'],
      'is not after',
    ],
  ])('refuses %s, and changes nothing', async (_, words, message) => {
    expect(await conference('set', ...words)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    expect(await text()).toBe(TABLE);
  });

  it('is not kept from one conference by mistakes in others', async () => {
    const broken = TABLE.replace('3001:\n', '3001:\n    nome: x\n');
    await writeFile(path(), broken);
    expect(await conference('set', '3000', 'limits.members', '5')).toMatchObject({ code: 0 });
    expect(await text()).toContain('members: 5');
    expect(await text()).toContain('nome: x');
  });
});

describe('rostrum conference add and remove', () => {
  it('add a conference behind the others, and take it out again', async () => {
    expect(await conference('add', '4000', 'name=Press', 'profile=default', 'access.userPin=0123')).toMatchObject({
      code: 0,
    });
    const added = '  "4000":\n    name: Press\n    profile: default\n    access:\n      userPin: "0123"\n';
    expect(await text()).toBe(`${TABLE}${added}`);
    expect((await conference('add', '4000')).stderr).toContain('conference 4000 is in');
    await conference('remove', '4000');
    expect(await text()).toBe(TABLE);
    await conference('remove', '3001');
    expect(await text()).toBe(TABLE.replace('  3001:\n    limits: {members:   3}\n', ''));
    expect(await conference('remove', '3001')).toMatchObject({ code: 2 });
  });

  it.each([
    ['no table', null, 'conferences:\n  "5":\n'],
    ['an empty one', '', 'conferences:\n  "5":\n'],
    ['comments', '# Mine.\n', '# Mine.\n\nconferences:\n  "5":\n'],
    ['no conferences yet', 'conferences:\nunlisted: refuse\n', 'conferences:\n  "5":\nunlisted: refuse\n'],
    ['an empty map', 'conferences: {}   # none\n', 'conferences: # none\n  "5":\n'],
    ['other columns', 'conferences:\n    "4":\n        name: x', 'conferences:\n    "4":\n        name: x\n    "5":\n'],
    ['the line ends of Windows', 'conferences:\r\n  "4":\r\n', 'conferences:\r\n  "4":\r\n  "5":\r\n'],
  ])('add to a table with %s', async (_, before, after) => {
    if (before === null) await rm(path());
    else await writeFile(path(), before);
    expect(await conference('add', '5')).toMatchObject({ code: 0 });
    expect(await text()).toBe(after);
    expect(await conference('check')).toMatchObject({ code: 0 });
  });

  it('make a file that others cannot read, for it has PINs', async () => {
    await rm(path());
    await conference('add', '5', 'access.userPin=1234');
    expect((await stat(path())).mode & 0o007).toBe(0);
  });

  it.skipIf(process.getuid?.() !== 0)('make a file for the user and the group of rostrum.yaml', async () => {
    await rm(path());
    await chown(join(directory, 'rostrum.yaml'), 12_001, 12_002);
    await conference('add', '5');
    expect(await stat(path())).toMatchObject({ uid: 12_001, gid: 12_002, mode: 0o100640 });
  });
});

it('a table of 10,000 conferences is changed without reading all of them', async () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => 30_000 + index);
  const entries = numbers.map((number) => `  "${number}":\n    access:\n      userPin: "1234"\n`.repeat(1)).join('');
  await writeFile(path(), `conferences:\n${entries}`);
  const startMs = performance.now();
  await conference('list', '--search', '39999');
  const wholeMs = performance.now() - startMs;
  const changeMs = performance.now();
  expect(await conference('set', '35000', 'access.userPin', '4321')).toMatchObject({ code: 0 });
  expect(performance.now() - changeMs).toBeLessThan(wholeMs);
  expect(await text()).toBe(
    `conferences:\n${entries}`.replace(
      '"35000":\n    access:\n      userPin: "1234"',
      '"35000":\n    access:\n      userPin: "4321"',
    ),
  );
}, 60_000);
