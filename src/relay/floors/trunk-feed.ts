import { randomInt } from 'node:crypto';
import { encodeG711Into } from '../../audio/g711.ts';
import { encodeL16Into } from '../../audio/l16.ts';
import { levelDbov } from '../../audio/level.ts';
import { Vad } from '../../audio/vad.ts';
import { type AudioFormat, L16_8000, L16_16000, PCMA, PCMU } from '../../trunk/audio-format.ts';
import type { OutgoingAudio, OutgoingFrame, OutgoingSilence } from '../../trunk/trunk-sender.ts';
import { TrunkStream } from '../../trunk/trunk-stream.ts';
import type { TrunkOptions } from '../protocol/media-messages.ts';
import type { FloorSpec } from '../protocol/protocol.ts';

const FORMATS: Readonly<Record<TrunkOptions['codec'], AudioFormat>> = { PCMU, PCMA, L16: L16_8000 };
/** A whisper on the line is louder. Louder audio is sent. */
const VOICE_DBOV = -55;
/** Ends of words and pauses between them are sent as well. */
const HOLD_MS = 400;
/** The interval of silence descriptors. */
const SILENCE_EVERY_FRAMES = 10;

type SharedOptions = Pick<TrunkOptions, 'redundancy' | 'codec'> & Pick<FloorSpec, 'sampleRateHz'>;

/** The frames of one conference for other nodes: this node's voices, or else silence descriptors. */
export class TrunkFeed {
  readonly stream: TrunkStream;
  readonly #vad = new Vad({ thresholdDbov: VOICE_DBOV, holdMs: HOLD_MS, adaptive: true });
  readonly #audio: OutgoingAudio;
  readonly #silence: OutgoingSilence = { kind: 'silence', frameIndex: 0, noiseLevelDbov: 0 };
  #frameIndex = randomInt(0x7fffffff);
  #silentFrames = 0;

  constructor(conference: string, { redundancy, codec, sampleRateHz }: SharedOptions) {
    this.stream = new TrunkStream({ conference, redundancy });
    // G.711 is narrowband.
    const format = sampleRateHz === 16_000 ? L16_16000 : FORMATS[codec];
    const payload = new Uint8Array(format.payloadBytes);
    this.#audio = { kind: 'audio', frameIndex: 0, levelDbov: 0, format, payload };
  }

  /** HOT PATH. @returns the frame to send for the next 20 ms, valid until the next call; null for none */
  next(samples: Int16Array): OutgoingFrame | null {
    this.#frameIndex = (this.#frameIndex + 1) >>> 0;
    const level = levelDbov(samples);
    if (!this.#vad.push(level)) return this.#silenceDescriptor();
    this.#silentFrames = 0;
    const frame = this.#audio;
    const { name } = frame.format;
    if (name === 'PCMU' || name === 'PCMA') encodeG711Into(name, samples, frame.payload);
    else encodeL16Into(samples, frame.payload);
    frame.frameIndex = this.#frameIndex;
    frame.levelDbov = level;
    return frame;
  }

  #silenceDescriptor(): OutgoingFrame | null {
    const frames = this.#silentFrames++;
    // Packets may be lost, so the first descriptor is repeated as often as frames are.
    if (frames > this.stream.redundancy && frames % SILENCE_EVERY_FRAMES !== 0) return null;
    this.#silence.frameIndex = this.#frameIndex;
    this.#silence.noiseLevelDbov = this.#vad.noiseDbov;
    return this.#silence;
  }
}
