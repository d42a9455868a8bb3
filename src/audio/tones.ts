/** One or more sines for a time; without any, silence. */
export type ToneStep = { readonly frequenciesHz: readonly number[]; readonly durationMs: number };

/** Without this ramp a tone would begin and end with a click. */
const RAMP_MS = 5;

/**
 * Steps one after the other, in samples of -1 to 1.
 * @param levelDbov of each step that is not silence, RMS; 0 dBov is a full-scale square wave
 */
export function renderTones(steps: readonly ToneStep[], sampleRateHz: number, levelDbov: number): Float32Array {
  const lengths = steps.map(({ durationMs }) => Math.round((durationMs * sampleRateHz) / 1000));
  const out = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  const ramp = (RAMP_MS * sampleRateHz) / 1000;
  let at = 0;
  for (const [index, { frequenciesHz }] of steps.entries()) {
    const length = lengths[index] ?? 0;
    const amplitude = Math.sqrt(2 / frequenciesHz.length) * 10 ** (levelDbov / 20);
    for (let i = 0; i < length && frequenciesHz.length > 0; i += 1) {
      const rise = Math.min(1, (i + 0.5) / ramp, (length - i - 0.5) / ramp);
      let sum = 0;
      for (const frequencyHz of frequenciesHz) sum += Math.sin((2 * Math.PI * frequencyHz * i) / sampleRateHz);
      out[at + i] = sum * amplitude * Math.sin((Math.PI / 2) * rise) ** 2;
    }
    at += length;
  }
  return out;
}
