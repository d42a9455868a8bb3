import { sequenceDistance } from './sequence.ts';

/** A larger step forward is no loss but another stream (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3000;
/** A packet further behind is no reordered one. */
const MAX_MISORDER = 100;
/** Packets in sequence that make a jump a restart, or another SSRC the source. */
const AGREEING_PACKETS = 2;
/** A power of two above `MAX_MISORDER`: which of the last packets have been received. */
const WINDOW = 128;
const SEQUENCE_CYCLE = 0x10000;

/** What is needed of the RTP header; `RtpView` has it. */
export interface ReceivedHeader {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
}

/**
 * What became of a packet. To be played: `in-order`; `restarted`, the same as the first of another stream; and `late`,
 * which others have overtaken. Not to be played: `duplicate`; `probation`, before a source is believed; `bad-sequence`,
 * a jump, unless the next packet follows on it; and `bad-source`, another SSRC, likewise.
 */
export type ReceiverVerdict =
  | 'in-order'
  | 'restarted'
  | 'late'
  | 'duplicate'
  | 'probation'
  | 'bad-sequence'
  | 'bad-source';

export interface ReceiverCounters {
  /** To be played, `late` ones included. */
  readonly received: number;
  /** Expected by sequence number and not received, up to now; a late packet takes one back. */
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly probation: number;
  readonly badSequence: number;
  readonly badSource: number;
  readonly restarts: number;
}

export interface ReceiverOptions {
  readonly clockRateHz: number;
  /** Packets in sequence before the first source is believed; 0, the default, believes the first packet. */
  readonly probationPackets?: number;
}

/**
 * Follows the packets of one RTP stream: RFC 3550, appendices A.1 (sequence) and A.8 (jitter). One SSRC at a time is
 * listened to. Another takes its place with its second packet in sequence, if the old one sends nothing meanwhile.
 */
export class RtpReceiver {
  readonly #clockRateHz: number;
  readonly #probationPackets: number;
  #started = false;
  #ssrc = 0;
  /** The highest that was received, with the cycles of 65536 counted. */
  #highest = 0;
  #extended = 0;
  /** Expected since the first packet, without those of streams before a restart. */
  #first = 0;
  #expectedBefore = 0;
  readonly #window = new Float64Array(WINDOW).fill(-1);
  /** A source or sequence that is not believed yet: its SSRC, the number to follow, and how many have followed. */
  #candidateSsrc = 0;
  #candidateNext = 0;
  #candidatePackets = 0;
  #arrivalMs = 0;
  #timestamp = 0;
  #jitterUnits = 0;
  #received = 0;
  #late = 0;
  #duplicate = 0;
  #probation = 0;
  #badSequence = 0;
  #badSource = 0;
  #restarts = 0;

  constructor(options: ReceiverOptions) {
    this.#clockRateHz = options.clockRateHz;
    this.#probationPackets = options.probationPackets ?? 0;
  }

  /** Of the packet last received to be played, 32 bits and more. Only rises: also at a restart. */
  get extendedSequence(): number {
    return this.#extended;
  }

  /** The source that is listened to; null before the first. */
  get ssrc(): number | null {
    return this.#started ? this.#ssrc : null;
  }

  /** Interarrival jitter: the smoothed mean deviation of packet spacing. */
  get jitterMs(): number {
    return (this.#jitterUnits / this.#clockRateHz) * 1000;
  }

  get counters(): ReceiverCounters {
    const expected = this.#expectedBefore + (this.#started ? this.#highest - this.#first + 1 : 0);
    return {
      received: this.#received,
      lost: expected - this.#received,
      late: this.#late,
      duplicate: this.#duplicate,
      probation: this.#probation,
      badSequence: this.#badSequence,
      badSource: this.#badSource,
      restarts: this.#restarts,
    };
  }

  /** HOT PATH. Takes note of a packet that arrived at `nowMs`; the time only has to be monotone. */
  push(header: ReceivedHeader, nowMs: number): ReceiverVerdict {
    if (!this.#started) return this.#pushFirst(header, nowMs);
    if (header.ssrc !== this.#ssrc) {
      if (this.#agrees(header, AGREEING_PACKETS)) return this.#restart(header, nowMs);
      this.#badSource += 1;
      return 'bad-source';
    }
    const ahead = sequenceDistance(this.#highest, header.sequence);
    if (ahead >= MAX_DROPOUT || ahead < -MAX_MISORDER) {
      if (this.#agrees(header, AGREEING_PACKETS)) return this.#restart(header, nowMs);
      this.#badSequence += 1;
      return 'bad-sequence';
    }
    this.#candidatePackets = 0;
    return this.#accept(header, nowMs, ahead);
  }

  #pushFirst(header: ReceivedHeader, nowMs: number): ReceiverVerdict {
    if (this.#probationPackets > 0 && !this.#agrees(header, this.#probationPackets)) {
      this.#probation += 1;
      return 'probation';
    }
    this.#started = true;
    this.#begin(header, nowMs, header.sequence);
    return 'in-order';
  }

  /** Whether this is the packet that makes the candidate believed. */
  #agrees(header: ReceivedHeader, packets: number): boolean {
    const follows =
      this.#candidatePackets > 0 && header.ssrc === this.#candidateSsrc && header.sequence === this.#candidateNext;
    this.#candidatePackets = follows ? this.#candidatePackets + 1 : 1;
    this.#candidateSsrc = header.ssrc;
    this.#candidateNext = (header.sequence + 1) & 0xffff;
    return this.#candidatePackets >= packets;
  }

  #restart(header: ReceivedHeader, nowMs: number): ReceiverVerdict {
    this.#restarts += 1;
    this.#expectedBefore += this.#highest - this.#first + 1;
    // In the cycle after the next, so that it is ahead of everything and cannot be taken for reordered.
    const cycle = Math.floor(this.#highest / SEQUENCE_CYCLE) + 2;
    this.#begin(header, nowMs, cycle * SEQUENCE_CYCLE + header.sequence);
    return 'restarted';
  }

  #begin(header: ReceivedHeader, nowMs: number, extended: number): void {
    this.#ssrc = header.ssrc;
    this.#first = extended;
    this.#highest = extended;
    this.#extended = extended;
    this.#window[extended % WINDOW] = extended;
    this.#candidatePackets = 0;
    this.#received += 1;
    this.#arrivalMs = nowMs;
    this.#timestamp = header.timestamp;
    this.#jitterUnits = 0;
  }

  #accept(header: ReceivedHeader, nowMs: number, ahead: number): ReceiverVerdict {
    const extended = this.#highest + ahead;
    if (extended >= 0 && this.#window[extended % WINDOW] === extended) {
      this.#duplicate += 1;
      return 'duplicate';
    }
    // Sent before the first packet that arrived: nobody has missed it, and it has no place.
    if (extended < this.#first) {
      this.#badSequence += 1;
      return 'bad-sequence';
    }
    this.#window[extended % WINDOW] = extended;
    this.#extended = extended;
    this.#received += 1;
    this.#measureJitter(header.timestamp, nowMs);
    if (ahead < 0) {
      this.#late += 1;
      return 'late';
    }
    this.#highest = extended;
    return 'in-order';
  }

  #measureJitter(timestamp: number, nowMs: number): void {
    const sentUnits = (timestamp - this.#timestamp) | 0;
    // All packets of a telephone event have one timestamp, however far apart they are sent.
    if (sentUnits === 0) return;
    const arrivedUnits = ((nowMs - this.#arrivalMs) * this.#clockRateHz) / 1000;
    this.#jitterUnits += (Math.abs(arrivedUnits - sentUnits) - this.#jitterUnits) / 16;
    this.#arrivalMs = nowMs;
    this.#timestamp = timestamp;
  }
}
