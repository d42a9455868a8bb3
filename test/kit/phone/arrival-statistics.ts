import { SAMPLE_RATE_HZ } from './g711.ts';

export interface ArrivalSnapshot {
  readonly received: number;
  /** Sequence numbers never seen, up to the highest seen. */
  readonly lost: number;
  /** Came after a packet with a higher sequence number. */
  readonly late: number;
  readonly duplicates: number;
  /** Interarrival jitter, RFC 3550 section 6.4.1, in ms. */
  readonly jitterMs: number;
  /** From the first packet until now: a stream that has stopped counts down. */
  readonly packetsPerSecond: number;
  /** The gap that still goes on included. */
  readonly longestGapMs: number;
  readonly firstPacketMs: number | null;
  readonly lastPacketMs: number | null;
  /** 1 unless the sender began anew with another SSRC or sequence. */
  readonly streams: number;
}

/** A jump of more sequence numbers than this is a new start of the sender (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3000;
/** How far back a packet can be told to be late or a duplicate. A power of two. */
const HISTORY = 512;
const SEQUENCE_CYCLE = 65536;
const JITTER_GAIN = 1 / 16;

/** Counts what arrives of one RTP stream. Times are performance.now() in ms and given by the caller. */
export class ArrivalStatistics {
  /** Extended sequence number last seen in each slot. */
  readonly #seen = new Int32Array(HISTORY).fill(-1);
  #ssrc = 0;
  #baseSequence = 0;
  #highest = -1;
  #uniqueInStream = 0;
  #lostBefore = 0;
  #received = 0;
  #late = 0;
  #duplicates = 0;
  #streams = 0;
  #firstMs = -1;
  #lastMs = -1;
  /** A gap is counted from here when there is no packet yet; null before a stream is expected. */
  readonly #sinceMs: number | null;
  readonly #samplesPerMs: number;
  #longestGapMs = 0;
  #jitterSamples = 0;
  #lastAudioMs = -1;
  #lastTimestamp = 0;

  /** `sinceMs` begins an interval of a running stream, so that its first gap counts too. */
  constructor({
    sinceMs = null,
    sampleRateHz = SAMPLE_RATE_HZ,
  }: { sinceMs?: number | null; sampleRateHz?: number } = {}) {
    this.#sinceMs = sinceMs;
    this.#samplesPerMs = sampleRateHz / 1000;
  }

  /** HOT PATH. `isAudio` is false for DTMF, whose timestamps stand still. Returns false for a duplicate. */
  push(sequence: number, timestamp: number, ssrc: number, isAudio: boolean, nowMs: number): boolean {
    const gapMs = this.#gapMs(nowMs);
    if (gapMs > this.#longestGapMs) this.#longestGapMs = gapMs;
    if (this.#received++ === 0) this.#firstMs = nowMs;
    this.#lastMs = nowMs;

    const step = this.#highest < 0 ? 0 : ((sequence - this.#highest) << 16) >> 16;
    if (this.#highest < 0 || ssrc !== this.#ssrc || step > MAX_DROPOUT || step < -MAX_DROPOUT) {
      this.#startStream(sequence, ssrc);
      this.#lastAudioMs = -1;
    } else if (!this.#count(step)) return false;
    if (isAudio) this.#measureJitter(timestamp, nowMs);
    return true;
  }

  snapshot(nowMs: number): ArrivalSnapshot {
    const spanMs = nowMs - this.#firstMs;
    return {
      received: this.#received,
      lost: this.#lostBefore + this.#lostInStream(),
      late: this.#late,
      duplicates: this.#duplicates,
      jitterMs: this.#jitterSamples / this.#samplesPerMs,
      packetsPerSecond: this.#received > 0 && spanMs > 0 ? ((this.#received - 1) * 1000) / spanMs : 0,
      longestGapMs: Math.max(this.#longestGapMs, this.#gapMs(nowMs)),
      firstPacketMs: this.#received === 0 ? null : this.#firstMs,
      lastPacketMs: this.#received === 0 ? null : this.#lastMs,
      streams: this.#streams,
    };
  }

  #gapMs(nowMs: number): number {
    const fromMs = this.#received > 0 ? this.#lastMs : this.#sinceMs;
    return fromMs === null ? 0 : nowMs - fromMs;
  }

  #startStream(sequence: number, ssrc: number): void {
    this.#lostBefore += this.#lostInStream();
    this.#streams++;
    this.#ssrc = ssrc;
    // One cycle up, so that a late packet from before the first one keeps a positive number.
    this.#baseSequence = sequence + SEQUENCE_CYCLE;
    this.#highest = this.#baseSequence;
    this.#uniqueInStream = 1;
    this.#seen.fill(-1);
    this.#seen[this.#highest & (HISTORY - 1)] = this.#highest;
  }

  #count(step: number): boolean {
    const extended = this.#highest + step;
    const slot = extended & (HISTORY - 1);
    if (step > 0) this.#highest = extended;
    else if (this.#seen[slot] === extended) {
      this.#duplicates++;
      return false;
    } else {
      this.#late++;
      if (extended < this.#baseSequence) this.#baseSequence = extended;
      // Older than the history: remembering it would forget a newer one.
      if (this.#highest - extended >= HISTORY) return true;
    }
    this.#uniqueInStream++;
    this.#seen[slot] = extended;
    return true;
  }

  #lostInStream(): number {
    return this.#highest < 0 ? 0 : Math.max(0, this.#highest - this.#baseSequence + 1 - this.#uniqueInStream);
  }

  #measureJitter(timestamp: number, nowMs: number): void {
    if (this.#lastAudioMs >= 0) {
      const sentSamples = (timestamp - this.#lastTimestamp) | 0;
      const deviation = Math.abs((nowMs - this.#lastAudioMs) * this.#samplesPerMs - sentSamples);
      this.#jitterSamples += (deviation - this.#jitterSamples) * JITTER_GAIN;
    }
    this.#lastAudioMs = nowMs;
    this.#lastTimestamp = timestamp;
  }
}
