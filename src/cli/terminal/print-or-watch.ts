import type { WatchOptions } from '../options/common.ts';
import { print } from './print.ts';
import { watch as watchUntilInterrupted } from './watch.ts';

/**
 * Prints a value once, or with `--watch` whenever it changes.
 * @param forPrograms what of the value `--json` prints
 */
export async function printOrWatch<T>(
  { watch, json }: WatchOptions,
  read: () => Promise<T>,
  forPeople: (value: T) => string,
  forPrograms: (value: T) => unknown = (value) => value,
): Promise<void> {
  if (watch) {
    // A line each, so that programs can tell them apart.
    await watchUntilInterrupted(async () =>
      json ? JSON.stringify(forPrograms(await read())) : forPeople(await read()),
    );
  }
  const value = await read();
  print(forPrograms(value), json, () => forPeople(value));
}
