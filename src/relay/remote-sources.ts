import { decodeG711Into } from '../audio/g711.ts';
import { JitterBuffer, type JitterBufferStats } from '../audio/jitter-buffer.ts';
import { decodeL16Into } from '../audio/l16.ts';
import { Mixer } from '../audio/mixer.ts';
import type { AudioFormat } from '../trunk/audio-format.ts';
import type { ReceivedFrame } from '../trunk/received-frame.ts';
import { FRAME_SAMPLES } from './audience.ts';

const SAMPLE_RATE_HZ = 8000;
/** Up to a frame is added to it, by when the floor's frames are due: 20 ms on average. */
const MIN_DELAY_MS = 10;
/** A node that has sent nothing for so long, not even that it is silent, is forgotten. */
const FORGET_MS = 5000;
/** Nodes that may take part in one conference; others are not heard. */
const MOST_SOURCES = 256;
/** What was sent before, and a node that begins anew with lower numbers, must not come below 0. */
const FIRST_SEQUENCE = 2 ** 32;

type Source = {
  readonly buffer: JitterBuffer;
  /** The frame index last seen, and the same without its wrap at 32 bits. */
  index: number;
  sequence: number;
  heardAtMs: number;
};

/** What other nodes send of one conference: a jitter buffer for each, and the mix of all. */
export class RemoteSources {
  readonly #sources = new Map<string, Source>();
  readonly #mixer = new Mixer(FRAME_SAMPLES);
  readonly #decoded = new Int16Array(FRAME_SAMPLES);
  readonly #pulled = new Int16Array(FRAME_SAMPLES);
  readonly #frame = { sequence: 0, samples: null as Int16Array | null, levelDbov: 0 };

  /** HOT PATH. Takes a frame of the trunk, with the earlier ones that came along. */
  push(received: ReceivedFrame, nowMs: number): void {
    const index = received.kind === 'silence' ? received.frameIndex : received.frames[0].frameIndex;
    const { nodeId } = received;
    let source = this.#sourceOf(nodeId, index, nowMs);
    if (source === null) return;
    let newest = source.sequence + ((index - source.index) | 0);
    if (newest < 0) {
      // A relay that has begun anew counts from anywhere. This often it can have done so before the numbers are used up.
      this.#sources.delete(nodeId);
      source = this.#sourceOf(nodeId, index, nowMs);
      if (source === null) return;
      newest = source.sequence;
    }
    if (newest > source.sequence) {
      source.sequence = newest;
      source.index = index;
    }
    const frame = this.#frame;
    if (received.kind === 'silence') {
      frame.sequence = newest;
      frame.samples = null;
      frame.levelDbov = received.noiseLevelDbov;
      source.buffer.push(frame, nowMs);
      return;
    }
    const { format, bytes, frames, frameCount } = received;
    if (frameCount > 1) source.buffer.expectRepeats(frameCount - 1);
    frame.samples = this.#decoded;
    // The oldest first, so that none makes another one late.
    for (let i = frameCount - 1; i >= 0; i -= 1) {
      const part = frames[i];
      if (part === undefined || newest - i < 0) continue;
      decode(format, bytes.subarray(part.offset, part.offset + format.payloadBytes), this.#decoded);
      frame.sequence = newest - i;
      frame.levelDbov = part.levelDbov;
      source.buffer.push(frame, nowMs);
    }
  }

  /**
   * HOT PATH. The next 20 ms of all of them together.
   * @returns whether there is anything to be heard; `out` is untouched if not
   */
  pullInto(out: Int16Array, nowMs: number): boolean {
    if (this.#sources.size === 0) return false;
    this.#mixer.reset();
    for (const [nodeId, source] of this.#sources) {
      if (source.buffer.pull(nowMs, this.#pulled) !== 'silence') this.#mixer.add(this.#pulled);
      else if (nowMs - source.heardAtMs > FORGET_MS) this.#sources.delete(nodeId);
    }
    if (this.#mixer.sources === 0) return false;
    this.#mixer.mixInto(out);
    return true;
  }

  forget(nodeId: string): void {
    this.#sources.delete(nodeId);
  }

  /** By node. */
  stats(): Map<string, JitterBufferStats> {
    return new Map([...this.#sources].map(([nodeId, { buffer }]) => [nodeId, buffer.stats]));
  }

  #sourceOf(nodeId: string, index: number, nowMs: number): Source | null {
    const known = this.#sources.get(nodeId);
    if (known) {
      known.heardAtMs = nowMs;
      return known;
    }
    if (this.#sources.size >= MOST_SOURCES) return null;
    const source = {
      buffer: new JitterBuffer({ sampleRateHz: SAMPLE_RATE_HZ, minMs: MIN_DELAY_MS }),
      index,
      sequence: FIRST_SEQUENCE,
      heardAtMs: nowMs,
    };
    this.#sources.set(nodeId, source);
    return source;
  }
}

function decode(format: AudioFormat, bytes: Uint8Array, out: Int16Array): void {
  if (format.name === 'PCMU' || format.name === 'PCMA') decodeG711Into(format.name, bytes, out);
  else if (format.clockRateHz === SAMPLE_RATE_HZ) decodeL16Into(bytes, out);
  // Every second sample: what is above 4 kHz is little in speech.
  else
    for (let i = 0; i < out.length; i += 1)
      out[i] = (((bytes[4 * i] as number) << 24) >> 16) | (bytes[4 * i + 1] as number);
}
