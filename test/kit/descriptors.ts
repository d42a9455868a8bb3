import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const SETTLED_MS = 500;
const LOOK_EVERY_MS = 50;

/** How many descriptors a process has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How many it has open once it has started: the number has not changed for half a second. */
export async function settledDescriptors(pid: number): Promise<number> {
  let count = openDescriptors(pid);
  for (let unchangedMs = 0; unchangedMs < SETTLED_MS; unchangedMs += LOOK_EVERY_MS) {
    await sleep(LOOK_EVERY_MS);
    const now = openDescriptors(pid);
    if (now !== count) unchangedMs = 0;
    count = now;
  }
  return count;
}
