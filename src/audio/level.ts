/** The level of digital silence, and the lowest that RFC 6464 can express. */
export const SILENCE_DBOV = -127;

/** Softer audio is silence on a telephone line, not a voice. */
export const SILENT_BELOW_DBOV = -70;

/** A square wave of this amplitude is 0 dBov: no louder signal can be expressed in 16 bits. */
const OVERLOAD = 32_768;
const OVERLOAD_SQUARE = OVERLOAD * OVERLOAD;

/**
 * HOT PATH. The level of a frame: its RMS relative to overload, -127 to 0, not rounded (RFC 6464, section 3, and
 * RFC 6465). A full-scale sine is -3 dBov. Digital silence and an empty frame are -127.
 */
export function levelDbov(samples: Int16Array): number {
  return levelOfMeanSquare(meanSquare(samples, samples.length));
}

/** HOT PATH. The mean power of the first `count` samples; 0 if there are none. */
export function meanSquare(samples: Int16Array, count: number): number {
  let energy = 0;
  for (let i = 0; i < count; i += 1) {
    const sample = samples[i] as number;
    energy += sample * sample;
  }
  return count === 0 ? 0 : energy / count;
}

/** HOT PATH. The mean of the samples without their signs: the measure of Asterisk's `TALK_DETECT`; 0 if there are none. */
export function meanAmplitude(samples: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) sum += Math.abs(samples[i] as number);
  return samples.length === 0 ? 0 : sum / samples.length;
}

/** HOT PATH. The level in dBov of a mean power. */
export function levelOfMeanSquare(power: number): number {
  return power === 0 ? SILENCE_DBOV : Math.max(SILENCE_DBOV, 10 * Math.log10(power / OVERLOAD_SQUARE));
}

/** The 7 bits in which RFC 6464 sends a level: -dBov, rounded, 0 (loudest) to 127. */
export function levelToByte(dbov: number): number {
  return Math.round(Math.min(-SILENCE_DBOV, Math.max(0, -dbov)));
}

/** The opposite of `levelToByte`; a bit above the 7, which RFC 6464 uses for voice activity, is ignored. */
export function levelFromByte(byte: number): number {
  // This avoids -0, which some code takes for another number.
  return 0 - (byte & 0x7f);
}
