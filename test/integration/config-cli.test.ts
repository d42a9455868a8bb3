import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

let directory: string;
const file = () => join(directory, 'rostrum.yaml');
const password = () => join(directory, 'ari-password');

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-config-cli-'));
  await writeFile(password(), 'secret', { mode: 0o600 });
  await writeFile(file(), 'asterisk:\n  passwordFile: ari-password\n');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function config(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { ROSTRUM_ARI_PASSWORD: _, ROSTRUM_CONFIG: __, ...env } = process.env;
  const main = join(REPOSITORY, 'dist/cli/main.js');
  const child = spawn(process.execPath, [main, 'config', ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

describe('rostrum config check', () => {
  it('finds a file that is right, as a word or as --config', async () => {
    const right = { code: 0, stdout: `${file()}: valid, and so are the secrets that it names\n`, stderr: '' };
    expect(await config('check', file())).toEqual(right);
    expect(await config('check', '--config', file())).toEqual(right);
  });

  it('ends with status 2 and a line for every mistake, with its place', async () => {
    await writeFile(file(), 'nonsense: 1\nreports:\n  days: many\n  dierctory: x\n');
    const { code, stdout, stderr } = await config('check', file());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${file()}:1:1: nonsense: unknown key\n`);
    expect(stderr).toContain(`${file()}:3:3: reports.days: `);
    expect(stderr).toContain(`${file()}:4:3: reports.dierctory: unknown key; did you mean "directory"?\n`);
  });

  it('ends with status 2 where recordings are to be removed that the node cannot note, and for a secret that is too short', async () => {
    const login = 'asterisk:\n  passwordFile: ari-password\n';
    await writeFile(file(), `${login}recordings:\n  days: 30\n`);
    const { code, stderr } = await config('check', file());
    expect(code).toBe(2);
    expect(stderr).toContain(`${file()}:4:3: recordings.days: needs reports.directory`);
    const hook = 'recordings:\n  webhook: https://example.org/\n  webhookSecretFile: webhook-secret\n';
    await writeFile(file(), `${login}${hook}`);
    for (const [secret, status] of [
      ['short', 2],
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 0],
      ['a text that is long enough', 0],
    ] as const) {
      await writeFile(join(directory, 'webhook-secret'), `${secret}\n`, { mode: 0o600 });
      expect(await config('check', file()), secret).toMatchObject({ code: status });
    }
  });

  it('ends with status 2 for a secret that others can read', async () => {
    await chmod(password(), 0o644);
    const { code, stderr } = await config('check', file());
    expect(code).toBe(2);
    expect(stderr).toContain(`${password()}: other users can read this secret; run: chmod 600 ${password()}`);
  });
});

it('rostrum config schema prints the schema that comes with the profiles', async () => {
  const stored: unknown = JSON.parse(await readFile(join(REPOSITORY, 'profiles/rostrum.schema.json'), 'utf8'));
  const { code, stdout } = await config('schema');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(stored);
  expect(stored).toMatchObject({ title: 'rostrum.yaml', properties: { asterisk: { properties: { url: {} } } } });
});
