import { type AudioCodec, bytesPerSample, decodeWrapped, sampleRateHz } from './codec.ts';
import { SAMPLE_RATE_HZ } from './g711.ts';

/** Audio of a stretch of time; `timeAtMs(i)` is when the packet of sample i came (or went), plus its place inside. */
export interface AudioWindow {
  readonly samples: Int16Array;
  timeAtMs(index: number): number;
}

/** The smallest ptime there is bounds the number of packets in a ring. */
const MIN_PTIME_MS = 10;
/** When timestamps and clock disagree by more than this, the clock is believed: the sender paused or began anew. */
const MAX_DISAGREEMENT_MS = 500;
/** A stream that has been still for this long is silent; before that its next packet is only on its way. */
const STILL_AFTER_MS = 100;

/**
 * The last seconds of a stream. Samples lie on one line of positions (sample counts since the first packet) by their
 * RTP timestamps, so that arrival jitter does not tear the audio apart; missing packets leave silence.
 */
export class AudioRing {
  /** Of the samples; audio at another rate is not kept. */
  readonly sampleRateHz: number;
  readonly #perMs: number;
  readonly #samples: Int16Array;
  readonly #arrivalsMs: Float64Array;
  readonly #positions: Float64Array;
  #packets = 0;
  #head = 0;
  #lastPosition = 0;
  #lastTimestamp = 0;
  #lastSsrc = 0;
  #lastMs = 0;

  constructor(options: { keepMs: number; sampleRateHz?: number }) {
    this.sampleRateHz = options.sampleRateHz ?? SAMPLE_RATE_HZ;
    this.#perMs = this.sampleRateHz / 1000;
    this.#samples = new Int16Array(options.keepMs * this.#perMs);
    this.#arrivalsMs = new Float64Array(Math.ceil(options.keepMs / MIN_PTIME_MS));
    this.#positions = new Float64Array(this.#arrivalsMs.length);
  }

  get empty(): boolean {
    return this.#packets === 0;
  }

  /** Position after the newest sample. */
  get head(): number {
    return this.#head;
  }

  /** Position of the oldest sample still kept. */
  get oldest(): number {
    return Math.max(0, this.#head - this.#samples.length);
  }

  /** HOT PATH. Takes the encoded samples `packet[start, end)`. */
  write(
    codec: AudioCodec,
    packet: Uint8Array,
    start: number,
    end: number,
    timestamp: number,
    ssrc: number,
    nowMs: number,
  ): void {
    const size = this.#samples.length;
    if (sampleRateHz(codec) !== this.sampleRateHz) return;
    const position = this.#place(timestamp, ssrc, nowMs);
    const length = (end - start) / bytesPerSample(codec);
    if (length > size || position < 0 || position + length <= this.#head - size) return;
    if (position + length > this.#head) {
      this.#silence(this.#head, position);
      this.#head = position + length;
      this.#lastPosition = position;
      this.#lastTimestamp = timestamp;
      this.#lastSsrc = ssrc;
      this.#lastMs = nowMs;
    }
    decodeWrapped(codec, packet, start, end, this.#samples, position % size);
    const slot = this.#packets++ % this.#arrivalsMs.length;
    this.#arrivalsMs[slot] = nowMs;
    this.#positions[slot] = position;
  }

  /** Samples `[from, to)` by position; silence where there is nothing (any more). At most the ring's length. */
  read(from: number, to: number): Int16Array {
    const size = this.#samples.length;
    const out = new Int16Array(Math.max(0, Math.min(to - from, size)));
    const { oldest } = this;
    for (let i = 0; i < out.length; i++) {
      const position = from + i;
      if (position >= oldest && position < this.#head) out[i] = this.#samples[position % size] as number;
    }
    return out;
  }

  /** The audio that came between two times (performance.now, ms). */
  between(fromMs: number, toMs: number): AudioWindow {
    return this.window(this.positionAt(fromMs), this.positionAt(toMs));
  }

  /** The newest `lastMs` milliseconds; silence when nothing comes any more. */
  last(lastMs: number, nowMs: number): AudioWindow {
    const end = this.endPosition(nowMs);
    return this.window(end - Math.round(lastMs * this.#perMs), end);
  }

  window(from: number, to: number): AudioWindow {
    return { samples: this.read(from, to), timeAtMs: (index) => this.timeAt(from + index) };
  }

  /** Where the audio ends now: at the newest sample, or behind it when the stream has stopped. */
  endPosition(nowMs: number): number {
    if (this.empty || nowMs - this.#lastMs < STILL_AFTER_MS) return this.#head;
    return Math.max(this.#head, this.#lastPosition + Math.round((nowMs - this.#lastMs) * this.#perMs));
  }

  /** Position of what was heard at a time: inside the packet that had come by then, or in the silence after it. */
  positionAt(timeMs: number): number {
    let arrivalMs = Number.NEGATIVE_INFINITY;
    let position = 0;
    let nextPosition = Number.POSITIVE_INFINITY;
    for (let i = this.#oldestPacket(); i < this.#packets; i++) {
      const at = this.#arrivalsMs[i % this.#arrivalsMs.length] as number;
      const here = this.#positions[i % this.#arrivalsMs.length] as number;
      if (at > timeMs) {
        nextPosition = Math.min(nextPosition, here);
      } else if (here >= position || arrivalMs === Number.NEGATIVE_INFINITY) {
        arrivalMs = at;
        position = here;
      }
    }
    if (arrivalMs === Number.NEGATIVE_INFINITY) return nextPosition === Number.POSITIVE_INFINITY ? 0 : nextPosition;
    const inside = position + Math.round((timeMs - arrivalMs) * this.#perMs);
    return Math.max(position, Math.min(inside, nextPosition));
  }

  /** When the sample at a position came: arrival of its packet plus its offset inside (performance.now, ms). */
  timeAt(position: number): number {
    let arrivalMs = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (let i = this.#oldestPacket(); i < this.#packets; i++) {
      const here = this.#positions[i % this.#arrivalsMs.length] as number;
      if (here > position || here < best) continue;
      best = here;
      arrivalMs = this.#arrivalsMs[i % this.#arrivalsMs.length] as number;
    }
    return best === Number.NEGATIVE_INFINITY ? 0 : arrivalMs + (position - best) / this.#perMs;
  }

  #place(timestamp: number, ssrc: number, nowMs: number): number {
    if (this.empty) return 0;
    const saidSamples = (timestamp - this.#lastTimestamp) | 0;
    const passedSamples = Math.round((nowMs - this.#lastMs) * this.#perMs);
    const agrees = Math.abs(saidSamples - passedSamples) <= MAX_DISAGREEMENT_MS * this.#perMs;
    if (ssrc === this.#lastSsrc && agrees) return this.#lastPosition + saidSamples;
    return Math.max(this.#head, this.#lastPosition + passedSamples);
  }

  #silence(from: number, to: number): void {
    const size = this.#samples.length;
    for (let position = Math.max(from, to - size); position < to; position++) this.#samples[position % size] = 0;
  }

  #oldestPacket(): number {
    return Math.max(0, this.#packets - this.#arrivalsMs.length);
  }
}
