/*
 * The active speech level: the mean power of speech without its pauses. This is a simple form of ITU-T P.56. 0 dBov is
 * a full-scale square wave.
 */
const FRAME_MS = 20;
/** Audio this far below the active level is a pause (P.56). */
const MARGIN_DB = 15.9;
/** A phone cannot play softer audio. */
const SILENCE_DBOV = -80;
/** The peak is a little below full scale, since G.711 and filters on the way may add to it. */
const MAX_PEAK = 0.9;

/** @param samples of -1 to 1; null for silence */
export function activeLevelDbov(samples: Float32Array, sampleRateHz: number): number | null {
  const powers = framePowers(samples, Math.round((sampleRateHz * FRAME_MS) / 1000));
  let active = powers.filter((power) => toDb(power) > SILENCE_DBOV);
  // Each pass leaves out more pauses, so that the level rises until it stays after a few passes.
  for (let previous = -1; active.length > 0 && active.length !== previous; ) {
    previous = active.length;
    const threshold = toDb(mean(active)) - MARGIN_DB;
    active = active.filter((power) => toDb(power) > threshold);
  }
  return active.length > 0 ? toDb(mean(active)) : null;
}

/**
 * Gives the samples this active level in place, or the highest level without clipping.
 * @returns false for silence, which stays unchanged
 */
export function normalise(samples: Float32Array, sampleRateHz: number, levelDbov: number): boolean {
  const present = activeLevelDbov(samples, sampleRateHz);
  if (present === null) return false;
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  const gain = Math.min(10 ** ((levelDbov - present) / 20), MAX_PEAK / peak);
  for (let i = 0; i < samples.length; i += 1) samples[i] = (samples[i] ?? 0) * gain;
  return true;
}

function framePowers(samples: Float32Array, frameSamples: number): number[] {
  const powers: number[] = [];
  for (let start = 0; start < samples.length; start += frameSamples) {
    let sum = 0;
    for (const sample of samples.subarray(start, start + frameSamples)) sum += sample * sample;
    powers.push(sum / frameSamples);
  }
  return powers;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function toDb(power: number): number {
  return 10 * Math.log10(power);
}
