/** The change of one step of a volume. */
const GAIN_STEP_DB = 3;
export const GAIN_STEPS_MIN = -4;
export const GAIN_STEPS_MAX = 4;

/** Factors are whole numbers of this share, so that the same sample always becomes the same. */
const FRACTION_BITS = 12;
const HALF = 1 << (FRACTION_BITS - 1);

const FACTORS = Int32Array.from({ length: GAIN_STEPS_MAX - GAIN_STEPS_MIN + 1 }, (_, i) =>
  Math.round(10 ** (((i + GAIN_STEPS_MIN) * GAIN_STEP_DB) / 20) * (1 << FRACTION_BITS)),
);

/**
 * HOT PATH. `samples` louder or softer by steps of 3 dB, into `out`, which may be the same array. Steps are rounded and
 * limited to -4 to 4. Samples that are too loud for 16 bits are clipped. Zero steps are an exact copy.
 */
export function applyGainInto(out: Int16Array, samples: Int16Array, steps: number): void {
  const whole = Math.round(Math.min(GAIN_STEPS_MAX, Math.max(GAIN_STEPS_MIN, steps)));
  const factor = FACTORS[whole - GAIN_STEPS_MIN] as number;
  for (let i = 0; i < samples.length; i += 1) {
    // At most 18 bits.
    const scaled = ((samples[i] as number) * factor + HALF) >> FRACTION_BITS;
    out[i] = Math.max(-32_768, Math.min(32_767, scaled));
  }
}
