import { SAMPLES_PER_MS } from './g711.ts';

export interface SpeechMatch {
  /** Correlation of the loudness over time: 1 is the same speech, 0 has nothing to do with it. */
  readonly match: number;
  /** Delay of what was heard at which it matches best. */
  readonly delayMs: number;
}

const STEP_MS = 4;
const WINDOW_MS = 16;

/**
 * Finds sent speech in what was heard by the correlation (Pearson) of their envelopes, which survives G.711, mixing
 * and a changed gain. Both must begin at the same time; `heard` should be longer than `sent` by `maxDelayMs`.
 */
export function matchSpeech(
  sent: Int16Array,
  heard: Int16Array,
  options: { readonly maxDelayMs: number },
): SpeechMatch {
  const sentEnvelope = envelope(sent);
  const heardEnvelope = envelope(heard);
  let best: SpeechMatch = { match: 0, delayMs: 0 };
  for (let lag = 0; lag * STEP_MS <= options.maxDelayMs; lag++) {
    const match = pearson(sentEnvelope, heardEnvelope, lag);
    if (match > best.match) best = { match, delayMs: lag * STEP_MS };
  }
  return best;
}

/** RMS of 16 ms windows, one each 4 ms. */
function envelope(samples: Int16Array): Float64Array {
  const step = STEP_MS * SAMPLES_PER_MS;
  const window = WINDOW_MS * SAMPLES_PER_MS;
  const count = Math.max(0, Math.floor((samples.length - window) / step) + 1);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = i * step; k < i * step + window; k++) sum += (samples[k] as number) ** 2;
    out[i] = Math.sqrt(sum / window);
  }
  return out;
}

function pearson(a: Float64Array, b: Float64Array, lag: number): number {
  const length = Math.min(a.length, b.length - lag);
  // Too short an overlap correlates by chance: at least half of what was sent must be compared.
  if (length < a.length / 2 || length < 2) return 0;
  let sumA = 0;
  let sumB = 0;
  for (let i = 0; i < length; i++) {
    sumA += a[i] as number;
    sumB += b[i + lag] as number;
  }
  const meanA = sumA / length;
  const meanB = sumB / length;
  let covariance = 0;
  let varianceA = 0;
  let varianceB = 0;
  for (let i = 0; i < length; i++) {
    const fromA = (a[i] as number) - meanA;
    const fromB = (b[i + lag] as number) - meanB;
    covariance += fromA * fromB;
    varianceA += fromA * fromA;
    varianceB += fromB * fromB;
  }
  return varianceA === 0 || varianceB === 0 ? 0 : covariance / Math.sqrt(varianceA * varianceB);
}
