import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 10;

/** Runs work that takes long in slices: between them, whatever else there is has its turn. @returns its result */
export async function inSlices<Result>(work: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const untilMs = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < untilMs);
    await setImmediate();
  }
}
