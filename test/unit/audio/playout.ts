import { JitterBuffer, type JitterBufferOptions, type PullOutcome } from '../../../src/audio/jitter-buffer.ts';

export const FRAME_MS = 20;
const FRAME_SAMPLES = 160;

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Arrival {
  readonly atMs: number;
  readonly sequence: number;
  /** null: DTX. */
  readonly levelDbov: number;
  readonly silent?: boolean;
}

export interface Heard {
  readonly atMs: number;
  readonly outcome: PullOutcome;
  /** The frame that was heard; -1 if none was. */
  readonly sequence: number;
  readonly delayMs: number;
}

/** Frames of talk as they are sent, one each 20 ms, each late by what `delayMs` says; null is a loss. */
export function talk(
  from: number,
  frames: number,
  delayMs: (index: number) => number | null,
  levelDbov: (index: number) => number = () => -20,
): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let i = 0; i < frames; i += 1) {
    const delay = delayMs(i);
    if (delay === null) continue;
    arrivals.push({ atMs: (from + i) * FRAME_MS + delay, sequence: from + i, levelDbov: levelDbov(i) });
  }
  return arrivals;
}

/**
 * Plays what arrives, in the order of time, pulling each 20 ms from 0 on.
 * @param pullMs the time between two pulls: another than 20 is a clock that drifts
 */
export function play(
  arrivals: readonly Arrival[],
  forMs: number,
  {
    phaseMs = 7,
    pullMs = FRAME_MS,
    repeats = 0,
    ...options
  }: Partial<JitterBufferOptions> & { phaseMs?: number; pullMs?: number; repeats?: number } = {},
): { heard: Heard[]; buffer: JitterBuffer } {
  const buffer = new JitterBuffer({ sampleRateHz: 8000, ...options });
  buffer.expectRepeats(repeats);
  const inOrder = arrivals.toSorted((a, b) => a.atMs - b.atMs);
  const samples = new Int16Array(FRAME_SAMPLES);
  const out = new Int16Array(FRAME_SAMPLES);
  const heard: Heard[] = [];
  let next = 0;
  for (let atMs = phaseMs; atMs < forMs; atMs += pullMs) {
    for (let arrival = inOrder[next]; arrival !== undefined && arrival.atMs <= atMs; arrival = inOrder[next]) {
      // The frame tells in each sample which it is; its end is left alone by the concealment.
      samples.fill(idOf(arrival.sequence));
      buffer.push({ ...arrival, samples: arrival.silent === true ? null : samples }, arrival.atMs);
      next += 1;
    }
    const outcome = buffer.pull(atMs, out);
    const sequence = outcome === 'frame' ? (out.at(-1) ?? -1) - 1 : -1;
    heard.push({ atMs, outcome, sequence, delayMs: buffer.stats.delayMs });
  }
  return { heard, buffer };
}

/** Sequence numbers of tests are below 32767, but for those of which only the outcome matters. */
function idOf(sequence: number): number {
  return (sequence % 32_767) + 1;
}

export function sequencesOf(heard: readonly Heard[]): number[] {
  return heard.filter(({ outcome }) => outcome === 'frame').map(({ sequence }) => sequence);
}

export function countOf(heard: readonly Heard[], outcome: PullOutcome): number {
  return heard.filter((each) => each.outcome === outcome).length;
}

/** How long frames waited beyond the network's own delay, on average. */
export function meanAddedDelayMs(heard: readonly Heard[], networkMs: number): number {
  const frames = heard.filter(({ outcome }) => outcome === 'frame');
  return frames.reduce((sum, { atMs, sequence }) => sum + atMs - sequence * FRAME_MS - networkMs, 0) / frames.length;
}
