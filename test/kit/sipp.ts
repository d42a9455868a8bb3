import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../scripts/debian-root.ts';

const SCENARIOS = fileURLToPath(new URL('../e2e/sipp/', import.meta.url));

export type SippOptions = {
  /** Name of a file in test/e2e/sipp, without its ending. */
  scenario: string;
  number: string;
  server: { host: string; port: number };
  /** Calls in all, and started each second. */
  calls?: number;
  rate?: number;
};

/**
 * Places calls with SIPp, whose understanding of SIP is not ours.
 * @throws Error with SIPp's own account if a call did not go as the scenario says
 */
export async function sipp({ scenario, number, server, calls = 1, rate = 10 }: SippOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rostrum-sipp-'));
  const errors = join(directory, 'errors');
  const words = ['-sf', `${SCENARIOS}${scenario}.xml`, '-s', number, '-m', String(calls), '-r', String(rate)];
  const local = ['-i', '127.0.0.1', '-mi', '127.0.0.1', '-nostdin', '-timeout', '30s', '-timeout_error'];
  const trace = ['-trace_err', '-error_file', errors];
  const [program = '', ...command] = await findProgram('sipp');
  const child = spawn(program, [...command, `${server.host}:${server.port}`, ...words, ...local, ...trace], {
    cwd: directory,
    stdio: 'ignore',
  });
  try {
    const [code] = await once(child, 'exit');
    if (code === 0) return;
    const account = await readFile(errors, 'utf8').catch(() => '(SIPp left no account)');
    throw new Error(`SIPp ended with ${code}: ${account}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
