import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ProcessOptions } from './ground.ts';

const PROGRAM = fileURLToPath(new URL('./node-program.ts', import.meta.url));

/** Runs a node in a process of its own, so that it can be killed. @returns once it runs */
export async function startNodeProcess(options: ProcessOptions): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  return child;
}
