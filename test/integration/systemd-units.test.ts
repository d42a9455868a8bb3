import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { programFromRoot } from '../../scripts/debian-root.ts';
import { createProgram } from '../../src/cli/program.ts';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const UNITS = 'etc/systemd/system';
/** What the units need of a host. */
const TARGETS = ['sysinit', 'basic', 'shutdown', 'network-online', 'multi-user'];
const PROGRAMS = ['usr/bin/rostrum', 'usr/sbin/asterisk', 'usr/bin/kill', 'usr/bin/systemd-tmpfiles'];
const ASTERISK = '[Unit]\nDescription=Asterisk\n[Service]\nExecStart=/usr/sbin/asterisk -f\n';

let host: string;
let verify: (...units: string[]) => Promise<{ stdout: string; stderr: string }>;

/** A host with the units. */
beforeAll(async () => {
  host = await mkdtemp(join(tmpdir(), 'rostrum-units-'));
  await mkdir(join(host, UNITS), { recursive: true });
  for (const name of TARGETS) await writeFile(join(host, UNITS, `${name}.target`), `[Unit]\nDescription=${name}\n`);
  await writeFile(join(host, UNITS, 'asterisk.service'), ASTERISK);
  for (const name of PROGRAMS) {
    await mkdir(dirname(join(host, name)), { recursive: true });
    await writeFile(join(host, name), '', { mode: 0o755 });
  }
  await cp(join(REPOSITORY, 'asterisk-config/host/systemd'), join(host, 'etc/systemd'), { recursive: true });
  const root = { name: 'systemd-analyze', suite: 'stable', packages: ['systemd'], program: '/usr/bin/systemd-analyze' };
  const [loader = '', option = '', libraries = '', ...rest] = await programFromRoot(root);
  // Its own libraries are in a directory of their own.
  const words = [option, `${libraries}:${dirname(loader)}/systemd`, ...rest, 'verify', `--root=${host}`];
  verify = (...units) => run(loader, [...words, ...units]);
}, 600_000);

afterAll(() => rm(host, { recursive: true, force: true }));

it('systemd has nothing to say about the unit of Rostrum and the drop-in for that of Asterisk', async () => {
  expect(await verify('rostrum.service', 'asterisk.service')).toEqual({ stdout: '', stderr: '' });
});

it('systemd would say if it did not know a key of the drop-in', async () => {
  const file = join(host, UNITS, 'asterisk.service.d/unknown.conf');
  await writeFile(file, '[Service]\nLimitFiles=1\n');
  expect((await verify('asterisk.service')).stderr).toContain("Unknown key 'LimitFiles'");
  await rm(file);
});

it('the unit starts a command that there is', async () => {
  const unit = await readFile(join(REPOSITORY, 'asterisk-config/host/systemd/system/rostrum.service'), 'utf8');
  const [, words = ''] = /^ExecStart=rostrum (.*)$/m.exec(unit) ?? [];
  const [name = '', ...options] = words.split(' ');
  const start = createProgram().commands.find((command) => command.name() === name);
  expect(start?.options.map(({ long }) => long)).toEqual(
    expect.arrayContaining(options.filter((word) => word.startsWith('--'))),
  );
});
