import { randomInt } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { Soak } from './soak.ts';

/** `npm run soak -- --hours N`: lets a node live through random faults, and looks each minute whether all is in order. */

const MS_PER_HOUR = 3_600_000;

function above0(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0 is expected');
  return value;
}

const program = new Command('soak')
  .description('run a node under random actions and faults, and check every minute that nothing is broken')
  .option('--hours <n>', 'how long', above0, 1)
  .option('--seed <n>', 'makes the same choices again', above0, randomInt(1, 1_000_000))
  .option('--members <n>', 'how many there are, about', above0, 60)
  .action(async ({ hours, seed, members }: { hours: number; seed: number; members: number }) => {
    const logs = join(tmpdir(), `rostrum-soak-${seed}`);
    // What is left there at the end has been left behind.
    const own = await mkdtemp(join(tmpdir(), 'rostrum-soak-run-'));
    process.env['TMPDIR'] = own;
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    const stopping = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
    const { signal } = stopping;
    try {
      const isWhole = await Soak.run({ seed, members, durationMs: hours * MS_PER_HOUR, logs, print, signal });
      const left = await readdir(own);
      if (left.length > 0) print(`left behind: ${left.join(', ')}`);
      process.exitCode = isWhole && left.length === 0 ? 0 : 1;
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  });

await program.parseAsync();
