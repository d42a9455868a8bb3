/*
 * Change of the sampling rate by a rational factor: a windowed-sinc low-pass, evaluated only where an output sample is
 * (polyphase; Crochiere and Rabiner, Multirate Digital Signal Processing, chapter 4).
 */

/** The share of the band, at its upper end, in which the filter goes from passing to stopping. */
const TRANSITION = 0.15;
const STOPBAND_DB = 70;
/** Kaiser's formula for the window with that stopband. */
const KAISER_BETA = 0.1102 * (STOPBAND_DB - 8.7);

/** A filter for one pair of rates, which may be reused. */
export type ResampleFilter = {
  /** Output sample `n` is at `n * down / up` input samples. */
  readonly up: number;
  readonly down: number;
  readonly taps: number;
  /** `taps` weights for each of the `up` positions between two input samples. */
  readonly weights: Float32Array;
};

/**
 * Passes 85 % of the band that both rates have, flat within 0.01 dB; aliases are 70 dB down.
 * @param fromHz, toHz whole and above 0; their greatest common divisor should be large, or the filter is
 */
export function resampleFilter(fromHz: number, toHz: number): ResampleFilter {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const nyquistHz = Math.min(fromHz, toHz) / 2;
  const transition = (2 * Math.PI * TRANSITION * nyquistHz) / fromHz;
  const half = Math.ceil((STOPBAND_DB - 8) / (2.285 * transition) / 2);
  // Twice the middle of the transition, in cycles per input sample.
  const cutoff = (2 * nyquistHz * (1 - TRANSITION / 2)) / fromHz;
  const taps = 2 * half;
  const weights = new Float32Array(up * taps);
  for (let phase = 0; phase < up; phase += 1) {
    const row = weights.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - half + 1 - phase / up;
      const weight = sinc(cutoff * distance) * kaiser(distance / half);
      row[tap] = weight;
      sum += weight;
    }
    // Silence stays silence and a constant stays that constant, at each phase.
    for (let tap = 0; tap < taps; tap += 1) row[tap] = (row[tap] ?? 0) / sum;
  }
  return { up, down: fromHz / divisor, taps, weights };
}

/** The number of output samples for that many input samples. */
export function resampledLength(filter: ResampleFilter, samples: number): number {
  return Math.ceil((samples * filter.up) / filter.down);
}

/**
 * Computes `out[start]` to `out[end - 1]`; a long sound may be computed in parts. Silence surrounds the input,
 * and nothing is delayed.
 */
export function resampleInto(
  out: Float32Array,
  input: Float32Array,
  filter: ResampleFilter,
  start: number,
  end: number,
): void {
  const { up, down, taps, weights } = filter;
  for (let n = start; n < end; n += 1) {
    const first = Math.floor((n * down) / up) - taps / 2 + 1;
    const row = ((n * down) % up) * taps - first;
    const last = Math.min(first + taps, input.length);
    let sum = 0;
    for (let i = Math.max(first, 0); i < last; i += 1) sum += (input[i] ?? 0) * (weights[row + i] ?? 0);
    out[n] = sum;
  }
}

const FRAMES_PER_SECOND = 50;

/** Changes the rate of one stream, 20 ms at a time; it is delayed by half of the filter, some 4 ms. */
export class StreamResampler {
  readonly #filter: ResampleFilter;
  /** The earlier samples that the filter needs, and then the frame. */
  readonly #input: Float32Array;

  constructor(fromHz: number, toHz: number) {
    this.#filter = resampleFilter(fromHz, toHz);
    this.#input = new Float32Array(this.#filter.taps - 1 + fromHz / FRAMES_PER_SECOND);
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

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param x -1 to 1 */
function kaiser(x: number): number {
  return besselI0(KAISER_BETA * Math.sqrt(Math.max(0, 1 - x * x))) / besselI0(KAISER_BETA);
}

/** The modified Bessel function of the first kind and order zero, by its series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-10; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
