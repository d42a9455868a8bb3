import { setTimeout as sleep } from 'node:timers/promises';
import type { AudioRing } from './audio-ring.ts';
import type { Call } from './call.ts';
import { type BurstLatency, burstLatency, burstOnsets, type OnsetOptions } from './judge-bursts.ts';

const DEFAULT_MAX_LATENCY_MS = 500;
const DEFAULT_TIMEOUT_MS = 120_000;
/** Looked at in pieces well below the length of kept audio. */
const PIECE_MS = 2000;
/** Heard before a piece too, so that an onset at its beginning has its quiet before it. */
const LEAD_MS = 100;

/** Mouth-to-ear latency of the bursts that `speaker` said and `listener` heard in the newest `lastMs`. */
export function mouthToEar(
  speaker: Call,
  listener: Call,
  options: { readonly lastMs: number; readonly maxLatencyMs: number } & OnsetOptions,
): BurstLatency {
  const toMs = performance.now();
  // What was said just now may still be on its way: it counts neither as heard nor as missed.
  return between(speaker, listener, toMs - options.lastMs, toMs - options.maxLatencyMs, options);
}

/**
 * Latencies in ms of the next `bursts` that `speaker` says; one that `listener` does not hear within `maxLatencyMs`
 * is left out, so fewer numbers than asked for mean missed bursts. Ends early after `timeoutMs` or a hang-up.
 */
export async function measureLatency(
  speaker: Call,
  listener: Call,
  options: { readonly bursts: number; readonly maxLatencyMs?: number; readonly timeoutMs?: number } & OnsetOptions,
): Promise<number[]> {
  const { maxLatencyMs = DEFAULT_MAX_LATENCY_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const latenciesMs: number[] = [];
  let fromMs = performance.now();
  const deadlineMs = fromMs + timeoutMs;
  let spoken = 0;
  while (spoken < options.bursts && fromMs < deadlineMs) {
    if (speaker.end !== null || listener.end !== null) break;
    await sleep(PIECE_MS);
    const toMs = performance.now() - maxLatencyMs;
    const piece = between(speaker, listener, fromMs, toMs, { ...options, maxLatencyMs });
    spoken += piece.latenciesMs.length + piece.missed;
    latenciesMs.push(...piece.latenciesMs);
    fromMs = Math.max(fromMs, toMs);
  }
  return latenciesMs.slice(0, options.bursts);
}

/** Of the bursts said in `[fromMs, toMs)`. */
function between(
  speaker: Call,
  listener: Call,
  fromMs: number,
  toMs: number,
  options: { readonly maxLatencyMs: number } & OnsetOptions,
): BurstLatency {
  const said = onsetTimesMs(speaker.said, fromMs, toMs, options);
  const heard = onsetTimesMs(listener.heard, fromMs, toMs + options.maxLatencyMs, options);
  return burstLatency(said, heard, options);
}

function onsetTimesMs(ring: AudioRing, fromMs: number, toMs: number, options: OnsetOptions): number[] {
  const window = ring.between(fromMs - LEAD_MS, toMs);
  return burstOnsets(window.samples, options)
    .map((index) => window.timeAtMs(index))
    .filter((atMs) => atMs >= fromMs && atMs < toMs);
}
