import type { Delay } from '../kit/phone/arrival-schedule.ts';

/** A time in which a process that wanted to run did not; `monotonicMs`. */
export type Stall = { readonly fromMs: number; readonly toMs: number };

const STEP_MS = 5;
/** A shorter lateness of a timer is usual. */
const STALL_MS = 10;
const MAX_STALLS = 50_000;

/** A clock that all processes of the machine share; performance.now() begins anew in each. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Notices when its process does not get to run, by a timer that should fire every 5 ms. */
export class StallWatch {
  #stalls: Stall[] = [];
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    const dueMs = monotonicMs() + STEP_MS;
    this.#timer = setTimeout(() => {
      const nowMs = monotonicMs();
      if (nowMs - dueMs > STALL_MS && this.#stalls.length < MAX_STALLS)
        this.#stalls.push({ fromMs: dueMs, toMs: nowMs });
      this.start();
    }, STEP_MS);
  }

  /** The stalls so far; it begins again with none. */
  take(): Stall[] {
    const stalls = this.#stalls;
    this.#stalls = [];
    return stalls;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Makes one stall of those that overlap, and puts them in order. */
export function mergeStalls(stalls: readonly Stall[]): Stall[] {
  const merged: Stall[] = [];
  for (const stall of [...stalls].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last === undefined || stall.fromMs > last.toMs) merged.push(stall);
    else if (stall.toMs > last.toMs) merged[merged.length - 1] = { fromMs: last.fromMs, toMs: stall.toMs };
  }
  return merged;
}

/** How late a packet was, less the stalls in that time, which must not overlap. */
export function latenessWithoutStalls({ dueMs, atMs }: Delay, stalls: readonly Stall[]): number {
  let stalledMs = 0;
  for (const { fromMs, toMs } of stalls) stalledMs += Math.max(0, Math.min(atMs, toMs) - Math.max(dueMs, fromMs));
  return atMs - dueMs - stalledMs;
}

/** The length of all stalls together, and of the longest. */
export function sumUpStalls(stalls: readonly Stall[]): { totalMs: number; worstMs: number } {
  const lengthsMs = stalls.map(({ fromMs, toMs }) => toMs - fromMs);
  return { totalMs: lengthsMs.reduce((sum, each) => sum + each, 0), worstMs: Math.max(0, ...lengthsMs) };
}
