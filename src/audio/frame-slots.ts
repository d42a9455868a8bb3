/** More than 1 s of frames is kept, so that no two playable ones share a slot. */
export const SLOTS = 64;
const NO_SEQUENCE = -1;

/** A frame by its position in time. The object may be reused: values that must stay are copied. */
export interface NumberedFrame {
  /** The index of the frame in time: one more for each, silence included. From 0; does not wrap. */
  readonly sequence: number;
  /** null: the source is silent from here on, until its next frame. */
  readonly samples: Int16Array | null;
  /** The level of the frame; without samples, the level of the noise that replaces them. */
  readonly levelDbov: number;
}

/** HOT PATH. The waiting frames of one source, and the numbers of earlier ones. */
export class FrameSlots {
  readonly #frames: readonly Int16Array[];
  /** The frame last put into each slot, waiting or not. */
  readonly #sequences = new Float64Array(SLOTS).fill(NO_SEQUENCE);
  readonly #levels = new Float32Array(SLOTS);
  /** Whether the slot has a frame that waits, and whether that has samples. */
  readonly #waits = new Uint8Array(SLOTS);
  readonly #voiced = new Uint8Array(SLOTS);
  #waiting = 0;

  constructor(frameSamples: number) {
    const audio = new Int16Array(SLOTS * frameSamples);
    this.#frames = Array.from({ length: SLOTS }, (_, slot) =>
      audio.subarray(slot * frameSamples, (slot + 1) * frameSamples),
    );
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Whether the frame has been put, waiting or not. */
  hasSeen(sequence: number): boolean {
    return this.#sequences[sequence % SLOTS] === sequence;
  }

  isWaiting(sequence: number): boolean {
    return this.hasSeen(sequence) && this.#waits[sequence % SLOTS] === 1;
  }

  /** Whether a frame that has been put has samples. */
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

  /** Copies the frame into its slot, in which none may wait. */
  put({ sequence, samples, levelDbov }: NumberedFrame): void {
    const slot = sequence % SLOTS;
    this.#sequences[slot] = sequence;
    this.#levels[slot] = levelDbov;
    this.#waits[slot] = 1;
    this.#voiced[slot] = samples === null ? 0 : 1;
    if (samples !== null) (this.#frames[slot] as Int16Array).set(samples);
    this.#waiting += 1;
  }

  /** The frame no longer waits. */
  release(sequence: number): void {
    this.#waits[sequence % SLOTS] = 0;
    this.#waiting -= 1;
  }

  /** Forgets all frames, also those that were put before. */
  clear(): void {
    this.#sequences.fill(NO_SEQUENCE);
    this.#waits.fill(0);
    this.#waiting = 0;
  }
}
