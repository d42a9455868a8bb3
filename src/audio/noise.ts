/** White noise is a hiss; this much of each sample's predecessor makes it the breath of a quiet room. */
const SMOOTHING = 0.7;

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
