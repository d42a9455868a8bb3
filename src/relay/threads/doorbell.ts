import { ringWaker } from '../../udp/waker.ts';

/**
 * What other threads ring after they have sent something to a media thread, which may be waiting for packets outside of its
 * event loop. Memory that the threads share: how often it has rung, and what ends the wait.
 */
export type Bell = Int32Array<SharedArrayBuffer>;

const RINGS = 0;
const WAKER = 1;
const NO_WAKER = -1;

export function createBell(): Bell {
  const bell = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  bell[WAKER] = NO_WAKER;
  return bell;
}

/** HOT PATH. To be called after a message was sent to the thread. */
export function ring(bell: Bell): void {
  Atomics.add(bell, RINGS, 1);
  const waker = Atomics.load(bell, WAKER);
  if (waker !== NO_WAKER) ringWaker(waker);
}

/** HOT PATH. It differs from what it was before if it has rung since. */
export function rings(bell: Bell): number {
  return Atomics.load(bell, RINGS);
}

/** The thread waits for packets from now on, which this ends: see `Udp.waker`. */
export function setWaker(bell: Bell, waker: number): void {
  Atomics.store(bell, WAKER, waker);
}
