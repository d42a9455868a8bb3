import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, transports } from 'winston';
import { Supervisor } from '../../src/process/supervisor.ts';

let directory: string;
let command: string;
let supervisor: Supervisor;
const logged = vi.fn();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-supervisor-'));
  command = join(directory, 'relay');
  logged.mockClear();
  const logger = createLogger({ transports: [new transports.Console({ silent: true })] });
  vi.spyOn(logger, 'error').mockImplementation(logged);
  supervisor = new Supervisor({ name: 'relay', command, args: [] }, { logger });
});

afterEach(() => rm(directory, { recursive: true }));

async function install(script: string): Promise<void> {
  const unfinished = join(directory, 'unfinished');
  await writeFile(unfinished, `#!/bin/sh\n${script}\n`);
  await chmod(unfinished, 0o700);
  await rename(unfinished, command);
}

describe('a process that cannot be started', () => {
  it('is tried again until it can', async () => {
    const ended = supervisor.run();
    await vi.waitFor(() => expect(logged).toHaveBeenCalledTimes(2));
    expect(logged).toHaveBeenLastCalledWith('relay cannot be started (ENOENT); starting it again in 100 ms');
    await install('exit 6');
    expect(await ended).toBe(6);
  });

  it('does not keep its supervisor from ending', async () => {
    const ended = supervisor.run();
    await vi.waitFor(() => expect(logged).toHaveBeenCalled());
    supervisor.stop();
    expect(await ended).toBe(0);
  });
});

it.skipIf(process.getuid?.() !== 0)(
  'a process inherits a high priority, unless it is to have the usual one',
  async () => {
    const before = getPriority();
    const file = join(directory, 'niceness');
    await install(`nice > "${file}"; exit 6`);
    const logger = createLogger({ silent: true });
    const niceness = async (more: { hasUsualPriority?: true }) => {
      await new Supervisor({ name: 'relay', command, args: [], ...more }, { logger }).run();
      return Number(await readFile(file, 'utf8'));
    };
    setPriority(-5);
    try {
      expect(await niceness({})).toBe(-5);
      expect(await niceness({ hasUsualPriority: true })).toBe(0);
    } finally {
      setPriority(before);
    }
  },
);

it('a process that crashes is started again, and its own exit status ends it for good', async () => {
  await install(`[ -e "${directory}/crashed" ] && exit 2; touch "${directory}/crashed"; exit 1`);
  expect(await supervisor.run()).toBe(2);
  expect(logged.mock.calls).toEqual([['relay died (status 1); starting it again']]);
});

it('a process that has run is tried again whatever it finds wrong later', async () => {
  const mends = { name: 'controller', command, args: [] };
  const logger = createLogger({ silent: true });
  vi.spyOn(logger, 'error').mockImplementation(logged);
  const keeper = new Supervisor(mends, { logger });
  // It is killed, finds a mistake, is refused by Asterisk, ends without an error though nobody has asked it to, and runs.
  await install(`echo >> "${directory}/starts"
    case $(wc -l < "${directory}/starts") in
      1) kill -9 $$ ;;
      2) exit 2 ;;
      3) exit 5 ;;
      4) exit 0 ;;
    esac
    exec sleep 60`);
  const ended = keeper.run();
  await vi.waitFor(() => expect(logged).toHaveBeenCalledTimes(4));
  keeper.stop();
  expect(await ended).toBe(0);
  expect(logged.mock.calls.map(([text]) => text)).toEqual([
    'controller died (SIGKILL); starting it again',
    'controller died (status 2); starting it again in 100 ms',
    'controller died (status 5); starting it again in 200 ms',
    'controller ended; starting it again in 400 ms',
  ]);
});

/** Says over the channel that it has started. */
const RUNNING = `echo '{"type":"alive","running":true}' >&3; sleep 0.2`;

it('a process that has run well is started again at once: when it was asked to end, or after 2 s', async () => {
  // It crashes four times, the last time after a good run, and then ends twice as it was asked to.
  await install(`echo >> "${directory}/starts"
    starts=$(wc -l < "${directory}/starts")
    [ $starts -lt 4 ] && exit 1
    ${RUNNING}
    case $starts in
      4) sleep 2; exit 1 ;;
      5 | 6) exit 0 ;;
    esac
    exit 1`);
  const ended = supervisor.run();
  await vi.waitFor(() => expect(logged).toHaveBeenCalledTimes(8), { timeout: 15_000 });
  supervisor.stop();
  await ended;
  expect(logged.mock.calls.map(([text]) => text)).toEqual([
    'relay died (status 1); starting it again',
    'relay died (status 1); starting it again in 100 ms',
    'relay died (status 1); starting it again in 200 ms',
    'relay died (status 1); starting it again',
    'relay ended; starting it again',
    'relay ended; starting it again',
    'relay died (status 1); starting it again in 100 ms',
    'relay died (status 1); starting it again in 200 ms',
  ]);
});

describe('a process that runs', () => {
  const pid = async () => Number(await readFile(join(directory, 'pid'), 'utf8'));
  const wait = { timeout: 5000, interval: 10 };

  beforeEach(async () => {
    await install(`case "$1" in
      fails) exit 2 ;;
      next) kill $(cat "${directory}/pid") ;;
    esac
    echo $$ > "${directory}/pid"
    exec sleep 60`);
  });

  it('ends for another one that takes over, which is kept running then, but not for one that fails', async () => {
    const ended = supervisor.run();
    const first = await vi.waitFor(pid, wait);
    expect(await supervisor.succeed(['fails'])).toBe('died (status 2)');
    expect(await pid()).toBe(first);
    process.kill(first, 0);
    expect(await supervisor.succeed(['next'])).toBeNull();
    const second = await vi.waitUntil(async () => (await pid()) !== first && pid(), wait);
    process.kill(second, 'SIGKILL');
    await vi.waitUntil(async () => (await pid()) !== second, wait);
    supervisor.stop();
    expect(await ended).toBe(0);
    expect(logged.mock.calls).toEqual([['relay died (SIGKILL); starting it again']]);
  });

  it('is started again at once when it is to be', async () => {
    const ended = supervisor.run();
    const first = await vi.waitFor(pid, wait);
    supervisor.restart();
    await vi.waitUntil(async () => (await pid()) !== first, wait);
    supervisor.stop();
    expect(await ended).toBe(0);
    expect(logged).not.toHaveBeenCalled();
  });
});
