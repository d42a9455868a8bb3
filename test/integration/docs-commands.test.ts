import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { type Command, CommanderError } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RouteDeps } from '../../src/api/deps.ts';
import { commandRequestSchema } from '../../src/api/schemas.ts';
import type { Invitation } from '../../src/invite/invitation.ts';
import { VERSION } from '../../src/process/version.ts';
import { type ApiAlone, startApi } from '../kit/api-alone.ts';
import {
  blocksOf,
  commandsInBlocks,
  commandsInText,
  firstCells,
  pages,
  REPOSITORY,
  spansOf,
} from '../kit/documentation.ts';
import { conference, depsOf, member } from '../unit/api/conferences.ts';

const run = promisify(execFile);

/** What stands for a word in capitals, whatever the command. */
const EXAMPLES: Readonly<Record<string, string>> = {
  CONF: '3000',
  MEMBER: '7',
  OTHER: '8',
  NODE: 'oslo',
  PROFILE: 'default',
  NAME: 'default',
  KEY: 'limits.speakers',
  VALUE: '40',
  FILE: 'beep',
  MEDIA: 'beep',
  OPERATION: 'pause',
  DIGITS: '123#',
  WHOSE: 'all',
  MEMBERS: 'all',
  FLAG: 'mute',
  SETTING: 'talk-volume',
  N: '2',
  NUMBER: '+4930123456',
  URL: 'https://example.org/hook',
  APPLICATION: 'Echo',
  ARGUMENTS: '1',
  ID: 'an-invitation',
  TEXT: 'text',
  TARGET: '-',
  COMMAND: 'show',
};

/** These run a node, wait for its processes, or look into the host: only their words are checked. */
const NOT_RUN = ['start', 'relay', 'controller', 'upgrade', 'doctor'];

const invited: Invitation = {
  conference: '3000',
  profileName: 'default',
  target: '+4930123456',
  endpoint: 'PJSIP/+4930123456@provider',
  callerId: '',
  flags: {},
  timeoutMs: 30_000,
  tries: 1,
  retryAfterMs: 30_000,
  id: 'an-invitation',
  createdAtMs: 0,
  state: { status: 'answered', memberChannelId: 'channel-7', atMs: 0 },
  history: [],
};

let api: ApiAlone;

beforeAll(async () => {
  const plain = depsOf(new Map(['3000', 'status'].map((name) => [name, conference([member(7), member(8)])])));
  const deps: RouteDeps = {
    ...plain,
    cluster: {
      ...plain.cluster,
      flush: () => {},
      drain: () => {},
      routeOf: () => ({ node: 'oslo', sip: 'sip:192.0.2.2:5060', reason: 'placement' }),
    },
    attendance: { rows: async () => [] },
    reports: {
      conferences: async () => ({
        conferences: [
          { conference: '3000', startedAt: new Date(2026, 0, 5, 10, 15).toISOString(), endedAt: null, runs: [] },
        ],
        hasOlder: false,
        missing: [],
        gaps: [],
      }),
      report: async () => ({ rows: [], missing: [], gaps: [] }),
    },
    records: { askAll: async () => ({ found: [{ node: null, items: [] }], missing: [] }) },
    recordingKeeper: {
      open: async () => ({ file: 'beep.wav', content: Readable.from(['{}']), bytes: 2 }),
      remove: async () => ({ file: 'beep.wav', conference: '3000', endedAt: null, seconds: 1, bytes: 2 }),
    },
    inviter: { invite: () => [invited], list: () => [invited], cancel: () => invited },
  };
  api = await startApi(deps);
  const { directory } = api;
  await cp(join(REPOSITORY, 'profiles'), join(directory, 'profiles'), { recursive: true });
  await writeFile(join(directory, 'rostrum.yaml'), 'profiles: profiles\n');
  await cp(join(REPOSITORY, 'profiles/conferences.yaml.example'), join(directory, 'conferences.yaml'));
  vi.stubEnv('ROSTRUM_CONFIG', join(directory, 'rostrum.yaml'));
  vi.stubEnv('ROSTRUM_ARI_PASSWORD', 'secret');
  vi.stubEnv('EDITOR', 'true');
  vi.stubEnv('VISUAL', '');
});

afterAll(() => api.stop());

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return () => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  };
});

const shown = pages().flatMap((page) => [...commandsInBlocks(page), ...commandsInText(page)]);
const ofProgram = (name: string) =>
  shown.flatMap((command) => {
    const words = command.words[0] === 'npx' ? command.words.slice(1) : command.words;
    return words[0] === name || words[0] === `./scripts/${name}`
      ? [{ ...command, words: words.slice(1), title: `${command.at}: ${words.join(' ')}` }]
      : [];
  });

const commandsPage = pages().find(({ name }) => name === 'docs/commands.md') ?? { name: '', text: '' };
/** The words of commands about a member stand in a table without those before them. */
const ofMember = firstCells(commandsPage, 'One member').map(({ at, text }) => ({
  at,
  words: ['member', 'CONF', 'MEMBER', ...text.split(' ')],
  complete: true,
  title: `${at}: ${text}`,
}));

describe('a command of rostrum that the documentation shows', () => {
  it.each([...ofProgram('rostrum'), ...ofMember])('$title', async ({ words, complete, at }) => {
    const filled = words.filter((word) => word !== '--watch').map((word, index) => fill(word, words[index - 1], at));
    const isNameOnly = !complete && (words.includes('...') || parse(words, at) === 'unfinished');
    if (isNameOnly) return expect(commandNamed(words), at).toBeDefined();
    parse(filled, at);
    if (NOT_RUN.includes(words[0] ?? '') || filled.includes('--help')) return;
    // A file that an earlier line has made.
    if (words[0] === 'keygen') await rm(filled[1] ?? '', { force: true });
    await api.createProgram().parseAsync(filled, { from: 'user' });
    expect(process.exitCode ?? 0).toBe(0);
  });

  it('is found in blocks, in text and in tables', () => {
    expect(ofProgram('rostrum').length).toBeGreaterThan(90);
    expect(ofMember.length).toBeGreaterThan(20);
  });
});

function fill(word: string, before: string | undefined, at: string): string {
  if (before === '--config' || word.startsWith('/etc/rostrum/')) return inDirectory(word, before);
  return word
    .replace(/\.\.\.$/, '')
    .replace('±', '+')
    .replace('$pin', '135790')
    .replace(/\b[A-Z][A-Z0-9]*\b/g, (name) => {
      const example = EXAMPLES[name === 'CONF2' ? 'CONF' : name];
      if (example === undefined) throw new Error(`${at}: nothing is known to stand for ${name}`);
      return before === 'keygen' ? join(api.directory, 'secret') : example;
    });
}

function inDirectory(word: string, before: string | undefined): string {
  return join(api.directory, before === '--config' ? 'rostrum.yaml' : (word.split('/').at(-1) ?? ''));
}

/** @returns whether words are missing, which is no mistake where a page only names the command */
function parse(words: readonly string[], at: string): 'complete' | 'unfinished' {
  const program = api.createProgram();
  const silence = (command: Command) => {
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(silence);
  };
  silence(program);
  try {
    program.parse([...words], { from: 'user' });
    return 'complete';
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.missingArgument' || error.code === 'commander.help') return 'unfinished';
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 'complete';
    throw new Error(`${at}: ${words.join(' ')}: ${error.message}`);
  }
}

function commandNamed(
  [name, ...rest]: readonly string[],
  commands = api.createProgram().commands,
): Command | undefined {
  const found = commands.find((command) => command.name() === name);
  return found && found.commands.length > 0 && rest[0] && rest[0] !== '...'
    ? commandNamed(rest, found.commands)
    : found;
}

it('npx runs only what is installed here: it would ask the registry for a package of another name', async () => {
  const { devDependencies } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
  const hints = {
    name: 'scripts/dial-hints.ts',
    text: await readFile(join(REPOSITORY, 'scripts/dial-hints.ts'), 'utf8'),
  };
  for (const { name, text } of [...pages(), hints]) {
    for (const [, program = ''] of text.matchAll(/\bnpx (\S+)/g))
      expect(Object.keys(devDependencies), name).toContain(program);
  }
});

it('./scripts/rostrum is rostrum, from every directory', async () => {
  const { stdout } = await run(join(REPOSITORY, 'scripts/rostrum'), ['--version'], { cwd: tmpdir() });
  expect(stdout.trim()).toBe(VERSION);
});

describe('a script that the documentation shows', () => {
  const scripts = shown.flatMap(({ at, words: [name = '', ...words] }) =>
    name.startsWith('./scripts/') ? [{ at, name, words, title: `${at}: ${[name, ...words].join(' ')}` }] : [],
  );

  it.each(scripts)('$title', async ({ name, words }) => {
    expect(() => accessSync(join(REPOSITORY, name), constants.X_OK)).not.toThrow();
    const options = words.filter((word) => word.startsWith('--'));
    if (options.length > 0) await expectHelpOf([`${name}.ts`], options);
  });

  it.each(ofProgram('npm'))('$title', async ({ words: [verb, name = '', ...rest] }) => {
    // The package that npm-package.test.ts makes and installs.
    if (verb === 'install') return expect([name, ...rest]).toEqual(['--global', './rostrum-*.tgz']);
    if (verb === 'ci') return expect(existsSync(join(REPOSITORY, 'package-lock.json'))).toBe(true);
    expect(verb).toBe('run');
    const { scripts } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
    expect(Object.keys(scripts)).toContain(name);
    const words = rest.filter((word) => word !== '--');
    if (words.length === 0) return;
    const programs: Record<string, string[]> = {
      bench: ['test/bench/main.ts', words[0] ?? ''],
      soak: ['test/soak/main.ts'],
    };
    expect(Object.keys(programs)).toContain(name);
    await expectHelpOf(
      programs[name] ?? [],
      words.filter((word) => word.startsWith('--')),
    );
  });

  it.each(ofProgram('vitest'))('$title', async ({ words }) => {
    const project = words[words.indexOf('--project') + 1];
    if (words.includes('--project')) {
      expect(await readFile(join(REPOSITORY, 'vitest.config.ts'), 'utf8')).toContain(`name: '${project}'`);
    }
    for (const path of words.filter((word) => word.includes('/')))
      expect(existsSync(join(REPOSITORY, path))).toBe(true);
  });
});

const helps = new Map<string, Promise<string>>();

/** The help of a program of the repository, run once. */
function helpOf(program: readonly string[]): Promise<string> {
  const key = program.join(' ');
  const help =
    helps.get(key) ??
    run(process.execPath, ['--import', 'tsx', ...program, '--help'], { cwd: REPOSITORY }).then(({ stdout }) => stdout);
  helps.set(key, help);
  return help;
}

async function expectHelpOf(program: readonly string[], options: readonly string[]): Promise<void> {
  const help = await helpOf(program);
  for (const option of options) expect(help).toMatch(new RegExp(`^ +${option}\\b`, 'm'));
}

it('every option that the documentation names is one of some command', async () => {
  const optionsOf = ({ options, commands }: Command): string[] => [
    ...options.flatMap(({ long }) => long ?? []),
    ...commands.flatMap(optionsOf),
  ];
  const others = await Promise.all(
    [['scripts/up.ts'], ['scripts/hostile.ts'], ['test/bench/main.ts', 'storm']].map(helpOf),
  );
  const known = new Set([...optionsOf(api.createProgram()), '--help', ...(others.join().match(/--[a-z-]+/g) ?? [])]);
  for (const { name, text } of pages()) {
    for (const { line, text: span } of spansOf(text)) {
      const [option] = /^--[a-z-]+/.exec(span) ?? [];
      if (option) expect([...known], `${name}:${line}`).toContain(option);
    }
  }
});

describe('the API, as the documentation shows it', () => {
  const answer = (method: string, path: string, body?: string): Promise<{ status: number; code: string }> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const asked = request(
        { socketPath: join(api.directory, 'rostrum.sock'), method, path, headers },
        async (response) => {
          let text = '';
          for await (const chunk of response) text += chunk;
          resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code ?? '' });
        },
      );
      asked.once('error', reject);
      asked.end(body);
    });

  it.each(ofProgram('curl'))('$title', async ({ words }) => {
    const [url = ''] = words.filter((word) => word.startsWith('http://localhost/'));
    const body = words.includes('-d') ? words[words.indexOf('-d') + 1] : undefined;
    expect(await answer(body === undefined ? 'GET' : 'POST', url.replace('http://localhost', ''), body)).toMatchObject({
      status: 200,
    });
  });

  const requests = firstCells(commandsPage, 'Programs').filter(({ text }) => /^[A-Z]+ \/v1/.test(text));

  it.each(requests)('$text', async ({ text }) => {
    const [method = '', path = ''] = text.split(' ');
    const filled = path
      .replace('{conference}', '3000')
      .replace('{member}', '7')
      .replace('{node}', 'oslo')
      .replace('{file}', 'beep')
      .replace('{id}', 'x');
    const { status, code } = await answer(method, filled.replace('startedAt=...', 'startedAt=2026-01-01T09:00:00Z'));
    // A body that is missing is noticed only where there is such a request.
    expect([200, 400]).toContain(status);
    expect(code).not.toBe('no-such-route');
  });

  it('knows every command', () => {
    const commands = blocksOf(commandsPage.text).flatMap(({ text }) => [
      ...text.matchAll(/\{"type": .*?\}+(?=\s|$)/gm),
    ]);
    expect(commands.length).toBeGreaterThan(25);
    for (const [text] of commands) {
      const command = JSON.parse(text);
      const result = [command, { ...command, memberId: 7 }].map((each) =>
        commandRequestSchema.safeParse({ command: each }),
      );
      expect(
        result.some(({ success }) => success),
        text,
      ).toBe(true);
    }
  });
});
