/** The noise repeats itself after this time, which no ear notices. */
const LOOP_MS = 4000;
/** The level of the loop: its peaks are far from overload, and its gain is at most 1. */
const LOOP_DBOV = -30;
/** Softer noise would never set even the last bit of a sample. */
const INAUDIBLE_DBOV = -100;
/** Louder noise is not a comfort. */
const MAX_DBOV = -30;

/** White noise is a hiss; this much of each sample's predecessor makes it the breath of a quiet room. */
const SMOOTHING = 0.7;

/** Makes all samples positive, since cutting off the fraction rounds only those. */
const OFFSET = 32_768;
const ROUNDING = OFFSET + 0.5;

/** One loop for each of the two sampling rates. */
const loops = new Map<number, Float32Array>();

/** Endless noise, like that of lines and rooms of callers. */
export class ComfortNoise {
  readonly #loop: Float32Array;
  #at = 0;
  #gain = 0;

  /** @param sampleRateHz 8000 or 16000 */
  constructor(sampleRateHz: number) {
    this.#loop = loopAt(sampleRateHz);
  }

  /**
   * HOT PATH. Writes `samples` to `out` with the noise that follows on that of the last frame. Its level reaches
   * `levelDbov` at the end of the frame, smoothly, so that no change clicks; -127 ends in silence. It is limited to
   * -30.
   */
  addInto(out: Int16Array, samples: Int16Array, levelDbov: number): void {
    const target = gainOf(levelDbov);
    const step = (target - this.#gain) / out.length;
    const loop = this.#loop;
    let gain = this.#gain;
    let at = this.#at;
    for (let i = 0; i < out.length; i += 1) {
      gain += step;
      // Rounded; Math.round takes several times as long.
      const noise = (((loop[at] as number) * gain + ROUNDING) | 0) - OFFSET;
      out[i] = Math.max(-32_768, Math.min(32_767, (samples[i] as number) + noise));
      at += 1;
      if (at === loop.length) at = 0;
    }
    this.#at = at;
    this.#gain = target;
  }
}

function gainOf(levelDbov: number): number {
  if (levelDbov <= INAUDIBLE_DBOV) return 0;
  return 10 ** ((Math.min(levelDbov, MAX_DBOV) - LOOP_DBOV) / 20);
}

function loopAt(sampleRateHz: number): Float32Array {
  const known = loops.get(sampleRateHz);
  if (known !== undefined) return known;
  const loop = renderNoise(LOOP_MS, sampleRateHz, LOOP_DBOV).map((sample) => sample * 32_768);
  loops.set(sampleRateHz, loop);
  return loop;
}

/**
 * Soft noise, in samples of -1 to 1; the same for the same arguments. It begins and ends alike, so that it can be
 * repeated without a seam.
 * @param levelDbov RMS; 0 dBov is a full-scale square wave
 */
export function renderNoise(durationMs: number, sampleRateHz: number, levelDbov: number): Float32Array {
  const out = new Float32Array(Math.round((durationMs * sampleRateHz) / 1000));
  let seed = 1;
  let sample = 0;
  // Twice, so that the beginning follows from the end.
  for (let i = 0; i < 2 * out.length; i += 1) {
    // A linear congruential generator (Numerical Recipes); its upper bits are random enough for the ear.
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    if (i === out.length) seed = 1;
    sample = SMOOTHING * sample + (seed / 2 ** 31 - 1);
    out[i % out.length] = sample;
  }
  let energy = 0;
  for (const value of out) energy += value * value;
  const gain = 10 ** (levelDbov / 20) / Math.sqrt(energy / out.length);
  for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) * gain;
  return out;
}
