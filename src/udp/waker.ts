import { writeSync } from 'node:fs';

/** The number 1 for the count of an eventfd, in native byte order: all supported machines are little-endian. */
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Ends the present or next `poll` of the `Udp` with this waker; any thread of the process may call it. The `Udp` must
 * still be open: its descriptor may belong to another file afterwards.
 */
export function ringWaker(waker: number): void {
  writeSync(waker, ONE);
}
