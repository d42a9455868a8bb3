import { nextNormal, nextRatio, nextUint32, type Random, seededRandom } from '../random.ts';
import { type Impairment, type Jitter, UNIMPAIRED } from './impairment.ts';

/** What became of the packets of one direction. */
export interface DirectionCounters {
  /** Packets that came to be planned. */
  received: number;
  receivedBytes: number;
  /** Dropped, by reason. */
  partitioned: number;
  lost: number;
  lostInBurst: number;
  queueFull: number;
  /** Packets that were to be sent on, copies included. */
  planned: number;
  duplicated: number;
  reordered: number;
  corrupted: number;
}

/** One direction of a link: its settings, which may be exchanged at any time, and what it remembers. */
export interface DirectionState {
  impairment: Impairment;
  readonly random: Random;
  inBurst: boolean;
  /** When the line has sent what it was given, with a rate limit. */
  lineFreeAtMs: number;
  /** When the last packet arrives that others must not overtake. */
  lastDueMs: number;
  readonly counters: DirectionCounters;
}

/** A packet that shall be sent on at that time. */
export interface Delivery {
  readonly dueMs: number;
  /** The bytes that came, or a changed copy. */
  readonly bytes: Uint8Array;
}

const NOTHING: readonly Delivery[] = [];
const BITS_PER_BYTE = 8;
const MS_PER_SECOND = 1000;

/** @param branch tells apart the directions that share a seed */
export function directionState(
  options: { readonly seed: number; readonly impairment?: Impairment },
  ...branch: readonly number[]
): DirectionState {
  return {
    impairment: options.impairment ?? UNIMPAIRED,
    random: seededRandom(options.seed, ...branch),
    inBurst: false,
    lineFreeAtMs: Number.NEGATIVE_INFINITY,
    lastDueMs: Number.NEGATIVE_INFINITY,
    counters: {
      received: 0,
      receivedBytes: 0,
      partitioned: 0,
      lost: 0,
      lostInBurst: 0,
      queueFull: 0,
      planned: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
    },
  };
}

/**
 * Decides what becomes of one packet: it is dropped (no deliveries), or sent on once or twice. Changes `state`, never
 * `bytes`.
 *
 * Each packet takes the same random numbers whatever the settings are. So the n-th packet has the same fate for the
 * same seed, even when other impairments are switched on, off or over before it.
 */
export function planPacket(state: DirectionState, bytes: Uint8Array, nowMs: number): readonly Delivery[] {
  const { impairment, random, counters } = state;
  const lossDraw = nextRatio(random);
  const burstChangeDraw = nextRatio(random);
  const burstLossDraw = nextRatio(random);
  const reorderDraw = nextRatio(random);
  const duplicateDraw = nextRatio(random);
  const corruptDraw = nextRatio(random);
  const corruptSeed = nextUint32(random);
  const uniformDraw = nextRatio(random);
  const normalDraw = nextNormal(random);
  const copyUniformDraw = nextRatio(random);
  const copyNormalDraw = nextNormal(random);

  counters.received++;
  counters.receivedBytes += bytes.length;
  const lostInBurst = isLostInBurst(state, burstChangeDraw, burstLossDraw);
  if (impairment.partitioned) {
    counters.partitioned++;
    return NOTHING;
  }
  if (lossDraw < impairment.lossRatio) {
    counters.lost++;
    return NOTHING;
  }
  if (lostInBurst) {
    counters.lostInBurst++;
    return NOTHING;
  }
  const leavesAtMs = passLine(state, bytes.length, nowMs);
  if (leavesAtMs === null) {
    counters.queueFull++;
    return NOTHING;
  }

  const baseMs = leavesAtMs + impairment.delayMs;
  let dueMs = Math.max(leavesAtMs, baseMs + jitterMs(impairment.jitter, uniformDraw, normalDraw));
  if (impairment.keepOrder) dueMs = Math.max(dueMs, state.lastDueMs);
  if (reorderDraw < impairment.reorderRatio) {
    counters.reordered++;
    dueMs += impairment.reorderHoldMs;
  } else {
    state.lastDueMs = Math.max(dueMs, state.lastDueMs);
  }

  let arriving = bytes;
  if (corruptDraw < impairment.corruptRatio && bytes.length > 0) {
    counters.corrupted++;
    arriving = withBitsFlipped(bytes, impairment.corruptBits, corruptSeed);
  }
  counters.planned++;
  const first = { dueMs, bytes: arriving };
  if (duplicateDraw >= impairment.duplicateRatio) return [first];
  counters.planned++;
  counters.duplicated++;
  const copyDueMs = Math.max(leavesAtMs, baseMs + jitterMs(impairment.jitter, copyUniformDraw, copyNormalDraw));
  return [first, { dueMs: impairment.keepOrder ? Math.max(copyDueMs, dueMs) : copyDueMs, bytes: arriving }];
}

/** Goes on with the burst, or ends or begins one, and says whether this packet is lost in it. */
function isLostInBurst(state: DirectionState, changeDraw: number, lossDraw: number): boolean {
  const { burstLoss } = state.impairment;
  if (burstLoss === null) {
    state.inBurst = false;
    return false;
  }
  if (changeDraw < (state.inBurst ? burstLoss.leaveRatio : burstLoss.enterRatio)) state.inBurst = !state.inBurst;
  return state.inBurst && lossDraw < burstLoss.lossInBurstRatio;
}

/** When the last bit of a packet is on the line; null when it finds too many others waiting. */
function passLine(state: DirectionState, packetBytes: number, nowMs: number): number | null {
  const { rateLimit } = state.impairment;
  if (rateLimit === null) return nowMs;
  const bytesPerMs = rateLimit.bitsPerSecond / BITS_PER_BYTE / MS_PER_SECOND;
  const waitMs = Math.max(0, state.lineFreeAtMs - nowMs);
  if (waitMs > 0 && waitMs * bytesPerMs + packetBytes > rateLimit.queueBytes) return null;
  state.lineFreeAtMs = nowMs + waitMs + packetBytes / bytesPerMs;
  return state.lineFreeAtMs;
}

/** What jitter adds to the delay, or takes from it. */
function jitterMs(jitter: Jitter, uniformDraw: number, normalDraw: number): number {
  switch (jitter.kind) {
    case 'none':
      return 0;
    case 'uniform':
      return (2 * uniformDraw - 1) * jitter.spreadMs;
    case 'normal':
      return normalDraw * jitter.deviationMs;
  }
}

/** A copy with that many different bits turned over, or with all of them when the packet has fewer. */
function withBitsFlipped(bytes: Uint8Array, count: number, seed: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const bits = copy.length * BITS_PER_BYTE;
  const random = seededRandom(seed);
  // Floyd's sample of different numbers: each step draws from one more, and takes the new one if it had the drawn one.
  const chosen = new Set<number>();
  for (let last = Math.max(0, bits - count); last < bits; last++) {
    const drawn = Math.floor(nextRatio(random) * (last + 1));
    const bit = chosen.has(drawn) ? last : drawn;
    chosen.add(bit);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  }
  return copy;
}
