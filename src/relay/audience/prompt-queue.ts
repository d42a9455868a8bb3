import { decodeG711Into } from '../../audio/g711.ts';
import { G722Decoder } from '../../audio/g722.ts';
import { StreamResampler } from '../../audio/resample.ts';
import type { Codec } from './audience-listener.ts';
import type { SampleRateHz } from './conference-sound.ts';

const FRAMES_PER_SECOND = 50;
/** Beyond this the oldest sound is dropped: a prompt that is late must not stay late. */
const MOST_FRAMES = 10;
/** 20 ms in each of the codecs. */
const FRAME_BYTES = 160;
/** After so many frames without audio the prompt has ended, and the next one comes from a new encoder. */
const ENDED_FRAMES = 5;

/** The part of a payload that is being decoded. One thread decodes one at a time. */
const decoded = new Int16Array(320);

/**
 * Turns the audio that Asterisk plays to one listener from packets of any length into frames of 20 ms. It begins with
 * the first whole frame and ends when it is empty. A packet that comes late is heard as a gap, which makes the queue
 * longer by as much: later packets may be that late.
 */
export class PromptQueue {
  #rateHz: SampleRateHz = 8000;
  /** A ring; null before the first packet, since most listeners never have one. */
  #samples: Int16Array | null = null;
  #readAt = 0;
  #waiting = 0;
  /** The number of consecutive missing frames. */
  #missing = ENDED_FRAMES;
  #decoder: G722Decoder | null = null;
  #resampler: StreamResampler | null = null;
  #frame = new Int16Array(0);
  #resampled = new Int16Array(0);

  /** HOT PATH. Adds the payload of a packet of audio, of any length. */
  push(payload: Uint8Array, codec: Codec): void {
    const rateHz = codec === 'G722' ? 16_000 : 8000;
    if (this.#samples === null || rateHz !== this.#rateHz) this.#begin(rateHz);
    if (this.#missing >= ENDED_FRAMES || codec !== 'G722') this.#decoder = null;
    this.#missing = 0;
    for (let at = 0; at < payload.length; at += FRAME_BYTES) {
      const bytes = payload.subarray(at, at + FRAME_BYTES);
      this.#append(decoded.subarray(0, this.#decode(bytes, codec)));
    }
  }

  /** HOT PATH. The next 20 ms, valid until the next call; null while there is no audio. */
  next(rateHz: SampleRateHz): Int16Array | null {
    const frame = this.#frame;
    if (this.#waiting === 0 || this.#waiting < frame.length) {
      this.#missing += 1;
      // The rest of a prompt. More may come after it, but not for long.
      if (this.#waiting === 0 || this.#missing === 1) return null;
    }
    this.#readInto(frame);
    return rateHz === this.#rateHz ? frame : this.#resample(frame, rateHz);
  }

  #begin(rateHz: SampleRateHz): void {
    const frameSamples = rateHz / FRAMES_PER_SECOND;
    this.#rateHz = rateHz;
    this.#samples = new Int16Array(MOST_FRAMES * frameSamples);
    this.#frame = new Int16Array(frameSamples);
    this.#readAt = 0;
    this.#waiting = 0;
    this.#resampler = null;
  }

  /** HOT PATH. Decodes at most 20 ms. @returns how many samples came of them */
  #decode(bytes: Uint8Array, codec: Codec): number {
    if (codec !== 'G722') {
      decodeG711Into(codec, bytes, decoded);
      return bytes.length;
    }
    this.#decoder ??= new G722Decoder(decoded.length);
    this.#decoder.decodeInto(bytes, decoded.subarray(0, 2 * bytes.length));
    return 2 * bytes.length;
  }

  /** HOT PATH. */
  #append(sound: Int16Array): void {
    const ring = this.#samples as Int16Array;
    const tooMany = this.#waiting + sound.length - ring.length;
    if (tooMany > 0) this.#drop(tooMany);
    let at = (this.#readAt + this.#waiting) % ring.length;
    for (let i = 0; i < sound.length; i += 1) {
      ring[at] = sound[i] as number;
      at = at + 1 === ring.length ? 0 : at + 1;
    }
    this.#waiting += sound.length;
  }

  #drop(samples: number): void {
    this.#readAt = (this.#readAt + samples) % (this.#samples as Int16Array).length;
    this.#waiting -= samples;
  }

  /** HOT PATH. Fills the rest of the frame with silence. */
  #readInto(frame: Int16Array): void {
    const ring = this.#samples as Int16Array;
    const count = Math.min(frame.length, this.#waiting);
    let at = this.#readAt;
    for (let i = 0; i < count; i += 1) {
      frame[i] = ring[at] as number;
      at = at + 1 === ring.length ? 0 : at + 1;
    }
    frame.fill(0, count);
    this.#drop(count);
  }

  /** HOT PATH, where a listener does not hear in the codec of their prompts. */
  #resample(frame: Int16Array, rateHz: SampleRateHz): Int16Array {
    if (this.#resampler === null) {
      this.#resampler = new StreamResampler(this.#rateHz, rateHz);
      this.#resampled = new Int16Array(rateHz / FRAMES_PER_SECOND);
    }
    this.#resampler.convertInto(this.#resampled, frame);
    return this.#resampled;
  }
}
