import { gainFactor, scale } from './gain.ts';

/** -3 dBFS. Sums up to here are passed on as they are. */
export const KNEE = 23_198;
/** What is left above the knee, which louder sums approach and never leave. */
const HEADROOM = 32_767 - KNEE;

/**
 * Sums up frames of one tick: all of them for those who only listen, and all but one for each who was summed up. Sums
 * are of 32 bits, enough for 16000 frames of any loudness at any gain. What leaves the mixer is saturated softly; where
 * only one frame is left at gain 0, that leaves exactly as it came.
 */
export class Mixer {
  readonly #sum: Int32Array;
  #sources = 0;
  /** Of those, how many with a gain. */
  #scaled = 0;

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
    this.#scaled = 0;
  }

  /**
   * HOT PATH. Adds a frame, which must have the length given to the constructor.
   * @param gainSteps of 3 dB, -4 to 4
   */
  add(frame: Int16Array, gainSteps = 0): void {
    const sum = this.#sum;
    this.#sources += 1;
    if (gainSteps === 0) {
      for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + (frame[i] as number);
      return;
    }
    this.#scaled += 1;
    const factor = gainFactor(gainSteps);
    for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + scale(frame[i] as number, factor);
  }

  /** HOT PATH. The sum of all frames; silence if there are none. */
  mixInto(out: Int16Array): void {
    const sum = this.#sum;
    if (this.#sources <= 1 && this.#scaled === 0) {
      for (let i = 0; i < sum.length; i += 1) out[i] = sum[i] as number;
      return;
    }
    for (let i = 0; i < sum.length; i += 1) out[i] = saturate(sum[i] as number);
  }

  /**
   * HOT PATH. The sum without one frame, for the one whose it is (mix-minus).
   * @param own a frame that was added, unchanged since, with the same gain
   */
  mixMinusInto(out: Int16Array, own: Int16Array, gainSteps = 0): void {
    const sum = this.#sum;
    const exact = this.#sources <= 2 && this.#scaled - (gainSteps === 0 ? 0 : 1) <= 0;
    const factor = gainFactor(gainSteps);
    // Apart, because the branch and the multiplication would be most of the work of the usual case.
    if (exact) {
      for (let i = 0; i < sum.length; i += 1) out[i] = (sum[i] as number) - scale(own[i] as number, factor);
    } else if (gainSteps === 0) {
      for (let i = 0; i < sum.length; i += 1) out[i] = saturate((sum[i] as number) - (own[i] as number));
    } else {
      for (let i = 0; i < sum.length; i += 1) out[i] = saturate((sum[i] as number) - scale(own[i] as number, factor));
    }
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
