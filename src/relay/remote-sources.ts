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
/** Indices that are further apart than this, 10 s, are of another beginning: a source is forgotten before. */
const MOST_APART = 512;
/** Some that were sent before the first that comes may still come. */
const FIRST_SEQUENCE = 64;

/** Frames by what became of them. */
export type FrameCounts = { frames: number; late: number; concealed: number };

type Source = {
  buffer: JitterBuffer;
  /** The frame index last seen, and the same without its wrap at 32 bits. */
  index: number;
  sequence: number;
  heardAtMs: number;
};

/** What other nodes send of one conference: a jitter buffer for each, and the mix of all. */
export class RemoteSources {
  readonly #sources = new Map<string, Source>();
  /** Of sources that are no more. Bounded by the nodes that have ever been part of the conference. */
  readonly #past = new Map<string, FrameCounts>();
  readonly #mixer = new Mixer(FRAME_SAMPLES);
  readonly #decoded = new Int16Array(FRAME_SAMPLES);
  readonly #pulled = new Int16Array(FRAME_SAMPLES);
  readonly #frame = { sequence: 0, samples: null as Int16Array | null, levelDbov: 0 };

  /** HOT PATH. Takes a frame of the trunk, with the earlier ones that came along. */
  push(received: ReceivedFrame, nowMs: number): void {
    const index = received.kind === 'silence' ? received.frameIndex : received.frames[0].frameIndex;
    const source = this.#sourceOf(received.nodeId, index, nowMs);
    if (source === null) return;
    const apart = (index - source.index) | 0;
    if (Math.abs(apart) > MOST_APART) return this.#beginAnew(received, source, index, nowMs);
    const newest = source.sequence + apart;
    // From before the first that was seen.
    if (newest < 0) return;
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
      else if (nowMs - source.heardAtMs > FORGET_MS) this.forget(nodeId);
    }
    if (this.#mixer.sources === 0) return false;
    this.#mixer.mixInto(out);
    return true;
  }

  forget(nodeId: string): void {
    const source = this.#sources.get(nodeId);
    if (source === undefined) return;
    this.#keepCounts(nodeId, source);
    this.#sources.delete(nodeId);
  }

  /** Of those that send, by node. */
  stats(): Map<string, JitterBufferStats> {
    return new Map([...this.#sources].map(([nodeId, { buffer }]) => [nodeId, buffer.stats]));
  }

  /** Since the beginning, also of those that have left, by node. */
  counts(): Map<string, FrameCounts> {
    const counts = new Map(this.#past);
    for (const [nodeId, { buffer }] of this.#sources) counts.set(nodeId, countsWith(this.#past.get(nodeId), buffer));
    return counts;
  }

  /** The relay of the node was started again, and counts its frames from elsewhere. */
  #beginAnew(received: ReceivedFrame, source: Source, index: number, nowMs: number): void {
    this.#keepCounts(received.nodeId, source);
    source.buffer = new JitterBuffer({ sampleRateHz: SAMPLE_RATE_HZ });
    source.index = index;
    source.sequence = FIRST_SEQUENCE;
    this.push(received, nowMs);
  }

  #keepCounts(nodeId: string, { buffer }: Source): void {
    this.#past.set(nodeId, countsWith(this.#past.get(nodeId), buffer));
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

function countsWith(past: FrameCounts | undefined, { stats }: JitterBuffer): FrameCounts {
  return addCounts(past ?? NO_FRAMES, { frames: stats.received, late: stats.late, concealed: stats.concealed });
}

export const NO_FRAMES: Readonly<FrameCounts> = { frames: 0, late: 0, concealed: 0 };

export function addCounts(a: FrameCounts, b: FrameCounts): FrameCounts {
  return { frames: a.frames + b.frames, late: a.late + b.late, concealed: a.concealed + b.concealed };
}

function decode(format: AudioFormat, bytes: Uint8Array, out: Int16Array): void {
  if (format.name === 'PCMU' || format.name === 'PCMA') decodeG711Into(format.name, bytes, out);
  else if (format.clockRateHz === SAMPLE_RATE_HZ) decodeL16Into(bytes, out);
  // Every second sample: what is above 4 kHz is little in speech.
  else
    for (let i = 0; i < out.length; i += 1)
      out[i] = (((bytes[4 * i] as number) << 24) >> 16) | (bytes[4 * i + 1] as number);
}
