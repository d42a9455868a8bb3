import { nextRatio, seededRandom } from './random.ts';

/** Says frame n, of 20 ms at 8000 Hz, into `out`. */
export type Voice = (frame: number, out: Int16Array) => void;

const FULL_SCALE = 32_768;
const RATE_HZ = 8000;
const FRAME_MS = 20;

/** Nobody speaks. */
export const nobody: Voice = (_, out) => {
  out.fill(0);
};

/** @param levelDbov of the sine, which has at most -3 */
export function toneVoice(freqHz: number, levelDbov: number): Voice {
  const peak = FULL_SCALE * 10 ** (levelDbov / 20) * Math.SQRT2;
  const step = (2 * Math.PI * freqHz) / RATE_HZ;
  return (frame, out) => {
    // A whole number of Hz repeats each second, which keeps the phase exact.
    const at = (frame * out.length) % RATE_HZ;
    for (let i = 0; i < out.length; i++) out[i] = Math.round(peak * Math.cos(step * (at + i)));
  };
}

/** Two frames of a tone that begins with its peak, and silence up to the next one. */
export function burstVoice(everyMs: number): Voice {
  const tone = toneVoice(1000, -10);
  const everyFrames = everyMs / FRAME_MS;
  return (frame, out) => {
    if (frame % everyFrames < 2) tone(frame % everyFrames, out);
    else out.fill(0);
  };
}

/** Talk spurts and pauses of 0.2 to 2.5 s, loud and soft by syllables, over some noise of the room. */
export function talkVoice(seed: number): Voice {
  const random = seededRandom(seed);
  const tone = toneVoice(300, -22);
  const turns: boolean[] = [];
  return (frame, out) => {
    while (turns.length <= frame) {
      const speaks = turns.at(-1) !== true;
      const frames = Math.round(10 + nextRatio(random) * (speaks ? 115 : 60));
      for (let i = 0; i < frames; i++) turns.push(speaks);
    }
    tone(frame, out);
    const gain = turns[frame] ? 0.25 + 0.75 * Math.abs(Math.sin(frame / 5)) : 0;
    for (let i = 0; i < out.length; i++)
      out[i] = Math.round((out[i] as number) * gain + (nextRatio(random) - 0.5) * 16);
  };
}
