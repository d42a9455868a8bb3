import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Node.js compiles what runs often, in the first half minute of a conference. A bench that asks what something costs for
 * as long as it lasts begins after that.
 */
export const COMPILED_AFTER_MS = 30_000;

/** CPU time that the processes have used so far, in seconds (proc(5), stat: utime and stime). */
export function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    // The second field is the command in parentheses and may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** Time of all cores of the machine so far, in seconds (proc(5), stat); time that is stolen by other machines is not idle. */
export function machineSeconds(): { idle: number; total: number } {
  const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/);
  // The last two, guest and guest_nice, are in user and nice already.
  const ticks = fields.slice(0, 8).map(Number);
  const [, , , idle = 0, waiting = 0] = ticks;
  return {
    idle: (idle + waiting) / TICKS_PER_SECOND,
    total: ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND,
  };
}

/** Memory that a process holds, in MB. */
export function residentMb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

/** Memory that a process holds, in MB, with its share of what it has in common with others (proc(5), smaps: Pss). */
export function proportionalMb(pid: number): number {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

/** CPU time of this process, in ms: other processes on the machine do not count. */
export async function cpuMs(times: number, run: (index: number) => void): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) {
    run(index);
    // As between events of Asterisk: what was begun goes on.
    if (index % 16 === 0) await null;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
