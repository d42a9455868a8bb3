import { execFile, execFileSync } from 'node:child_process';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/schemas.ts';
import { openDescriptors } from '../kit/descriptors.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence } from '../kit/phone/sound.ts';
import { RostrumCluster } from '../kit/rostrum-cluster.ts';

/** `rostrum status` of a node with one thing after the other that is wrong, and put right again. */

const execute = promisify(execFile);
const SEEN = { timeout: 30_000, interval: 500 };
/** As `base/open-files.ts` has it, where there are few. */
const RESERVED = 100;

/** Fails as long as there is a file of this name beside the recording. */
const REFUSAL = 'refuse';
const command = ['/bin/sh', '-c', `test ! -e "\${ROSTRUM_FILE%/*}/${REFUSAL}"`];

let cluster: RostrumCluster;
const node = () => cluster.node('lyon');
const other = () => cluster.node('oslo');

beforeAll(async () => {
  cluster = await RostrumCluster.start({
    nodes: ['lyon', 'oslo'],
    nats: true,
    cluster: { lifetimeSeconds: 3 },
    config: { recordings: { command } },
  });
});

afterAll(() => cluster?.stop());

/** The exit statuses of `rostrum status`, and of the same for health checks. */
async function statuses(): Promise<{ status: number; health: number }> {
  const [status, health] = await Promise.all([node().cli('status'), node().cli('status', '--health')]);
  return { status: status.code, health: health.code };
}

/** Breaks something, until the node says so with the expected statuses, and puts it right again. */
async function expectTold(
  { status, health, words }: { status: number; health: number; words: readonly RegExp[] },
  harm: () => unknown,
  heal: () => unknown,
): Promise<void> {
  await harm();
  try {
    for (const each of words) await expect.poll(async () => (await node().cli('status')).stdout, SEEN).toMatch(each);
    expect(await statuses()).toEqual({ status, health });
  } finally {
    await heal();
  }
  await expect.poll(statuses, SEEN).toEqual({ status: 0, health: 0 });
  expect((await node().cli('status')).stdout).toMatch(/^problems +none$/m);
}

const signal = (pid: number | null, name: NodeJS.Signals) => process.kill(pid ?? 0, name);

/** Ends a process for as long as its supervisor is stopped. */
async function endForAWhile(part: (status: StatusView) => number | null): Promise<void> {
  const view = await node().api.get<StatusView>('/status');
  signal(node().supervisorPid, 'SIGSTOP');
  signal(part(view), 'SIGKILL');
}
const supervise = () => signal(node().supervisorPid, 'SIGCONT');

/** Puts a file where a directory should be, or away. */
const moveAway = (path: string) => rename(path, `${path}-away`);
const moveBack = async (path: string) => {
  await rm(path, { force: true });
  await rename(`${path}-away`, path);
};
const recordings = () => join(node().asterisk.directory, 'spool', 'recording');

it('a node with which all is well has status 0', () => expect.poll(statuses, SEEN).toEqual({ status: 0, health: 0 }));

describe('a node at which no call works', () => {
  it('because Asterisk does not answer: status 5, for health checks too', () =>
    expectTold(
      { status: 5, health: 5, words: [/^FAILURE asterisk: not connected: .+$/m] },
      () => node().asterisk.kill('SIGSTOP'),
      () => node().asterisk.kill('SIGCONT'),
    ));

  it('because its relay is away: status 1, for health checks too', () =>
    expectTold(
      { status: 1, health: 1, words: [/^FAILURE relay: not connected: .+$/m] },
      () => endForAWhile(({ relay }) => relay.pid),
      supervise,
    ));

  it('because its controller is away: status 4, for health checks too', async () => {
    await endForAWhile(({ pid }) => pid);
    try {
      await expect.poll(statuses, SEEN).toEqual({ status: 4, health: 4 });
    } finally {
      supervise();
    }
    await expect.poll(statuses, SEEN).toEqual({ status: 0, health: 0 });
  });
});

describe('a node whose calls work ends with status 7, and is well for health checks', () => {
  const warning = (...words: RegExp[]) => ({ status: 7, health: 0, words });

  it('without its NATS server', () =>
    expectTold(
      warning(/^WARNING cluster: no connection to NATS at nats:.+$/m),
      () => cluster.nats.kill(),
      () => cluster.nats.start(),
    ));

  it('where another node is silent, then gone', () =>
    expectTold(
      warning(/^WARNING cluster: node oslo is gone since .+ rostrum node flush oslo$/m),
      () => other().stopRostrum(),
      () => other().launchRostrum(),
    ));

  it('with a mistake in a profile, which the other nodes see as a number', async () => {
    const path = join(node().directory, 'profiles', 'default.yaml');
    const text = await readFile(path, 'utf8');
    await expectTold(
      warning(/^WARNING settings: the former content counts .+\n {2}.*default\.yaml:\d+:\d+: .*nonsense/m),
      async () => {
        await appendFile(path, '\nnonsense: 1\n');
        await expect.poll(async () => (await other().cli('nodes')).stdout, SEEN).toMatch(/^lyon +up, 1 problem /m);
      },
      () => writeFile(path, text),
    );
    await expect.poll(async () => (await other().cli('nodes')).stdout, SEEN).toMatch(/^lyon +up +\d/m);
  });

  it('with a mistake in rostrum.yaml', async () => {
    const text = await readFile(node().configPath, 'utf8');
    await expectTold(
      warning(/^WARNING rostrum\.yaml: the former content counts .+\n {2}.*rostrum\.yaml:\d+:\d+: .*nonsense/m),
      () => appendFile(node().configPath, '\nnonsense: 1\n'),
      () => writeFile(node().configPath, text),
    );
  });

  it('where what follows a recording fails each time', async () => {
    const phones = new PhoneBank({ server: node().server });
    const record = async (name: string) => {
      await node().command('3000', { type: 'record', name });
      await node().command('3000', { type: 'stop-recording' });
    };
    try {
      await phones.start();
      await phones.call('4000', { callerNumber: '200', send: silence() });
      await node().waitForMembers('3000', 1);
      await expectTold(
        warning(/^WARNING recordings: recordings\.command has failed for the last 2 recordings: .+ with status 1$/m),
        async () => {
          await writeFile(join(recordings(), REFUSAL), '');
          for (const name of ['first', 'second']) await record(name);
        },
        async () => {
          await rm(join(recordings(), REFUSAL));
          await record('third');
        },
      );
    } finally {
      await phones.stop();
    }
  });

  it('whose reports cannot be written', async () => {
    const path = join(node().directory, 'reports');
    await expectTold(
      warning(/^WARNING reports: attendance cannot be written: .+$/m),
      async () => {
        await moveAway(path);
        await writeFile(path, 'a file, where a directory should be');
      },
      () => moveBack(path),
    );
  });

  it('whose Asterisk cannot write recordings, and whose spoken prompts cannot be written', async () => {
    const speech = join(node().directory, 'speech');
    await expectTold(
      warning(
        /^WARNING recordings: .+\/recording is no directory, so recordings fail: install -d .+$/m,
        /^WARNING prompts: .+\/speech .+$/m,
      ),
      () => Promise.all([moveAway(recordings()), writeFile(speech, 'a file, where a directory should be')]),
      () => Promise.all([moveBack(recordings()), rm(speech)]),
    );
  });

  it('whose disk is almost full, once for all directories on it', async ({ skip }) => {
    const reports = join(node().directory, 'reports');
    const mountOn = (path: string, ...how: string[]) => execute('mount', [...how, path]);
    const mount = async () => {
      await mountOn(recordings(), '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs');
      await mountOn(reports, '--bind', recordings());
    };
    const umount = () => execute('umount', ['-l', reports, recordings()]);
    if (!(await mount().then(umount, () => null))) skip('this user cannot mount a small disk');
    const told = warning(
      /^WARNING disk: only 1\.0 MB are left on the disk of [^ ]+\/recording and [^ ]+\/reports: make space$/m,
    );
    await expectTold(told, mount, umount);
  });

  it('whose Asterisk has no files left for calls', async () => {
    const { pid } = node().asterisk;
    const limit = (files: number | string) => execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${files}`]);
    const before = execFileSync('prlimit', ['--pid', `${pid}`, '--nofile', '--output=SOFT', '--noheadings']);
    await expectTold(
      warning(/^WARNING asterisk: too few open files are left for another call, .+$/m),
      () => limit(`${openDescriptors(pid) + RESERVED}:`),
      () => limit(`${before.toString().trim()}:`),
    );
  });
});

it('programs get the same as a list', async () => {
  await node().stopRostrum();
  await rename(recordings(), `${recordings()}-away`);
  try {
    await node().launchRostrum();
    const problems = async () => JSON.parse((await node().cli('status', '--json')).stdout).problems;
    await expect
      .poll(problems, SEEN)
      .toEqual([{ about: 'recordings', severity: 'warning', detail: expect.stringContaining('is no directory') }]);
    expect(await node().log()).toContain(`recordings: ${recordings()} is no directory`);
  } finally {
    await rename(`${recordings()}-away`, recordings());
  }
});
