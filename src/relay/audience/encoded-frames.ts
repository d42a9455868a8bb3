import { encodeG711Into } from '../../audio/g711.ts';
import { G722Encoder } from '../../audio/g722.ts';
import { RTP_HEADER_BYTES } from '../../rtp/packet.ts';
import type { Codec } from './audience-listener.ts';

/** 20, 40 or 60 ms in one packet. */
export type FramesPerPacket = 1 | 2 | 3;

/** 20 ms in each of the codecs: they all have 64 kbit/s. */
const FRAME_BYTES = 160;
const FRAMES_MAX = 3;
const G722_FRAME_SAMPLES = 320;

/** A stream in one codec: its newest frames, as packets of one to three of them, and the state of its encoder. */
export class EncodedFrames {
  readonly codec: Codec;
  readonly #encoder: G722Encoder | null;
  /** The encoder as it was before the newest frame. */
  readonly #encoderBefore: G722Encoder | null;
  readonly #bytes = new Uint8Array(FRAMES_MAX * FRAME_BYTES);
  /** The newest frame, the newest two, the newest three. */
  readonly #newest: readonly Uint8Array[];
  readonly #packets: readonly Buffer[];
  /** How many frames there were when each of `#packets` was put together. */
  readonly #assembledAt = [0, 0, 0];
  #frames = 0;

  /** Call `beginWithSilence`, `continueFrom` or `branchFrom` before the first frame: packets also have earlier ones. */
  constructor(codec: Codec) {
    this.codec = codec;
    this.#encoder = codec === 'G722' ? new G722Encoder(G722_FRAME_SAMPLES) : null;
    this.#encoderBefore = codec === 'G722' ? new G722Encoder(G722_FRAME_SAMPLES) : null;
    this.#newest = [1, 2, 3].map((frames) => this.#bytes.subarray((FRAMES_MAX - frames) * FRAME_BYTES));
    this.#packets = [1, 2, 3].map((frames) => Buffer.alloc(RTP_HEADER_BYTES + frames * FRAME_BYTES));
  }

  beginWithSilence(): void {
    const silence = new Int16Array(this.codec === 'G722' ? G722_FRAME_SAMPLES : FRAME_BYTES);
    for (let frame = 0; frame < FRAMES_MAX; frame += 1) this.encode(silence);
  }

  /** Continues another stream of the same codec after its newest frame. */
  continueFrom(other: EncodedFrames): void {
    this.#bytes.set(other.#bytes);
    if (other.#encoder) this.#encoder?.copyFrom(other.#encoder);
    this.#frames += 1;
  }

  /** Continues another stream after the frame before its newest: the next frame takes the place of that one. */
  branchFrom(other: EncodedFrames): void {
    this.#bytes.set(other.#bytes);
    this.#bytes.copyWithin(FRAME_BYTES, 0);
    if (other.#encoderBefore) this.#encoder?.copyFrom(other.#encoderBefore);
    this.#frames += 1;
  }

  /** HOT PATH. Adds 20 ms, at 16000 Hz for G.722 and 8000 Hz for the others. */
  encode(samples: Int16Array): void {
    const encoder = this.#encoder;
    const frame = this.#advance();
    if (this.codec !== 'G722') return encodeG711Into(this.codec, samples, frame);
    if (encoder === null) return;
    this.#encoderBefore?.copyFrom(encoder);
    encoder.encodeInto(samples, frame);
  }

  /** HOT PATH. Adds the newest frame of another stream. Only for codecs whose encoder has no state. */
  copyNewest(other: EncodedFrames): void {
    this.#advance().set(other.#newest[0] as Uint8Array);
  }

  /** HOT PATH. The newest frames, behind room for an RTP header. Valid until the next frame. */
  packet(frames: FramesPerPacket): Buffer {
    const packet = this.#packets[frames - 1] as Buffer;
    if (this.#assembledAt[frames - 1] !== this.#frames) {
      packet.set(this.#newest[frames - 1] as Uint8Array, RTP_HEADER_BYTES);
      this.#assembledAt[frames - 1] = this.#frames;
    }
    return packet;
  }

  /** HOT PATH. @returns room for the next frame */
  #advance(): Uint8Array {
    this.#frames += 1;
    this.#bytes.copyWithin(0, FRAME_BYTES);
    return this.#newest[0] as Uint8Array;
  }
}
