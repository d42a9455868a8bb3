import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../src/config/profile-write.ts';
import { findSettings } from '../../src/config/read-config.ts';
import { readProfiles } from '../../src/config/read-profiles.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-profiles-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const path = (name: string) => join(directory, name);

describe('a directory of profiles', () => {
  it('has everything that is wrong with its files told at once, one line each', async () => {
    await writeFile(path('a.yaml'), 'kind: conference\n\n# caf\xe9\n', 'latin1');
    await writeFile(path('b.yaml'), `kind: conference\n${'#\n'.repeat(200_000)}`);
    await mkdir(path('c.yaml'));
    execFileSync('sh', ['-c', 'mkfifo "$0"', path('d.yaml')]);
    await symlink('/nowhere', path('e.yaml'));
    await writeFile(path('f.yml'), 'kind: controls\n');
    await writeFile(path('g.yaml'), 'kind: conference\nextends: a\ncontrols: f\nidleSeconds: x\n');
    await writeFile(path('default-keys.yaml'), 'kind: controls\n');
    const error = await readProfiles(directory).catch((caught: Error) => caught as Error);
    const lines = (error as Error).message.split('\n').map((line) => line.replace(/^.*\/(?=[a-g]\.)/, ''));
    expect(error).toMatchObject({ code: 'invalid-configuration' });
    expect(lines).toEqual([
      'a.yaml:3:6: is not UTF-8 text',
      'b.yaml: is larger than 256 KiB',
      'c.yaml: is not a file',
      'd.yaml: is not a file',
      'e.yaml: cannot be read (ENOENT)',
      'f.yml: the names of profiles end in .yaml',
      expect.stringMatching(/^g.yaml:4:1: idleSeconds: /),
    ]);
  });

  it('is read without what editors leave in it', async () => {
    await writeFile(path('hall.yaml'), '\uFEFFkind: conference\n');
    await writeFile(path('default-keys.yaml'), 'kind: controls\n');
    await writeFile(path('.hall.yaml'), 'half');
    await symlink('somebody@host:123', path('.#hall.yaml'));
    await writeFile(path('hall.yaml~'), 'old');
    await writeFile(path('hall.yaml.swp'), 'old');
    expect([...(await readProfiles(directory)).conferences.keys()]).toEqual(['hall']);
  });

  it('needs to be there, with profiles in it', async () => {
    await expect(readProfiles(directory)).rejects.toThrow(`${directory}: no profiles in it`);
    await expect(readProfiles(path('nowhere'))).rejects.toThrow('the profiles cannot be read (ENOENT)');
  });

  it('is the one in rostrum.yaml, for which no password is needed', async () => {
    await writeFile(path('rostrum.yaml'), 'profiles: mine\nasterisk: {passwordFile: /nowhere}\n');
    const found = {
      profilesDirectory: path('mine'),
      tablePath: path('conferences.yaml'),
      configPath: path('rostrum.yaml'),
    };
    expect(await findSettings(path('rostrum.yaml'), {})).toEqual(found);
    expect(await findSettings(undefined, { ROSTRUM_CONFIG: path('rostrum.yaml') })).toEqual(found);
    await expect(findSettings(path('other.yaml'), {})).rejects.toThrow('cannot be read (ENOENT)');
    await writeFile(path('rostrum.yaml'), 'profile: mine\n');
    await expect(findSettings(path('rostrum.yaml'), {})).rejects.toThrow('rostrum.yaml:1:1: profile: unknown key');
  });
});

describe('a file that is replaced', () => {
  it('keeps its mode, and stays a symbolic link', async () => {
    await mkdir(path('real'));
    await writeFile(path('real/a.yaml'), 'old');
    await chmod(path('real/a.yaml'), 0o640);
    await symlink('real/a.yaml', path('a.yaml'));
    await replaceFile(path('a.yaml'), 'new');
    expect(await readFile(path('real/a.yaml'), 'utf8')).toBe('new');
    expect((await stat(path('real/a.yaml'))).mode & 0o7777).toBe(0o640);
    expect(
      (await readdir(directory, { withFileTypes: true })).find(({ name }) => name === 'a.yaml')?.isSymbolicLink(),
    ).toBe(true);
    expect(await readdir(path('real'))).toEqual(['a.yaml']);
  });

  it('is as it was if it cannot be written', async () => {
    await mkdir(path('a.yaml'));
    await expect(replaceFile(path('a.yaml'), 'new')).rejects.toMatchObject({ code: 'invalid-configuration' });
    expect(await readdir(directory)).toEqual(['a.yaml']);
  });

  it('is never seen in parts, however many write it', async () => {
    const texts = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000));
    await writeFile(path('a.yaml'), texts[0] ?? '');
    let writing = true;
    const seen = new Set<string>();
    const reading = (async () => {
      while (writing) seen.add(await readFile(path('a.yaml'), 'utf8'));
    })();
    for (let round = 0; round < 10; round++) await Promise.all(texts.map((text) => replaceFile(path('a.yaml'), text)));
    writing = false;
    await reading;
    expect(texts).toEqual(expect.arrayContaining([...seen]));
    expect(await readdir(directory)).toEqual(['a.yaml']);
  });
});
