import { type StreamPosition, sequenceDistance, TICKS_PER_MS } from './packet.ts';
import type { ReportBlock } from './rtcp.ts';

/** Larger steps of the sequence number are not loss or reordering, but a restart (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
/** A difference that is larger comes from another clock, not from the network. */
const MOST_JITTER_MS = 1000;
const FRACTION_UNITS = 256;

/** All that another process needs to continue counting. */
export type ReceptionState = typeof NOTHING_RECEIVED;

const NOTHING_RECEIVED = {
  ssrc: null as number | null,
  /** Only packets are seen whose sequence number is divisible by this. */
  every: 1,
  /** The highest sequence number. The bits above the 16 count how often it has wrapped. */
  highest: 0,
  expected: 0,
  received: 0,
  expectedAtReport: 0,
  receivedAtReport: 0,
  timestamp: 0,
  arrivedMs: 0,
  jitterTicks: 0,
};

/**
 * The quality of a received stream. If the kernel lets only each n-th packet through, the counts are estimates for the
 * whole stream. Another SSRC is another stream.
 */
export class Reception {
  #state: ReceptionState;

  constructor(continued: ReceptionState = NOTHING_RECEIVED) {
    this.#state = { ...continued };
  }

  get state(): ReceptionState {
    return { ...this.#state };
  }

  /** The SSRC of the stream; null before its first packet. */
  get ssrc(): number | null {
    return this.#state.ssrc;
  }

  /** How many packets were sent since the first that was seen. */
  get expected(): number {
    return this.#state.expected;
  }

  /** How many of them did not arrive. */
  get lost(): number {
    return Math.max(0, this.#state.expected - this.#state.received);
  }

  /** Interarrival jitter (RFC 3550, appendix A.8). */
  get jitterMs(): number {
    return this.#state.jitterTicks / TICKS_PER_MS;
  }

  /**
   * HOT PATH. A packet has arrived.
   * @param every packets whose sequence number is not divisible by this are ignored; 1 for none
   */
  push(position: StreamPosition, nowMs: number, every: number): void {
    const { ssrc, sequence } = position;
    if (sequence % every !== 0) return;
    if (ssrc !== this.#state.ssrc) return this.#restart(position, nowMs, every);
    const ahead = sequenceDistance(this.#state.highest & 0xffff, sequence);
    const continues = every === this.#state.every && ahead <= MAX_DROPOUT && ahead >= -MAX_MISORDER;
    if (!continues) this.#continueAnew(sequence, every);
    else if (ahead > 0) {
      this.#state.highest += ahead;
      this.#state.expected += ahead;
    }
    this.#state.received += every;
    this.#measureJitter(position, nowMs);
  }

  /** Fills in the report about this stream. The fraction is the one since the call before (RFC 3550, appendix A.3). */
  reportInto(block: ReportBlock): void {
    const expected = this.#state.expected - this.#state.expectedAtReport;
    const lost = expected - (this.#state.received - this.#state.receivedAtReport);
    this.#state.expectedAtReport = this.#state.expected;
    this.#state.receivedAtReport = this.#state.received;
    block.ssrc = this.#state.ssrc ?? 0;
    block.fractionLost = expected > 0 && lost > 0 ? Math.min(255, Math.floor((FRACTION_UNITS * lost) / expected)) : 0;
    block.cumulativeLost = this.#state.expected - this.#state.received;
    block.highestSequence = this.#state.highest >>> 0;
    block.jitterTicks = Math.round(this.#state.jitterTicks);
  }

  #restart({ ssrc, sequence, timestamp }: StreamPosition, nowMs: number, every: number): void {
    const counts = { every, highest: sequence, expected: every, received: every };
    this.#state = { ...NOTHING_RECEIVED, ...counts, ssrc, timestamp, arrivedMs: nowMs };
  }

  /** Nothing is known of the packets before this one. */
  #continueAnew(sequence: number, every: number): void {
    this.#state.every = every;
    this.#state.highest += (sequence - this.#state.highest) & 0xffff;
    this.#state.expected += every;
  }

  /** HOT PATH. Packets of a telephone event have the same timestamp, so they are skipped. */
  #measureJitter({ timestamp }: StreamPosition, nowMs: number): void {
    if (timestamp === this.#state.timestamp) return;
    const sentTicks = (timestamp - this.#state.timestamp) | 0;
    const difference = Math.abs((nowMs - this.#state.arrivedMs) * TICKS_PER_MS - sentTicks);
    this.#state.timestamp = timestamp;
    this.#state.arrivedMs = nowMs;
    if (difference > MOST_JITTER_MS * TICKS_PER_MS) return;
    this.#state.jitterTicks += (difference - this.#state.jitterTicks) / 16;
  }
}
