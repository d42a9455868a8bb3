/** Counts what has happened, in memory that two threads share: the one that has listeners can sleep until it changes. */
export type Bell = Int32Array<SharedArrayBuffer>;

/** Indices of its counts. The first one counts everything, since a thread can sleep at one only. */
export const RINGS = 0;
export const COMMANDS = 1;
/** Not a count: whether that thread takes frames at present. */
const TAKES_FRAMES = 2;

export function createBell(): Bell {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
}

/** HOT PATH. To be called after a frame was sent to the thread that sleeps. */
export function ringForFrame(bell: Bell): void {
  Atomics.add(bell, RINGS, 1);
  Atomics.notify(bell, RINGS);
}

/** To be called after a command was sent to the thread that sleeps. */
export function ringForCommand(bell: Bell): void {
  Atomics.add(bell, COMMANDS, 1);
  ringForFrame(bell);
}

/** To be called by the thread that has listeners: what is sent to it while it does not take frames would pile up. */
export function takeFrames(bell: Bell, takes: boolean): void {
  Atomics.store(bell, TAKES_FRAMES, takes ? 1 : 0);
}

/** HOT PATH. */
export function takesFrames(bell: Bell): boolean {
  return Atomics.load(bell, TAKES_FRAMES) === 1;
}
