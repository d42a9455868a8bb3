import { renderNoise } from '../audio/noise.ts';

const LOOP_MS = 4000;
const SAMPLE_RATE_HZ = 8000;

/** Rendered once for each level; there are some fifty. */
const rendered = new Map<number, Int16Array>();

/** Soft noise without an end, at 8000 Hz. */
export class NoiseLoop {
  readonly levelDbov: number;
  readonly #loop: Int16Array;
  #at = 0;

  /** @param levelDbov RMS; 0 dBov is a full-scale square wave */
  constructor(levelDbov: number) {
    this.levelDbov = levelDbov;
    this.#loop = loopOf(levelDbov);
  }

  /** HOT PATH. `samples` with noise, into `out` of the same length. */
  addInto(out: Int16Array, samples: Int16Array): void {
    const loop = this.#loop;
    let at = this.#at;
    for (let i = 0; i < samples.length; i += 1) {
      const sum = (samples[i] as number) + (loop[at] as number);
      out[i] = Math.max(-32_768, Math.min(32_767, sum));
      if (++at === loop.length) at = 0;
    }
    this.#at = at;
  }
}

function loopOf(levelDbov: number): Int16Array {
  const known = rendered.get(levelDbov);
  if (known) return known;
  const loop = Int16Array.from(renderNoise(LOOP_MS, SAMPLE_RATE_HZ, levelDbov), (value) => Math.round(value * 32_767));
  rendered.set(levelDbov, loop);
  return loop;
}
