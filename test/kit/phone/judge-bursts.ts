import { SAMPLES_PER_MS } from './g711.ts';

export interface OnsetOptions {
  /** A sample of this instantaneous level starts a burst, in dB of full scale (32768). Default -24. */
  readonly thresholdDb?: number;
  /** Quiet that must come before a burst. Default 50 ms. */
  readonly quietMs?: number;
}

/**
 * Indexes of the samples with which bursts begin, to sample accuracy for bursts that start with their peak. A burst
 * that runs already when the samples begin has no onset here.
 */
export function burstOnsets(samples: Int16Array, options: OnsetOptions = {}): number[] {
  const threshold = 32768 * 10 ** ((options.thresholdDb ?? -24) / 20);
  const quietSamples = (options.quietMs ?? 50) * SAMPLES_PER_MS;
  const onsets: number[] = [];
  let quiet = 0;
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i] as number) < threshold) quiet++;
    else {
      if (quiet >= quietSamples) onsets.push(i);
      quiet = 0;
    }
  }
  return onsets;
}

export interface BurstLatency {
  readonly latenciesMs: readonly number[];
  /** Spoken bursts that no onset was heard for, among those old enough to be heard. */
  readonly missed: number;
  readonly meanMs: number;
  readonly maxMs: number;
}

/**
 * Mouth-to-ear latency: from the moment a burst's first sample is spoken (send time of its packet plus the offset
 * inside) to the moment it is heard (arrival of the packet with the onset plus the offset inside). Each heard onset
 * belongs to the newest spoken one before it, so latencies above the bursts' distance cannot be told.
 */
export function burstLatency(
  spokenMs: readonly number[],
  heardMs: readonly number[],
  options: { readonly maxLatencyMs: number },
): BurstLatency {
  const latenciesMs: number[] = [];
  let matched = 0;
  let heardIndex = 0;
  for (const [index, saidMs] of spokenMs.entries()) {
    const untilMs = Math.min(saidMs + options.maxLatencyMs, spokenMs[index + 1] ?? Number.POSITIVE_INFINITY);
    while ((heardMs[heardIndex] ?? Number.POSITIVE_INFINITY) < saidMs) heardIndex++;
    const at = heardMs[heardIndex];
    if (at === undefined || at >= untilMs) continue;
    latenciesMs.push(at - saidMs);
    matched++;
    heardIndex++;
  }
  const sum = latenciesMs.reduce((total, latency) => total + latency, 0);
  return {
    latenciesMs,
    missed: spokenMs.length - matched,
    meanMs: matched === 0 ? Number.NaN : sum / matched,
    maxMs: matched === 0 ? Number.NaN : Math.max(...latenciesMs),
  };
}
