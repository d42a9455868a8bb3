import type { ResampleFilter } from './resample.ts';

/** Changes the rate of one stream, frame by frame; it is delayed by half of the filter, some 4 ms. */
export class StreamResampler {
  readonly #filter: ResampleFilter;
  /** The earlier samples that the filter needs, and then the frame. */
  readonly #input: Float32Array;

  /** @param inputSamples of each frame; a whole number of samples must come of it */
  constructor(filter: ResampleFilter, inputSamples: number) {
    this.#filter = filter;
    this.#input = new Float32Array(filter.taps - 1 + inputSamples);
  }

  /** HOT PATH. Converts a frame into `out`, whose length the rates give. */
  convertInto(out: Int16Array, samples: Int16Array): void {
    const { up, down, taps, weights } = this.#filter;
    const input = this.#input;
    input.copyWithin(0, samples.length);
    input.set(samples, taps - 1);
    for (let n = 0; n < out.length; n += 1) {
      const position = n * down;
      const first = Math.floor(position / up);
      const row = (position % up) * taps;
      let sum = 0;
      for (let tap = 0; tap < taps; tap += 1) sum += (input[first + tap] as number) * (weights[row + tap] as number);
      out[n] = Math.round(Math.max(-32_768, Math.min(32_767, sum)));
    }
  }
}
