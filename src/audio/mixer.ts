/** -3 dBFS. Sums up to here are passed on as they are. */
export const KNEE = 23_198;
/** The range above the knee, which louder sums approach and never leave. */
const HEADROOM = 32_767 - KNEE;

/**
 * Sums up the frames of one tick. Sums are of 32 bits, enough for 65000 frames of any loudness. The mix is saturated
 * softly; a single frame stays exactly as it is.
 */
export class Mixer {
  readonly #sum: Int32Array;
  #sources = 0;

  constructor(samplesPerFrame: number) {
    this.#sum = new Int32Array(samplesPerFrame);
  }

  /** How many frames have been added since `reset`. */
  get sources(): number {
    return this.#sources;
  }

  /** HOT PATH. Begins the next tick. */
  reset(): void {
    if (this.#sources > 0) this.#sum.fill(0);
    this.#sources = 0;
  }

  /** HOT PATH. Adds a frame, which must have the length given to the constructor. */
  add(frame: Int16Array): void {
    const sum = this.#sum;
    this.#sources += 1;
    for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + (frame[i] as number);
  }

  /** HOT PATH. The sum of all frames; silence if there are none. */
  mixInto(out: Int16Array): void {
    const sum = this.#sum;
    if (this.#sources <= 1) {
      for (let i = 0; i < sum.length; i += 1) out[i] = sum[i] as number;
      return;
    }
    for (let i = 0; i < sum.length; i += 1) out[i] = saturate(sum[i] as number);
  }
}

/**
 * HOT PATH. A sum of any size as a sample of 16 bits: unchanged up to -3 dBFS, above that along a hyperbola that begins
 * with the same slope and ends at full scale. Louder stays louder, and no sum wraps.
 */
export function saturate(sum: number): number {
  if (sum > KNEE) {
    const over = sum - KNEE;
    return KNEE + (((HEADROOM * over) / (HEADROOM + over) + 0.5) | 0);
  }
  if (sum < -KNEE) {
    const over = -KNEE - sum;
    return -KNEE - (((HEADROOM * over) / (HEADROOM + over) + 0.5) | 0);
  }
  return sum;
}
