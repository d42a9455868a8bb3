import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AsteriskInstance } from '../../scripts/asterisk-instance.ts';
import { ownAddress } from '../kit/loopback.ts';

/** The first use of scripts/asterisk may have to download. */
const DOWNLOAD_TIMEOUT_MS = 300_000;

async function ariStatus(instance: AsteriskInstance, password: string): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${instance.ariUsername}:${password}`).toString('base64')}`;
  const response = await fetch(`${instance.ariUrl}/ari/asterisk/info`, { headers: { authorization } });
  await response.arrayBuffer();
  return response.status;
}

/** Files that a process has open for writing, sockets and pipes aside. */
function filesWritten(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).flatMap((fd) => {
    const flags = Number.parseInt(
      /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0',
      8,
    );
    const path = readlinkSync(join(directory, fd));
    return (flags & 3) !== 0 && path.startsWith('/') && !path.startsWith('/dev/') && !path.startsWith('/memfd:')
      ? [path]
      : [];
  });
}

function processesWith(word: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}

describe('two Asterisks on one machine', () => {
  const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'rostrum-ast-')));
  const [first, second] = directories.map(
    (directory) => new AsteriskInstance({ directory, bindAddress: ownAddress() }),
  ) as [AsteriskInstance, AsteriskInstance];

  beforeAll(async () => {
    await Promise.all([first.start(), second.start()]);
  }, DOWNLOAD_TIMEOUT_MS);

  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()]);
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });

  it('answer ARI requests with their own password only', async () => {
    expect(await ariStatus(first, first.ariPassword)).toBe(200);
    expect(await ariStatus(second, second.ariPassword)).toBe(200);
    expect(await ariStatus(first, second.ariPassword)).toBe(401);
    expect(await ariStatus(first, '')).toBe(401);
  });

  it('run commands on their own consoles', async () => {
    expect(await first.cli('core show version')).toMatch(/^Asterisk \d+\./);
    expect(await second.cli('pjsip show transports')).toContain(`${second.sipAddress}:${second.sipPort}`);
  });

  it('start without a warning or an error', () => {
    for (const { logPath } of [first, second]) {
      expect(readFileSync(logPath, 'utf8')).not.toMatch(/\b(WARNING|ERROR)\b/);
    }
  });

  it('load all modules that are asked for', async () => {
    expect(await first.cli('module show like .so')).not.toContain('Not Running');
  });

  it('have the files that prompts, music and the dialplan need', async () => {
    expect(await first.cli('moh show files')).toMatch(/\.wav|File: /);
    expect(await first.cli('core show translation paths ulaw')).toMatch(/opus|slin/);
    expect(await first.cli('dialplan show rostrum-dial-in')).toMatch(
      /Stasis\(rostrum,join,3.*,default,\+admin,-auth\)/,
    );
  });

  it('keep the password from other users', () => {
    for (const file of ['etc/ari.conf', 'instance.json']) {
      expect(statSync(join(first.directory, file)).mode & 0o077).toBe(0);
    }
  });

  it('write nowhere but in their own directories', () => {
    for (const { pid, directory } of [first, second]) {
      for (const path of filesWritten(pid)) expect(path.startsWith(directory)).toBe(true);
    }
  });

  it('may be started again while they run', async () => {
    const { pid } = first;
    await first.start();
    expect(first.pid).toBe(pid);
  });

  it('leave no process and no socket when stopped, do so alone, and start again', async () => {
    const { pid } = first;
    await first.stop();
    await first.stop();
    expect(processesWith(first.directory)).toEqual([]);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(readdirSync(join(first.directory, 'run'))).toEqual([]);
    expect(await ariStatus(second, second.ariPassword)).toBe(200);
    await first.start();
    expect(await ariStatus(first, first.ariPassword)).toBe(200);
  });

  it('notice that they were killed, and start again', async () => {
    first.kill('SIGKILL');
    await expect.poll(() => processesWith(first.directory)).toEqual([]);
    await first.start();
    expect(await ariStatus(first, first.ariPassword)).toBe(200);
  });
});

describe('an Asterisk', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rostrum-ast-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('takes more configuration, and changes of it', async () => {
    const instance = new AsteriskInstance({
      directory,
      bindAddress: ownAddress(),
      extra: {
        write: { 'confbridge.conf': '[general]\n' },
        append: {
          'modules.conf': 'load = app_confbridge.so',
          'extensions.conf': '[extra]\nexten => 1,1,ConfBridge(1)',
        },
        set: [['pjsip.conf', 'anonymous', 'direct_media', 'yes']],
      },
    });
    try {
      await instance.start();
      expect(await instance.cli('dialplan show extra')).toContain('ConfBridge(1)');
      expect(await instance.cli('module show like app_confbridge')).toContain('Running');
      expect(await instance.cli('pjsip show endpoint anonymous')).toMatch(/direct_media\s*: true/);
    } finally {
      await instance.stop();
    }
  });

  it('outlives its owner when detached, and can be taken over', async () => {
    const script = `
      import('${new URL('../../scripts/asterisk-instance.ts', import.meta.url)}').then(async ({ AsteriskInstance }) => {
        await new AsteriskInstance({ directory: process.env.DIRECTORY, bindAddress: '${ownAddress()}', detached: true }).start();
      });`;
    const tsx = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href;
    execFileSync(process.execPath, ['--import', tsx, '-e', script], { env: { ...process.env, DIRECTORY: directory } });
    const instance = await AsteriskInstance.attach(directory);
    try {
      expect(await ariStatus(instance, instance.ariPassword)).toBe(200);
    } finally {
      await instance.stop();
    }
    expect(processesWith(directory)).toEqual([]);
    await expect(AsteriskInstance.attach(directory)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('says in its error what Asterisk said, when it cannot start', async () => {
    const instance = new AsteriskInstance({
      directory,
      bindAddress: ownAddress(),
      extra: { append: { 'modules.conf': 'require = res_no_such_module.so' } },
    });
    await expect(instance.start()).rejects.toThrow(/ended at once[\s\S]*res_no_such_module/);
    expect(processesWith(directory)).toEqual([]);
  });
});
