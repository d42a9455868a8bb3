import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Endpoint } from '../loopback.ts';
import type { HostileKind } from './hostile-packets.ts';
import type { HostileReport } from './hostile-sender.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = 'scripts/hostile.ts';

/** An attack by a process of its own, which does not slow down the one that judges the audio. */
export async function attack(options: {
  readonly target: Endpoint;
  readonly count: number;
  readonly packetsPerSecond: number;
  readonly kinds: readonly HostileKind[];
  /** Where it listens for valid packets to spoil; its own RTP packets else. */
  readonly listen?: Endpoint;
}): Promise<HostileReport> {
  const { target, count, packetsPerSecond, kinds, listen } = options;
  const learn = listen ? ['--listen', `${listen.address}:${listen.port}`] : [];
  const sizes = ['--count', String(count), '--rate', String(packetsPerSecond), '--kinds', kinds.join(',')];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', PROGRAM, `${target.address}:${target.port}`, '--json', ...sizes, ...learn],
    { cwd: REPOSITORY },
  );
  return JSON.parse(stdout) as HostileReport;
}
