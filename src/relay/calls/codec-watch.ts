import { type RtpView, sequenceDistance } from '../../rtp/packet.ts';
import type { CallSpec } from '../protocol/protocol.ts';
import { staticCodecOf, staticTypeOf } from './silence.ts';

type Codec = CallSpec['codec'];
type Packet = Readonly<Pick<RtpView, 'payloadType' | 'sequence' | 'timestamp'>>;

/** It is reported again at intervals from this one, each twice as long as the one before, to the longest. */
const FIRST_INTERVAL_MS = 500;
const LONGEST_INTERVAL_MS = 32_000;
/** Payload types from 96 on are dynamic (RFC 3551, section 6). */
export const FIRST_DYNAMIC_TYPE = 96;
/** The codecs that the relay encodes have 64 kbit/s: 10 ms are so many bytes, and each is a tick of the clock. */
const STEP_BYTES = 80;
/** Packets of which two are compared; the kernel lets one in 32 of them through. */
const MOST_APART = 64;

/**
 * What a call's codec is in its packets.
 *
 * - A phone may offer the codec by a number of its own, beside the static ones (RFC 3264, section 5.1). Asterisk tells
 *   nothing of that, but uses the number, as the phone does.
 * - A phone may send another codec than that of its call: it may have described its audio again. Asterisk may not have
 *   read the description yet, or nobody may ask it just now. So it is reported again, ever less often.
 */
export class CodecWatch {
  /** Those of the first and of the last packet of audio since the call has this codec; -1 before. */
  #firstType = -1;
  #payloadType = -1;
  /** The number by which the phone knows the codec; null if it is the static one. */
  #dynamicType: number | null;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #intervalMs = FIRST_INTERVAL_MS;
  readonly #last = { sequence: 0, timestamp: 0, bytes: 0 };

  /** @param dynamicType as another process has found it */
  constructor(dynamicType: number | null = null) {
    this.#dynamicType = dynamicType;
  }

  get dynamicType(): number | null {
    return this.#dynamicType;
  }

  /** HOT PATH. */
  payloadTypeOf(codec: Codec): number {
    return codec !== null && this.#dynamicType !== null ? this.#dynamicType : staticTypeOf(codec);
  }

  /** HOT PATH. @returns the codec of packets of a type in a call with `codec`; null if the relay does not encode it */
  codecOf(payloadType: number, codec: Codec): Codec {
    return payloadType === this.#dynamicType ? codec : staticCodecOf(payloadType);
  }

  /** HOT PATH. The phone has sent a packet with so many bytes of audio, in a call with this codec. */
  seen(packet: Packet, bytes: number, codec: Codec): void {
    const { payloadType } = packet;
    if (payloadType === staticTypeOf(null)) return;
    if (this.#firstType === -1) this.#firstType = payloadType;
    this.#payloadType = payloadType;
    // Behind a later number there may be another codec.
    if (codec === null || payloadType < FIRST_DYNAMIC_TYPE || payloadType !== this.#firstType) return;
    if (this.#dynamicType === null) this.#compare(packet, bytes);
  }

  /** HOT PATH. Asterisk has sent a packet with so many bytes of audio, in a call with this codec. */
  told(payloadType: number, bytes: number, codec: Codec): void {
    if (codec === null || bytes === 0 || bytes % STEP_BYTES !== 0) return;
    if (payloadType >= FIRST_DYNAMIC_TYPE) this.#dynamicType = payloadType;
    else if (staticCodecOf(payloadType) !== null) this.#dynamicType = null;
  }

  /** The call has another codec from now on. */
  changed(nowMs: number): void {
    this.#firstType = -1;
    this.#payloadType = -1;
    this.#dynamicType = null;
    this.#last.bytes = 0;
    this.#intervalMs = FIRST_INTERVAL_MS;
    this.#dueAtMs = nowMs + FIRST_INTERVAL_MS;
  }

  /** @returns whether it is to be reported now that the phone sends another codec than this */
  isDue(codec: Codec, nowMs: number): boolean {
    const isSame = this.#payloadType === -1 || this.codecOf(this.#payloadType, codec) === codec;
    if (isSame || nowMs < this.#dueAtMs) return false;
    this.#dueAtMs = nowMs + this.#intervalMs;
    this.#intervalMs = Math.min(2 * this.#intervalMs, LONGEST_INTERVAL_MS);
    return true;
  }

  /** Two packets show whether it is a codec of 64 kbit/s: then it is that of the call. */
  #compare({ payloadType, sequence, timestamp }: Packet, bytes: number): void {
    const last = this.#last;
    const apart = sequenceDistance(last.sequence, sequence);
    const isNear = last.bytes === bytes && apart > 0 && apart <= MOST_APART;
    if (isNear && ((timestamp - last.timestamp) | 0) === apart * bytes) this.#dynamicType = payloadType;
    last.sequence = sequence;
    last.timestamp = timestamp;
    last.bytes = bytes;
  }
}
