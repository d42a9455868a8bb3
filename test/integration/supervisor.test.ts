import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, transports } from 'winston';
import { Supervisor } from '../../src/controller/supervisor.ts';

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
    expect(logged).toHaveBeenLastCalledWith('relay cannot be started (ENOENT); starting it again in 200 ms');
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

it('a process that crashes is started again, and its own exit status ends it for good', async () => {
  await install(`[ -e "${directory}/crashed" ] && exit 2; touch "${directory}/crashed"; exit 1`);
  expect(await supervisor.run()).toBe(2);
  expect(logged.mock.calls).toEqual([['relay died (status 1); starting it again in 100 ms']]);
});
