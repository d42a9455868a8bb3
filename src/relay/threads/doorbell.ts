import { ringWaker } from '../../udp/udp.ts';

/**
 * Other threads ring it after they have sent a message to a media thread, which may be waiting for packets outside of
 * its event loop. The shared memory has the number of rings, and the waker that ends the wait.
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

/** HOT PATH. Must be called after a message was sent to the thread. */
export function ring(doorbell: Doorbell): void {
  Atomics.add(doorbell, RINGS, 1);
  const waker = Atomics.load(doorbell, WAKER);
  if (waker !== NO_WAKER) ringWaker(waker);
}

/** HOT PATH. The number changes with each ring. */
export function rings(doorbell: Doorbell): number {
  return Atomics.load(doorbell, RINGS);
}

/** Sets the waker that ends the thread's wait for packets: see `Udp.waker`. */
export function setWaker(doorbell: Doorbell, waker: number): void {
  Atomics.store(doorbell, WAKER, waker);
}
