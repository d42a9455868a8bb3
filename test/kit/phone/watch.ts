import type { AudioRing } from './audio-ring.ts';
import { SAMPLES_PER_MS } from './g711.ts';
import { toneLevelDbov } from './judge.ts';

/*
 * Watches over audio that is still coming. Each looks at every stretch exactly once, however seldom it is asked, and
 * answers with a time taken from the packets.
 */

const STEP_SAMPLES = 10 * SAMPLES_PER_MS;
const WINDOW_SAMPLES = 60 * SAMPLES_PER_MS;
const ONSET_SAMPLES = 20 * SAMPLES_PER_MS;
/** An onset inside of a window is told from a shorter stretch, with this tolerance. */
const ONSET_TOLERANCE_DB = 6;

/** Measures samples in dBov: the level of all, or of one tone. */
export type Meter = (samples: Int16Array) => number;

/** A meter of one tone. */
export function toneMeter(freqHz: number): Meter {
  return (samples) => toneLevelDbov(samples, freqHz);
}

/**
 * Looks for 60 ms above a level, beginning with the newest 60 ms; returns the time it was first heard, to 10 ms, or null.
 */
export function watchForLevel(audio: AudioRing, meter: Meter, aboveDbov: number, startMs: number): () => number | null {
  // A stream that has stopped may go on right behind its newest sample: then only what comes after that is looked at.
  const stopped = audio.endPosition(startMs) > audio.head;
  let end = audio.head + (stopped ? WINDOW_SAMPLES : 0);
  return () => {
    // After a long pause there is only silence before the oldest sample.
    end = Math.max(end, audio.oldest + WINDOW_SAMPLES);
    for (; end <= audio.head; end += STEP_SAMPLES) {
      const start = end - WINDOW_SAMPLES;
      const window = audio.read(start, end);
      if (meter(window) < aboveDbov) continue;
      for (let at = 0; at + ONSET_SAMPLES <= WINDOW_SAMPLES; at += STEP_SAMPLES) {
        const level = meter(window.subarray(at, at + ONSET_SAMPLES));
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
  const neededSamples = options.forMs * SAMPLES_PER_MS;
  let at = Math.max(0, audio.endPosition(startMs) - neededSamples);
  let silentFrom = at;
  return (nowMs) => {
    if (audio.empty) return nowMs - startMs >= options.forMs ? startMs : null;
    const end = audio.endPosition(nowMs);
    for (; at + ONSET_SAMPLES <= end; at += STEP_SAMPLES) {
      if (meter(audio.read(at, at + ONSET_SAMPLES)) >= options.belowDbov) silentFrom = at + STEP_SAMPLES;
      else if (at + ONSET_SAMPLES - silentFrom >= neededSamples) return audio.timeAt(silentFrom);
    }
    return null;
  };
}
