import { ringWaker } from '../../udp/waker.ts';

/**
 * What other threads ring after they have sent something to a media thread, which may be waiting for packets outside of its
 * event loop. Memory that the threads share: how often it has rung, and what ends the wait.
 */
export type Doorbell = Int32Array<SharedArrayBuffer>;

const RINGS = 0;
const WAKER = 1;
const NO_WAKER = -1;

export function createDoorbell(): Doorbell {
  const doorbell = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  doorbell[WAKER] = NO_WAKER;
  return doorbell;
}

/** HOT PATH. To be called after a message was sent to the thread. */
export function ring(doorbell: Doorbell): void {
  Atomics.add(doorbell, RINGS, 1);
  const waker = Atomics.load(doorbell, WAKER);
  if (waker !== NO_WAKER) ringWaker(waker);
}

/** HOT PATH. It differs from what it was before if it has rung since. */
export function rings(doorbell: Doorbell): number {
  return Atomics.load(doorbell, RINGS);
}

/** The thread waits for packets from now on, which this ends: see `Udp.waker`. */
export function setWaker(doorbell: Doorbell, waker: number): void {
  Atomics.store(doorbell, WAKER, waker);
}
