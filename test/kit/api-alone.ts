import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { vi } from 'vitest';
import type { RouteDeps } from '../../src/api/deps.ts';
import { ApiServer } from '../../src/api/server.ts';

/** The admin API without a controller, and commands of this process and its children that talk to it. */
export type ApiAlone = {
  /** It has the socket in it. */
  readonly directory: string;
  readonly createProgram: () => Command;
  /** Also undoes all that the test has changed in the environment. */
  readonly stop: () => Promise<void>;
};

export async function startApi(deps: RouteDeps): Promise<ApiAlone> {
  const directory = await mkdtemp(join(tmpdir(), 'rostrum-api-'));
  const socketPath = join(directory, 'rostrum.sock');
  const server = new ApiServer({ socketPath }, deps);
  await server.start();
  vi.stubEnv('ROSTRUM_SOCKET', socketPath);
  // The default of --socket is read from the environment when this is loaded.
  const { createProgram } = await import('../../src/cli/program.ts');
  const stop = async () => {
    await server.stop();
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true, force: true });
  };
  return { directory, createProgram, stop };
}
