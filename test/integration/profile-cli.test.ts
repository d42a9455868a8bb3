import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { edit } from '../../src/cli/commands/profile-edit.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const HALL = `# yaml-language-server: $schema=profile.schema.json
kind: conference
extends: default   # most of it

access:
  userPin: '4711'   # of this year
  # adminPin: "98765"

# Few speakers.
limits: {speakers:   3}
`;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-profile-cli-'));
  await cp(join(REPOSITORY, 'profiles'), directory, { recursive: true });
  await writeFile(path('hall'), HALL);
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const path = (name: string) => join(directory, `${name}.yaml`);
const textOf = (name: string) => readFile(path(name), 'utf8');

type Outcome = { code: number; stdout: string; stderr: string };

async function rostrum(words: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const main = join(REPOSITORY, 'dist/cli/main.js');
  const child = spawn(process.execPath, [main, 'profile', ...words], {
    env: { ...process.env, VISUAL: '', EDITOR: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = async (stream: AsyncIterable<Buffer>) => {
    let text = '';
    for await (const chunk of stream) text += chunk.toString();
    return text;
  };
  const closed = once(child, 'close') as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([read(child.stdout), read(child.stderr), closed]);
  return { code, stdout, stderr };
}

const inDirectory = (...words: string[]) => rostrum([...words, '--directory', directory]);

describe('rostrum profile list, show and check', () => {
  it('list the profiles, in the directory of rostrum.yaml too', async () => {
    const config = join(directory, 'rostrum.yaml.txt');
    await writeFile(config, 'profiles: .\nasterisk: {passwordFile: /nowhere}\n');
    const { code, stdout } = await rostrum(['list'], { ROSTRUM_CONFIG: config });
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/\s+/).slice(0, 3).join(' '))).toEqual([
      'PROFILE KIND EXTENDS',
      'admin-keys controls default-keys',
      'default conference -',
      'default-keys controls -',
      'hall conference default',
      'mod-xconf-admin-keys controls mod-xconf-keys',
      'mod-xconf-keys controls -',
      '',
    ]);
    expect((await rostrum(['list', directory, '--json'])).stdout).toContain('"extends": "default-keys"');
  });

  it('list and show the others while one is broken, name it, and end with status 2', async () => {
    await writeFile(path('annex'), 'kind: conference\nidleSeconds: x\n');
    await writeFile(path('wing'), 'kind: conference\nextends: annex\n');
    const { code, stdout, stderr } = await inDirectory('list');
    expect(code).toBe(2);
    const names = stdout.split('\n').map((line) => line.split(' ')[0]);
    expect(names.slice(0, 5)).toEqual(['PROFILE', 'admin-keys', 'default', 'default-keys', 'hall']);
    expect(names).not.toContain('wing');
    expect(stderr).toMatch(
      /^rostrum: .*annex\.yaml:2:1: idleSeconds: .*\n.*wing\.yaml: extends a profile that has mistakes\n$/,
    );
    expect(JSON.parse((await inDirectory('list', '--json')).stdout)).toHaveLength(names.length - 2);
    expect(await inDirectory('show', 'hall')).toMatchObject({ code: 0, stderr: '' });
    expect(await inDirectory('card', 'hall')).toMatchObject({ code: 0, stderr: '' });
    expect(await inDirectory('show', 'annex')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('idleSeconds'),
    });
    expect(await inDirectory('show', 'wing')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('idleSeconds'),
    });
  });

  it('show where each value is from, and no PIN', async () => {
    const { stdout } = await inDirectory('show', 'hall');
    const rows = Object.fromEntries(
      stdout
        .split('\n')
        .map((line) => line.split(/ {2,}/))
        .map(([key, ...row]) => [key, row]),
    );
    expect(rows).toMatchObject({
      'access.userPin': ['(set)', 'own', 'at once'],
      'limits.speakers': ['3', 'own', 'at once'],
      adminControls: ['admin-keys', 'default.yaml', 'at once'],
      'audio.vadLevel': ['300', 'default', 'at once'],
      'recording.automatic': ['false', 'default.yaml', 'from the next conference on'],
    });
    const json = await inDirectory('show', 'hall', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'hall',
      kind: 'conference',
      extends: ['default'],
      keys: expect.arrayContaining([
        { key: 'access.userPin', value: '(set)', source: 'own', profile: 'hall', takesEffect: 'live' },
        { key: 'access.adminPin', value: null, source: 'default', profile: null, takesEffect: 'live' },
        { key: 'limits.members', value: 10000, source: 'inherited', profile: 'default', takesEffect: 'live' },
      ]),
    });
    expect(stdout + json.stdout).not.toContain('4711');
    expect(await inDirectory('show', 'hal')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no profile "hal"; did you mean "hall"?'),
    });
  });

  it('print a card of the keys, with a page for moderators', async () => {
    const { code, stdout } = await inDirectory('card', 'hall');
    expect(code).toBe(0);
    const [ofAll = '', ofModerators = '', ...more] = stdout.split('\n\n');
    expect(ofAll).toContain('\n*6    Stop being heard, or be heard again\n');
    expect(ofModerators).toMatch(/^KEYS {2}Keys of moderators\n#9 {4}Give the floor/);
    expect(ofModerators).toMatch(/\*0 {4}End the conference\. You are asked before: 1 is yes\.$/);
    expect(more).toHaveLength(1);
    expect(more[0]).not.toContain('*0');
    expect((await inDirectory('card', 'mod-xconf-keys')).stdout).toContain('\n3     Be heard louder\n');
    expect(await inDirectory('card', 'hal')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no profile "hal"'),
    });
  });

  it('print the card as a page of HTML, a sheet for each', async () => {
    const { stdout } = await inDirectory('card', 'hall', '--html', '--title', 'R&D <all hands>');
    expect(stdout).toMatch(/^<!doctype html>\n/);
    expect(stdout.match(/<h1>R&#38;D &#60;all hands&#62;<\/h1>/g)).toHaveLength(2);
    expect(stdout.match(/<article>/g)).toHaveLength(2);
    expect(stdout).toContain('<kbd>*</kbd><kbd>6</kbd></td><td>Stop being heard, or be heard again</td>');
    // Nothing is fetched from elsewhere.
    expect(stdout).not.toMatch(/src=|href=|url\(/);
  });

  it('check all files and print every mistake', async () => {
    expect(await inDirectory('check')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 conference profiles and 4 controls profiles'),
    });
    await writeFile(path('hall'), 'kind: conference\nextends: nobody\nidleSeconds: x\n');
    await writeFile(path('annex'), 'kind: conference\nextends: annex\n');
    const { code, stdout, stderr } = await rostrum(['check', directory]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('annex.yaml:2:1: extends: a profile cannot extend itself\n');
    expect(stderr).toMatch(/hall\.yaml:3:1: idleSeconds: /);
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });
});

describe('rostrum profile set', () => {
  it('changes one value, leaves the rest as it is, and says when it counts', async () => {
    await chmod(path('hall'), 0o640);
    const first = await inDirectory('set', 'hall', 'access.userPin', '0815');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/hall\.yaml: written\nhall: access\.userPin counts at once\n$/);
    await inDirectory('set', 'hall', 'limits.members', '50');
    await inDirectory('set', 'hall', 'audio.talkVolume', '-2');
    await inDirectory('set', 'hall', 'sound.prompts.welcome', 'tts:Hello #1: you');
    await inDirectory('set', 'hall', 'flags', '+mute');
    const third = await inDirectory('set', 'hall', 'recording.automatic', 'true');
    expect(third.stdout).toContain('hall: recording.automatic counts from the next conference on\n');
    expect(await textOf('hall')).toBe(
      `${HALL.replace("'4711'", '"0815"').replace('{speakers:   3}', '{speakers:   3, members: 50}')}audio:
  talkVolume: -2
sound:
  prompts:
    welcome: "tts:Hello #1: you"
flags: [+mute]
recording:
  automatic: true
`,
    );
    expect((await stat(path('hall'))).mode & 0o777).toBe(0o640);
  });

  it('says which other profiles it reaches', async () => {
    const { stdout } = await inDirectory('set', 'default', 'limits.members', '50');
    expect(stdout).toMatch(/\ndefault: limits\.members counts at once\nhall: limits\.members counts at once\n$/);
    const keys = await inDirectory('set', 'default-keys', 'keys.*9', 'count');
    expect(keys.stdout).toMatch(/\nadmin-keys: keys\.\*9 counts at once\ndefault-keys: keys\.\*9 counts at once\n$/);
    expect(await textOf('default-keys')).toContain('\n  "*9": count\n  "*0": help\n');
  });

  it('removes a value, or what is inherited', async () => {
    await inDirectory('set', 'hall', '--unset', 'access.userPin');
    await inDirectory('set', 'hall', 'adminControls', 'null');
    expect(await textOf('hall')).toBe(
      `${HALL.replace("access:\n  userPin: '4711'   # of this year\n", '')}adminControls: null\n`,
    );
    expect((await inDirectory('show', 'hall')).stdout).toMatch(/adminControls +- +default/);
    expect(await inDirectory('set', 'hall', '--unset', 'access.userPin')).toMatchObject({
      code: 2,
      stderr: 'rostrum: access.userPin is not set in this file\n',
    });
  });

  it.each([
    [['hall', 'limits.speakers', 'many'], /hall\.yaml:10:10: limits\.speakers: /],
    [['hall', 'access.userPin', '47x1'], /access\.userPin: a PIN is 1 to 10 digits/],
    [['hall', 'extends', 'hall'], /extends: a profile cannot extend itself/],
    [['default', 'extends', 'hall'], /default\.yaml:\d+:1: extends: goes in a circle/],
    [['hall', 'controls', 'default'], /no controls profile "default"/],
    [['default-keys', 'keys.1', 'explode'], /keys\.1: no action "explode"/],
    [['default-keys', 'keys.x', 'mute'], /keys\.x: a key sequence is/],
    [['hall', 'limits', '3'], /"limits" has no value of its own; there are limits\.members/],
    [['hall', 'limit', '3'], /a conference profile has no key "limit"/],
    [['hall', 'limits.speaker', '3'], /did you mean "limits\.speakers"\?/],
    [['hall', 'kind', 'controls'], /no key "kind"/],
    [['hall', 'limits.speakers'], /give a key and a value/],
    [['nobody', 'limits.speakers', '3'], /no profile "nobody"; there are admin-keys/],
  ])('changes nothing that would be wrong: %j', async (words, message) => {
    const before = await Promise.all(['hall', 'default', 'default-keys'].map(textOf));
    const { code, stderr, stdout } = await inDirectory('set', ...words);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await Promise.all(['hall', 'default', 'default-keys'].map(textOf))).toEqual(before);
  });

  it('is not held up by mistakes in other files, and names them', async () => {
    await writeFile(path('annex'), 'kind: conference\nidleSeconds: x\n');
    const { code, stderr } = await inDirectory('set', 'hall', 'limits.speakers', '4');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^still to be corrected: .*annex\.yaml:2:1: idleSeconds: [^\n]*\n$/);
    expect(await textOf('hall')).toBe(HALL.replace('  3', '  4'));
  });

  it('has the last of several writers win, or tells one that it was overtaken, and never leaves half a file', async () => {
    const outcomes = await Promise.all(
      [11, 12, 13, 14].map((value) => inDirectory('set', 'hall', 'limits.speakers', String(value))),
    );
    for (const { code, stderr } of outcomes)
      if (code !== 0) expect(stderr).toContain('somebody else has just changed it');
    expect(outcomes.some(({ code }) => code === 0)).toBe(true);
    expect(['1', '2', '3', '4'].map((digit) => HALL.replace('  3', `  1${digit}`))).toContain(await textOf('hall'));
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('rostrum profile edit', () => {
  /** An editor that does something else each time it is started; $1 is the file. */
  async function editor(...steps: string[]): Promise<string> {
    const script = join(directory, 'editor.sh');
    const cases = steps.map((step, index) => `${index + 1}) ${step};;`).join('\n');
    await writeFile(
      script,
      `n=$(($(cat "$0.count" 2>/dev/null || echo 0) + 1)); echo $n > "$0.count"\ncase $n in\n${cases}\nesac\n`,
    );
    return `sh ${script}`;
  }
  const leftOvers = async () => (await readdir(directory)).filter((name) => name.startsWith('.'));

  it('puts a valid text in place and says when it counts', async () => {
    const EDITOR = await editor('sed -i "s/  3/  7/" "$1"');
    const { code, stdout, stderr } = await rostrum(['edit', 'hall', '--directory', directory], { EDITOR });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/written\nhall: limits\.speakers counts at once\n$/);
    expect(await textOf('hall')).toBe(HALL.replace('  3', '  7'));
    expect(await leftOvers()).toEqual([]);
  });

  it('leaves all as it was if nobody is there to correct a mistake', async () => {
    const VISUAL = await editor('sed -i "s/  3/  x/" "$1"');
    const { code, stdout, stderr } = await rostrum(['edit', 'hall', '--directory', directory], {
      VISUAL,
      EDITOR: 'false',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/hall\.yaml:10:10: limits\.speakers: .*\n.*hall\.yaml stays as it was\n$/);
    expect(await textOf('hall')).toBe(HALL);
    expect(await leftOvers()).toEqual([]);
  });

  it('shows mistakes below their lines until they are corrected', async () => {
    const EDITOR = await editor(
      'sed -i -e "s/  3/  x/" -e "s/47/47x/" "$1"',
      'cp "$1" "$0.seen"; sed -i -e "s/  x/  9/" -e "s/47x/47/" "$1"',
    );
    const asked: string[] = [];
    const ask = async (question: string) => String(asked.push(question) && 'e');
    await edit('hall', { directory }, { env: { EDITOR }, ask });
    expect(asked).toEqual(['Enter to edit again, a to abandon your text: ']);
    expect(await readFile(join(directory, 'editor.sh.seen'), 'utf8')).toBe(
      HALL.replace(
        "'4711'   # of this year\n",
        "'47x11'   # of this year\n  #! access.userPin: a PIN is 1 to 10 digits\n",
      ).replace('  3}\n', '  x}\n#! limits.speakers: Invalid input: expected number, received string\n'),
    );
    expect(await textOf('hall')).toBe(HALL.replace('  3', '  9'));
    expect(await leftOvers()).toEqual([]);
  });

  it('shows mistakes that it makes in other files on top, and can be abandoned', async () => {
    const EDITOR = await editor(
      'sed -i "s/^kind: .*/kind: controls/" "$1"; sed -i "/^[a-z]*Keys\\|^flags/d" "$1"',
      'cp "$1" "$0.seen"',
    );
    // Enter alone, or a word that means nothing, does not throw the text away.
    const answers = ['', 'e', 'ab', 'a'];
    const deps = { env: { EDITOR }, ask: async () => answers.shift() ?? null };
    const before = await textOf('default-keys');
    await writeFile(path('annex'), 'kind: conference\nextends: default\n');
    await expect(edit('default', { directory }, deps)).rejects.toMatchObject({ code: 'invalid-configuration' });
    expect(answers).toEqual([]);
    expect(await readFile(join(directory, 'editor.sh.seen'), 'utf8')).toContain('#! ');
    expect(await textOf('default-keys')).toBe(before);
    expect(await leftOvers()).toEqual([]);
  });

  it('says so when nothing is different, when the editor fails, and when there is none', async () => {
    const deps = (EDITOR: string) => ({ env: { EDITOR, PATH: '' }, ask: null });
    await edit('hall', { directory }, deps('true'));
    await expect(edit('hall', { directory }, deps('exit 3;'))).rejects.toThrow('ended with 3');
    await expect(edit('hall', { directory }, deps(''))).rejects.toThrow('no editor: set EDITOR');
    await expect(edit('hall', { directory }, deps('rm -f'))).rejects.toThrow('the copy has been removed');
    expect(await textOf('hall')).toBe(HALL);
    expect(await leftOvers()).toEqual([]);
  });

  it('does not overwrite what somebody else has written meanwhile, and keeps the text', async () => {
    const EDITOR = await editor(`sed -i "s/  3/  7/" "$1"; echo "# theirs" >> ${path('hall')}`);
    const error = await edit('hall', { directory }, { env: { EDITOR }, ask: null }).catch((caught: Error) => caught);
    expect(String(error)).toMatch(/somebody else has just changed it; your text is in .*\.hall\..*\.yaml/);
    expect(await textOf('hall')).toBe(`${HALL}# theirs\n`);
    const [copy = ''] = await leftOvers();
    expect(await readFile(join(directory, copy), 'utf8')).toBe(HALL.replace('  3', '  7'));
    expect((await stat(join(directory, copy))).mode & 0o777).toBe(0o600);
  });

  it('keeps PINs from other users while they are edited', async () => {
    const EDITOR = await editor('stat -c %a "$1" > "$0.mode"');
    await edit('hall', { directory }, { env: { EDITOR }, ask: null });
    expect(await readFile(join(directory, 'editor.sh.mode'), 'utf8')).toBe('600\n');
  });
});

describe('rostrum profile reload', () => {
  it('prints what the controller has found', async () => {
    const socketPath = join(directory, 'api.sock');
    const keys = [{ key: 'limits.speakers', takesEffect: 'live' }];
    let status = 200;
    let answer: object = { ok: true, changes: [{ kind: 'conference', name: 'hall', change: 'changed', keys }] };
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(status).end(JSON.stringify(answer));
    }).listen(socketPath);
    await once(server, 'listening');
    try {
      expect(await rostrum(['reload', '--socket', socketPath])).toEqual({
        code: 0,
        stdout: 'hall: limits.speakers counts at once\n',
        stderr: '',
      });
      const problems = [{ file: 'a.yaml', line: 2, column: 1, path: 'x', message: 'unknown key' }];
      status = 422;
      answer = { code: 'invalid-configuration', message: 'a.yaml:2:1: x: unknown key', problems };
      const stderr = 'rostrum: a.yaml:2:1: x: unknown key\n';
      expect(await rostrum(['reload', '--socket', socketPath])).toEqual({ code: 2, stdout: '', stderr });
      const asJson = await rostrum(['reload', '--json', '--socket', socketPath]);
      expect({ ...asJson, stdout: JSON.parse(asJson.stdout) }).toEqual({
        code: 2,
        stdout: { ok: false, problems },
        stderr,
      });
      expect(asked).toEqual(Array(3).fill('POST /v1/profiles/reload'));
    } finally {
      server.close();
    }
    expect(await rostrum(['reload', '--socket', '/nowhere/x.sock'])).toMatchObject({ code: 4 });
  });
});
