/** Frames that are kept; more than 1 s, so that none that can still be played meets another in its slot. */
export const SLOTS = 64;
const NO_SEQUENCE = -1;

/** A frame by its place in time. It may be reused from frame to frame: what must stay is copied. */
export interface NumberedFrame {
  /** The index of the frame in time: one more for each, silence included. From 0; does not wrap. */
  readonly sequence: number;
  /** null: the source is silent from here on, until its next frame. */
  readonly samples: Int16Array | null;
  /** Of the frame; without samples, that of the noise that takes their place. */
  readonly levelDbov: number;
}

/** HOT PATH. The frames of one source that wait to be played, and the numbers of those that did. */
export class FrameSlots {
  readonly #frames: readonly Int16Array[];
  /** The frame last put into each slot, be it taken or not. */
  readonly #sequences = new Float64Array(SLOTS).fill(NO_SEQUENCE);
  readonly #levels = new Float32Array(SLOTS);
  /** Whether the slot has a frame that waits, and whether that has samples. */
  readonly #waits = new Uint8Array(SLOTS);
  readonly #voiced = new Uint8Array(SLOTS);
  #waiting = 0;

  /** @param frameSamples of each frame */
  constructor(frameSamples: number) {
    const audio = new Int16Array(SLOTS * frameSamples);
    this.#frames = Array.from({ length: SLOTS }, (_, slot) =>
      audio.subarray(slot * frameSamples, (slot + 1) * frameSamples),
    );
  }

  /** How many frames wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether it has been put, be it taken since or not. */
  hasSeen(sequence: number): boolean {
    return this.#sequences[sequence % SLOTS] === sequence;
  }

  isWaiting(sequence: number): boolean {
    return this.hasSeen(sequence) && this.#waits[sequence % SLOTS] === 1;
  }

  /** Of a frame that has been put: whether it has samples. */
  isVoiced(sequence: number): boolean {
    return this.#voiced[sequence % SLOTS] === 1;
  }

  levelDbov(sequence: number): number {
    return this.#levels[sequence % SLOTS] as number;
  }

  /** Valid until its slot is used again. */
  samples(sequence: number): Int16Array {
    return this.#frames[sequence % SLOTS] as Int16Array;
  }

  /** Copies it into its slot, in which none may wait. */
  put({ sequence, samples, levelDbov }: NumberedFrame): void {
    const slot = sequence % SLOTS;
    this.#sequences[slot] = sequence;
    this.#levels[slot] = levelDbov;
    this.#waits[slot] = 1;
    this.#voiced[slot] = samples === null ? 0 : 1;
    if (samples !== null) (this.#frames[slot] as Int16Array).set(samples);
    this.#waiting += 1;
  }

  /** It waits no longer. */
  take(sequence: number): void {
    this.#waits[sequence % SLOTS] = 0;
    this.#waiting -= 1;
  }

  /** Forgets all, also what has been put. */
  clear(): void {
    this.#sequences.fill(NO_SEQUENCE);
    this.#waits.fill(0);
    this.#waiting = 0;
  }
}
