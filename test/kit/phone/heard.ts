import { decodeRtpInto, emptyRtpView, type RtpDropReason, type RtpView } from '../../../src/rtp/packet.ts';
import { ArrivalSchedule, type ScheduleSnapshot } from './arrival-schedule.ts';
import { type ArrivalSnapshot, ArrivalStatistics } from './arrival-statistics.ts';
import { AudioRing } from './audio-ring.ts';
import { type AudioCodec, audioCodecOf, bytesPerSample, meanSquare } from './codec.ts';
import { DtmfReceiver, decodeEvent } from './dtmf.ts';
import { SAMPLE_RATE_HZ } from './g711.ts';
import { FULL_SCALE } from './sound.ts';

export interface HeardOptions {
  /** Length of the kept audio; 0 keeps only statistics. */
  readonly keepMs: number;
  /** A packet above this level is audible. */
  readonly audibleDbov: number;
  /** Default 8000. */
  readonly sampleRateHz?: number;
}

export interface HeardSnapshot extends ArrivalSnapshot, ScheduleSnapshot {
  /** First packet of all, also after statistics were reset (performance.now, ms). */
  readonly firstPacketEverMs: number | null;
  /** First packet above the audible level (performance.now, ms). */
  readonly firstAudibleMs: number | null;
  readonly droppedByReason: Readonly<Partial<Record<RtpDropReason, number>>>;
}

/** What one phone receives. Pure: packets and times come in from the socket's owner. */
export class Heard {
  /** Null when only statistics are kept. */
  readonly audio: AudioRing | null;
  /** Payload type of telephone-event, as negotiated. */
  eventPayloadType: number;
  readonly #onKey: (key: string, nowMs: number) => void;
  readonly #view: RtpView = emptyRtpView();
  readonly #dtmf = new DtmfReceiver();
  readonly #dropped: Partial<Record<RtpDropReason, number>> = {};
  readonly #audibleSquare: number;
  readonly #sampleRateHz: number;
  readonly #schedule = new ArrivalSchedule();
  #statistics: ArrivalStatistics;
  /** That of the newest packet; null before it. */
  #codec: AudioCodec | null = null;
  #firstPacketEverMs: number | null = null;
  #firstAudibleMs: number | null = null;

  constructor(
    options: HeardOptions & { eventPayloadType: number },
    deps: { onKey: (key: string, nowMs: number) => void },
  ) {
    this.#sampleRateHz = options.sampleRateHz ?? SAMPLE_RATE_HZ;
    const ring = { keepMs: options.keepMs, sampleRateHz: this.#sampleRateHz };
    this.audio = options.keepMs > 0 ? new AudioRing(ring) : null;
    this.#statistics = new ArrivalStatistics({ sinceMs: null, sampleRateHz: this.#sampleRateHz });
    this.eventPayloadType = options.eventPayloadType;
    this.#audibleSquare = (FULL_SCALE * 10 ** (options.audibleDbov / 20)) ** 2;
    this.#onKey = deps.onKey;
  }

  get codec(): AudioCodec | null {
    return this.#codec;
  }

  /** HOT PATH. One datagram, as it came. */
  push(packet: Buffer, nowMs: number): void {
    const view = this.#view;
    const dropReason = decodeRtpInto(view, packet);
    if (dropReason !== null) {
      this.#dropped[dropReason] = (this.#dropped[dropReason] ?? 0) + 1;
      return;
    }
    this.#firstPacketEverMs ??= nowMs;
    const codec = audioCodecOf(view.payloadType);
    const fresh = this.#statistics.push(view.sequence, view.timestamp, view.ssrc, codec !== null, nowMs);
    if (!fresh) return;
    if (codec === null) {
      if (view.payloadType === this.eventPayloadType) this.#pushEvent(packet, nowMs);
      return;
    }
    this.#codec = codec;
    const payloadBytes = view.payloadEnd - view.payloadStart;
    const durationMs = (payloadBytes / bytesPerSample(codec) / this.#sampleRateHz) * 1000;
    this.#schedule.push(view.sequence, view.ssrc, durationMs, nowMs);
    if (this.#firstAudibleMs === null) {
      const square = meanSquare(codec, packet, view.payloadStart, view.payloadEnd);
      if (square > this.#audibleSquare) this.#firstAudibleMs = nowMs;
    }
    this.audio?.write(codec, packet, view.payloadStart, view.payloadEnd, view.timestamp, view.ssrc, nowMs);
  }

  snapshot(nowMs: number): HeardSnapshot {
    return {
      ...this.#statistics.snapshot(nowMs),
      ...this.#schedule.snapshot(nowMs),
      firstPacketEverMs: this.#firstPacketEverMs,
      firstAudibleMs: this.#firstAudibleMs,
      droppedByReason: { ...this.#dropped },
    };
  }

  /** Counts arrivals from zero again; kept audio and the times of the first packets stay. */
  resetStatistics(nowMs: number): void {
    const sinceMs = this.#firstPacketEverMs === null ? null : nowMs;
    this.#statistics = new ArrivalStatistics({ sinceMs, sampleRateHz: this.#sampleRateHz });
    this.#schedule.reset();
  }

  #pushEvent(packet: Buffer, nowMs: number): void {
    const event = decodeEvent(packet, this.#view.payloadStart, this.#view.payloadEnd);
    if (event === null) return;
    const key = this.#dtmf.push(event, this.#view.timestamp, this.#view.ssrc);
    if (key !== null) this.#onKey(key, nowMs);
  }
}
