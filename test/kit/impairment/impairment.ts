import { ImpairmentError } from './errors.ts';

/**
 * Loss in bursts, after Gilbert and Elliott: a direction is either in a burst or not, and may change with each packet
 * before it is decided whether that packet is lost.
 */
export interface BurstLoss {
  /** Probability, per packet outside a burst, that one begins with it. */
  readonly enterRatio: number;
  /** Probability, per packet in a burst, that the burst is over with it. Bursts last 1 / `leaveRatio` packets on average. */
  readonly leaveRatio: number;
  /** Probability that a packet in a burst is lost. */
  readonly lossInBurstRatio: number;
}

/** Symmetrical about `delayMs`; what would arrive before it was sent arrives at once. */
export type Jitter =
  | { readonly kind: 'none' }
  /** Evenly from `delayMs - spreadMs` to `delayMs + spreadMs`. */
  | { readonly kind: 'uniform'; readonly spreadMs: number }
  | { readonly kind: 'normal'; readonly deviationMs: number };

export interface RateLimit {
  readonly bitsPerSecond: number;
  /** What waits for the line beyond that is dropped. Payload bytes; headers of IP and UDP are not counted. */
  readonly queueBytes: number;
}

/** What happens to packets in one direction of a link. Ratios are probabilities per packet, 0 to 1. */
export interface Impairment {
  /** Nothing passes. */
  readonly partitioned: boolean;
  readonly lossRatio: number;
  readonly burstLoss: BurstLoss | null;
  readonly delayMs: number;
  readonly jitter: Jitter;
  /** Jitter changes the order of packets that follow closely; true makes the later one wait for the earlier one. */
  readonly keepOrder: boolean;
  /** Packets that are held back by `reorderHoldMs`, so that later ones overtake them; also with `keepOrder`. */
  readonly reorderRatio: number;
  readonly reorderHoldMs: number;
  /** Packets that arrive twice, each copy with a jitter of its own. */
  readonly duplicateRatio: number;
  /** Packets of which `corruptBits` different bits are turned over. */
  readonly corruptRatio: number;
  readonly corruptBits: number;
  readonly rateLimit: RateLimit | null;
}

export const UNIMPAIRED: Impairment = {
  partitioned: false,
  lossRatio: 0,
  burstLoss: null,
  delayMs: 0,
  jitter: { kind: 'none' },
  keepOrder: false,
  reorderRatio: 0,
  reorderHoldMs: 30,
  duplicateRatio: 0,
  corruptRatio: 0,
  corruptBits: 1,
  rateLimit: null,
};

/**
 * Changes some settings of an impairment.
 *
 * @throws ImpairmentError `bad-impairment` with every problem that there is
 */
export function changedImpairment(before: Impairment, change: Partial<Impairment>): Impairment {
  const after = { ...before, ...change };
  const problems = problemsOf(after);
  if (problems.length > 0) throw new ImpairmentError({ code: 'bad-impairment', problems });
  return after;
}

function problemsOf(impairment: Impairment): string[] {
  const { burstLoss, jitter, rateLimit } = impairment;
  const ratios = {
    lossRatio: impairment.lossRatio,
    reorderRatio: impairment.reorderRatio,
    duplicateRatio: impairment.duplicateRatio,
    corruptRatio: impairment.corruptRatio,
    'burstLoss.enterRatio': burstLoss?.enterRatio ?? 0,
    'burstLoss.leaveRatio': burstLoss?.leaveRatio ?? 0,
    'burstLoss.lossInBurstRatio': burstLoss?.lossInBurstRatio ?? 0,
  };
  const amounts = {
    delayMs: impairment.delayMs,
    reorderHoldMs: impairment.reorderHoldMs,
    'jitter.spreadMs': jitter.kind === 'uniform' ? jitter.spreadMs : 0,
    'jitter.deviationMs': jitter.kind === 'normal' ? jitter.deviationMs : 0,
    'rateLimit.queueBytes': rateLimit?.queueBytes ?? 0,
  };
  const problems: string[] = [];
  for (const [name, ratio] of Object.entries(ratios)) {
    if (!(ratio >= 0 && ratio <= 1)) problems.push(`${name} is ${ratio}, not from 0 to 1`);
  }
  for (const [name, amount] of Object.entries(amounts)) {
    if (!(amount >= 0 && Number.isFinite(amount))) problems.push(`${name} is ${amount}, not a number from 0 on`);
  }
  if (!(Number.isInteger(impairment.corruptBits) && impairment.corruptBits > 0)) {
    problems.push(`corruptBits is ${impairment.corruptBits}, not a whole number from 1 on`);
  }
  if (rateLimit && !(rateLimit.bitsPerSecond > 0)) {
    problems.push(`rateLimit.bitsPerSecond is ${rateLimit.bitsPerSecond}, not above 0`);
  }
  return problems;
}

/**
 * Burst loss by what can be measured of it, when all packets of a burst are lost.
 *
 * @param lossRatio share of all packets that is lost, below 1
 * @param meanBurstPackets packets lost in a row, on average; at least 1
 */
export function burstsOf(lossRatio: number, meanBurstPackets: number): BurstLoss {
  const leaveRatio = 1 / meanBurstPackets;
  return { enterRatio: (leaveRatio * lossRatio) / (1 - lossRatio), leaveRatio, lossInBurstRatio: 1 };
}
