import type { AudioRing } from './audio-ring.ts';
import { SAMPLE_RATE_HZ } from './g711.ts';
import { toneLevelDbov } from './judge.ts';

/*
 * Watches over audio that is still coming. Each looks at every stretch exactly once, however seldom it is asked, and
 * answers with a time taken from the packets.
 */

const STEP_MS = 10;
const WINDOW_MS = 60;
const ONSET_MS = 20;
/** An onset inside of a window is told from a shorter stretch, with this tolerance. */
const ONSET_TOLERANCE_DB = 6;

/** Measures samples in dBov: the level of all, or of one tone. */
export type Meter = (samples: Int16Array) => number;

/** A meter of one tone. */
export function toneMeter(freqHz: number, sampleRateHz = SAMPLE_RATE_HZ): Meter {
  return (samples) => toneLevelDbov(samples, freqHz, sampleRateHz);
}

/**
 * Looks for 60 ms above a level, beginning with the newest 60 ms; returns the time it was first heard, to 10 ms, or null.
 */
export function watchForLevel(audio: AudioRing, meter: Meter, aboveDbov: number, startMs: number): () => number | null {
  const [step, length, onset] = [STEP_MS, WINDOW_MS, ONSET_MS].map((ms) => (ms * audio.sampleRateHz) / 1000) as [
    number,
    number,
    number,
  ];
  // A stream that has stopped may go on right behind its newest sample: then only what comes after that is looked at.
  const stopped = audio.endPosition(startMs) > audio.head;
  let end = audio.head + (stopped ? length : 0);
  return () => {
    // After a long pause there is only silence before the oldest sample.
    end = Math.max(end, audio.oldest + length);
    for (; end <= audio.head; end += step) {
      const start = end - length;
      const window = audio.read(start, end);
      if (meter(window) < aboveDbov) continue;
      for (let at = 0; at + onset <= length; at += step) {
        const level = meter(window.subarray(at, at + onset));
        if (level >= aboveDbov - ONSET_TOLERANCE_DB) return audio.timeAt(start + at);
      }
      return audio.timeAt(start);
    }
    return null;
  };
}

/**
 * Looks for `forMs` below a level, what has just been heard included; no packets are silence too. Returns the time
 * the silence began, or null.
 */
export function watchForSilence(
  audio: AudioRing,
  meter: Meter,
  options: { readonly belowDbov: number; readonly forMs: number },
  startMs: number,
): (nowMs: number) => number | null {
  const neededSamples = (options.forMs * audio.sampleRateHz) / 1000;
  const [step, onset] = [STEP_MS, ONSET_MS].map((ms) => (ms * audio.sampleRateHz) / 1000) as [number, number];
  let at = Math.max(0, audio.endPosition(startMs) - neededSamples);
  let silentFrom = at;
  return (nowMs) => {
    if (audio.empty) return nowMs - startMs >= options.forMs ? startMs : null;
    const end = audio.endPosition(nowMs);
    for (; at + onset <= end; at += step) {
      if (meter(audio.read(at, at + onset)) >= options.belowDbov) silentFrom = at + step;
      else if (at + onset - silentFrom >= neededSamples) return audio.timeAt(silentFrom);
    }
    return null;
  };
}
