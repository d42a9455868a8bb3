/*
 * How loud speech is: the mean power while somebody speaks, without the pauses. A simple form of ITU-T P.56, which
 * defines this as the active speech level. 0 dBov is a full-scale square wave.
 */
const FRAME_MS = 20;
/** Sound that is this far below the active level is a pause (P.56). */
const MARGIN_DB = 15.9;
/** Nothing that a phone could play. */
const SILENCE_DBOV = -80;
/** A little below full scale: G.711 and filters on the way may add to a peak. */
const MAX_PEAK = 0.9;

/** @param samples of -1 to 1; null for silence */
export function activeLevelDbov(samples: Float32Array, sampleRateHz: number): number | null {
  const powers = framePowers(samples, Math.round((sampleRateHz * FRAME_MS) / 1000));
  let active = powers.filter((power) => toDb(power) > SILENCE_DBOV);
  // Each pass leaves out more pauses, whereby the level rises; a few passes until it stays.
  for (let previous = -1; active.length > 0 && active.length !== previous; ) {
    previous = active.length;
    const threshold = toDb(mean(active)) - MARGIN_DB;
    active = active.filter((power) => toDb(power) > threshold);
  }
  return active.length > 0 ? toDb(mean(active)) : null;
}

/**
 * Gives the samples this active level in place, or as much as is possible without clipping.
 * @returns false for silence, which stays so
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
