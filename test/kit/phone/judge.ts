import { SAMPLE_RATE_HZ, SAMPLES_PER_MS } from './g711.ts';

/*
 * Levels of 16-bit audio at 8000 Hz, in dBov: 0 dBov is a full-scale square wave (RMS 32768), a full-scale sine has
 * -3.01 dBov. The same reference is used by everything in this folder.
 */

const FULL_SCALE_RMS = 32768;
/** What digital silence counts as, the bottom of RFC 6464's scale. */
export const SILENCE_DBOV = -127;

function toDbov(rms: number): number {
  return rms <= 0 ? SILENCE_DBOV : Math.max(SILENCE_DBOV, 20 * Math.log10(rms / FULL_SCALE_RMS));
}

/** RMS level of the samples in dBov. */
export function levelDbov(samples: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) ** 2;
  return samples.length === 0 ? SILENCE_DBOV : toDbov(Math.sqrt(sum / samples.length));
}

/**
 * Level of one tone in dBov: a Goertzel filter under a Hann window, which keeps other tones out when they are more
 * than 2 / length away (40 Hz for 50 ms). Exact for a steady sine of that frequency.
 */
export function toneLevelDbov(samples: Int16Array, freqHz: number, sampleRateHz = SAMPLE_RATE_HZ): number {
  const length = samples.length;
  if (length < 2) return SILENCE_DBOV;
  const coefficient = 2 * Math.cos((2 * Math.PI * freqHz) / sampleRateHz);
  const windowStep = 2 * Math.cos((2 * Math.PI) / length);
  // cos(i * step) by recurrence: a cosine per sample would cost more than the filter.
  let windowCos = 1;
  let windowCosBefore = windowStep / 2;
  let s1 = 0;
  let s2 = 0;
  let windowSum = 0;
  for (let i = 0; i < length; i++) {
    const weight = 0.5 - 0.5 * windowCos;
    const next = windowStep * windowCos - windowCosBefore;
    windowCosBefore = windowCos;
    windowCos = next;
    windowSum += weight;
    const s0 = weight * (samples[i] as number) + coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  const power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
  const amplitude = (2 * Math.sqrt(Math.max(0, power))) / windowSum;
  return toDbov(amplitude / Math.SQRT2);
}

/** Tones whose frequencies are multiples of 10 Hz are told apart in it. */
const STEADY_WINDOW_MS = 100;

/**
 * How loud a steady tone is, in dBov. A frame that is played twice or left out shifts the phase, which a long window would take
 * for a softer tone: so it is the median of windows of 100 ms.
 */
export function steadyToneLevelDbov(samples: Int16Array, freqHz: number, sampleRateHz = SAMPLE_RATE_HZ): number {
  const length = (STEADY_WINDOW_MS * sampleRateHz) / 1000;
  const levels = Array.from({ length: Math.floor(samples.length / length) }, (_, index) =>
    toneLevelDbov(samples.subarray(index * length, (index + 1) * length), freqHz, sampleRateHz),
  );
  return levels.sort((a, b) => a - b)[levels.length >> 1] ?? SILENCE_DBOV;
}

/** Longest stretch in ms in which every 10 ms have a level below `belowDbov`. */
export function longestSilenceMs(samples: Int16Array, options: { belowDbov?: number } = {}): number {
  const stepMs = 10;
  const step = stepMs * SAMPLES_PER_MS;
  let longest = 0;
  let current = 0;
  for (let start = 0; start + step <= samples.length; start += step) {
    const silent = levelDbov(samples.subarray(start, start + step)) < (options.belowDbov ?? -50);
    current = silent ? current + stepMs : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}
