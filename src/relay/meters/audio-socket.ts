/*
 * The protocol of Asterisk's application AudioSocket() over TCP: messages of a type, a length and so many bytes.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     type      |            length             |  payload ...  |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The length is big-endian; samples are 16 bits, little-endian.
 * https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/
 */

const LENGTH_OFFSET = 1;
const HEADER_BYTES = 3;
const TYPE_UUID = 0x01;
const UUID_BYTES = 16;
/** The first type has 8000 Hz; the types after it have higher rates. */
const TYPE_AUDIO_FIRST = 0x10;
const TYPE_AUDIO_LAST = 0x18;
/** 20 ms at 192 kHz, the highest rate. */
export const MOST_SAMPLES = 3840;

const NOTHING = Buffer.alloc(0);

export type AudioSocketDeps = {
  /** The first message: the id that the connection is for. */
  onId: (uuid: string) => void;
  /** HOT PATH. Receives samples, which are valid until the next call. */
  onAudio: (samples: Int16Array, count: number) => void;
};

/** Reads one connection. */
export class AudioSocketReader {
  readonly #deps: AudioSocketDeps;
  readonly #samples = new Int16Array(MOST_SAMPLES);
  /** The beginning of a message that is not complete. Bounded by the longest message. */
  #rest: Buffer = NOTHING;

  constructor(deps: AudioSocketDeps) {
    this.#deps = deps;
  }

  /** HOT PATH. @returns false if Asterisk cannot have sent this: the connection must be closed */
  push(chunk: Buffer): boolean {
    // Messages come whole on loopback, so this hardly ever copies.
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUInt16BE(at + LENGTH_OFFSET);
      if (length > 2 * MOST_SAMPLES) return false;
      const end = at + HEADER_BYTES + length;
      if (end > bytes.length) break;
      this.#handleMessage(bytes[at] as number, bytes, at + HEADER_BYTES, end);
      at = end;
    }
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at);
    return true;
  }

  /** HOT PATH. A meter ignores digits, errors and the end of the call. */
  #handleMessage(type: number, bytes: Buffer, start: number, end: number): void {
    if (type >= TYPE_AUDIO_FIRST && type <= TYPE_AUDIO_LAST) {
      const count = (end - start) >> 1;
      for (let i = 0; i < count; i += 1) {
        this.#samples[i] = (bytes[start + 2 * i] as number) | ((bytes[start + 2 * i + 1] as number) << 8);
      }
      this.#deps.onAudio(this.#samples, count);
    } else if (type === TYPE_UUID && end - start === UUID_BYTES) {
      const hex = bytes.toString('hex', start, end);
      this.#deps.onId(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
    }
  }
}
