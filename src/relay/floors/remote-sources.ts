import { decodeG711Into } from '../../audio/g711.ts';
import { JitterBuffer, type JitterBufferStats } from '../../audio/jitter-buffer.ts';
import { decodeL16Into } from '../../audio/l16.ts';
import { Mixer } from '../../audio/mixer.ts';
import { StreamResampler } from '../../audio/resample.ts';
import type { AudioFormat } from '../../trunk/audio-format.ts';
import type { ReceivedFrame } from '../../trunk/received-frame.ts';

/** The pace of the floor adds up to a frame, so that the delay is 20 ms on average. */
const MIN_DELAY_MS = 10;
/** A node that has sent nothing for so long, not even a silence descriptor, is forgotten. */
const FORGET_MS = 5000;
/** This many nodes may take part in one conference; further ones are not heard. */
const MOST_SOURCES = 256;
/** Indices that are further apart than this, 10 s, mean a restarted source: a silent one is forgotten sooner. */
const MOST_APART = 512;
/** Frames that were sent before the first one to arrive may still arrive. */
const FIRST_SEQUENCE = 64;

/** Frames by outcome. */
export type FrameCounts = { readonly frames: number; readonly late: number; readonly concealed: number };

type Rate = AudioFormat['clockRateHz'];

/** The audio of a node, at the node's own rate. */
type Stream = {
  readonly rateHz: Rate;
  readonly buffer: JitterBuffer;
  readonly frame: Int16Array;
  /** Null if the rate is that of the floor. */
  readonly converter: StreamResampler | null;
};

type Source = {
  stream: Stream;
  /** The last frame index, and the same without its wrap at 32 bits. */
  index: number;
  sequence: number;
  heardAtMs: number;
};

/** The audio of one conference from other nodes: a jitter buffer for each, and the mix of all. */
export class RemoteSources {
  readonly #sources = new Map<string, Source>();
  /** The counts of sources that have left. Bounded by the nodes that have ever been part of the conference. */
  readonly #past = new Map<string, FrameCounts>();
  readonly #rateHz: Rate;
  readonly #mixer: Mixer;
  readonly #converted: Int16Array;
  readonly #frame = { sequence: 0, samples: null as Int16Array | null, levelDbov: 0 };

  /** @param rateHz of the floor */
  constructor(rateHz: Rate) {
    this.#rateHz = rateHz;
    this.#mixer = new Mixer(samplesOf(rateHz));
    this.#converted = new Int16Array(samplesOf(rateHz));
  }

  /** Whether no other node has sent anything lately. */
  get isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** HOT PATH. Adds a frame of the trunk, and the earlier ones in its packet. */
  push(received: ReceivedFrame, nowMs: number): void {
    const index = received.kind === 'silence' ? received.frameIndex : received.frames[0].frameIndex;
    const source = this.#sourceOf(received.nodeId, index, nowMs);
    if (source === null) return;
    const apart = (index - source.index) | 0;
    const rateHz = received.kind === 'audio' ? received.format.clockRateHz : source.stream.rateHz;
    if (Math.abs(apart) > MOST_APART || rateHz !== source.stream.rateHz) {
      return this.#beginAnew(received, source, { index, rateHz }, nowMs);
    }
    const newest = source.sequence + apart;
    // It was sent before the first frame that was seen.
    if (newest < 0) return;
    if (newest > source.sequence) {
      source.sequence = newest;
      source.index = index;
    }
    const frame = this.#frame;
    const { buffer, frame: samples } = source.stream;
    if (received.kind === 'silence') {
      frame.sequence = newest;
      frame.samples = null;
      frame.levelDbov = received.noiseLevelDbov;
      buffer.push(frame, nowMs);
      return;
    }
    const { format, bytes, frames, frameCount } = received;
    if (frameCount > 1) buffer.expectRepeats(frameCount - 1);
    frame.samples = samples;
    // The oldest frame comes first, so that none makes another one late.
    for (let i = frameCount - 1; i >= 0; i -= 1) {
      const part = frames[i];
      if (part === undefined || newest - i < 0) continue;
      decode(format, bytes.subarray(part.offset, part.offset + format.payloadBytes), samples);
      frame.sequence = newest - i;
      frame.levelDbov = part.levelDbov;
      buffer.push(frame, nowMs);
    }
  }

  /**
   * HOT PATH. Mixes the next 20 ms of all sources.
   * @returns whether there is audio; `out` is untouched if not
   */
  pullInto(out: Int16Array, nowMs: number): boolean {
    if (this.isEmpty) return false;
    this.#mixer.reset();
    for (const [nodeId, source] of this.#sources) {
      const { buffer, frame, converter } = source.stream;
      if (buffer.pull(nowMs, frame) !== 'silence') {
        converter?.convertInto(this.#converted, frame);
        this.#mixer.add(converter ? this.#converted : frame);
      } else if (nowMs - source.heardAtMs > FORGET_MS) this.forget(nodeId);
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

  /** The statistics of present sources, by node. */
  stats(): Map<string, JitterBufferStats> {
    return new Map([...this.#sources].map(([nodeId, { stream }]) => [nodeId, stream.buffer.stats]));
  }

  /** The counts since the beginning, by node, with those of sources that have left. */
  counts(): Map<string, FrameCounts> {
    const counts = new Map(this.#past);
    for (const [nodeId, { stream }] of this.#sources) {
      counts.set(nodeId, countsWith(this.#past.get(nodeId), stream.buffer));
    }
    return counts;
  }

  /** The relay of the node has restarted and counts its frames anew, or it sends at another rate. */
  #beginAnew(received: ReceivedFrame, source: Source, at: { index: number; rateHz: Rate }, nowMs: number): void {
    this.#keepCounts(received.nodeId, source);
    source.stream = this.#streamAt(at.rateHz);
    source.index = at.index;
    source.sequence = FIRST_SEQUENCE;
    this.push(received, nowMs);
  }

  #streamAt(rateHz: Rate): Stream {
    return {
      rateHz,
      buffer: new JitterBuffer({ sampleRateHz: rateHz, minMs: MIN_DELAY_MS }),
      frame: new Int16Array(samplesOf(rateHz)),
      converter: rateHz === this.#rateHz ? null : new StreamResampler(rateHz, this.#rateHz),
    };
  }

  #keepCounts(nodeId: string, { stream }: Source): void {
    this.#past.set(nodeId, countsWith(this.#past.get(nodeId), stream.buffer));
  }

  #sourceOf(nodeId: string, index: number, nowMs: number): Source | null {
    const known = this.#sources.get(nodeId);
    if (known) {
      known.heardAtMs = nowMs;
      return known;
    }
    if (this.#sources.size >= MOST_SOURCES) return null;
    const source = { stream: this.#streamAt(this.#rateHz), index, sequence: FIRST_SEQUENCE, heardAtMs: nowMs };
    this.#sources.set(nodeId, source);
    return source;
  }
}

function countsWith(past: FrameCounts | undefined, { stats }: JitterBuffer): FrameCounts {
  return addCounts(past, { frames: stats.received, late: stats.late, concealed: stats.concealed });
}

export const NO_FRAMES: FrameCounts = { frames: 0, late: 0, concealed: 0 };

export function addCounts(a = NO_FRAMES, b = NO_FRAMES): FrameCounts {
  return { frames: a.frames + b.frames, late: a.late + b.late, concealed: a.concealed + b.concealed };
}

function decode(format: AudioFormat, bytes: Uint8Array, out: Int16Array): void {
  if (format.name === 'PCMU' || format.name === 'PCMA') decodeG711Into(format.name, bytes, out);
  else decodeL16Into(bytes, out);
}

function samplesOf(rateHz: Rate): number {
  return rateHz / 50;
}
