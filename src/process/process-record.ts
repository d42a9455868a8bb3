import { readFileSync } from 'node:fs';

/** A process that is meant, and no other that gets its number later: process ids are used again. */
export interface ProcessRecord {
  readonly pid: number;
  /** The machine's boot, and when in it the process started, in clock ticks. */
  readonly startTime: string;
}

/** The 22nd field of `/proc/PID/stat` (proc(5)), counted from behind the name, which may hold spaces and brackets. */
const START_TIME_AFTER_NAME = 19;

/** The record of a process that lives; undefined if there is none, or only a zombie, which has ended already. */
export function recordOf(pid: number): ProcessRecord | undefined {
  try {
    // A process that is ending gives its memory back, and with it the command line, before it becomes a zombie.
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '') return undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { pid, startTime: `${boot}/${fields[START_TIME_AFTER_NAME]}` };
  } catch {
    return undefined;
  }
}

export function isAlive({ pid, startTime }: ProcessRecord): boolean {
  return recordOf(pid)?.startTime === startTime;
}

/** Sends a signal, if the process still lives. */
export function signalProcess(record: ProcessRecord, signal: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
