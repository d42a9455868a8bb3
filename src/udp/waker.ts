import { writeSync } from 'node:fs';

/** What is added to the count of an eventfd, in the machine's own order of bytes: all that have libc are little-endian. */
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Ends the `poll` of the `Udp` that has this waker, or its next one; can be called on any thread of the process. The `Udp`
 * must still be open: its number may be that of another file afterwards.
 */
export function ringWaker(waker: number): void {
  writeSync(waker, ONE);
}
