import { randomInt } from 'node:crypto';
import { encodeHeaderInto, encodeInto, RTP_HEADER_BYTES, type RtpHeader } from '../../../src/rtp/packet.ts';
import { AudioRing } from './audio-ring.ts';
import { type AudioCodec, bytesPerSample, payloadTypeOf, sampleRateHz } from './codec.ts';
import { type AlterDtmf, type DtmfPacket, DtmfSender, EVENT_PAYLOAD_BYTES, encodeEventInto } from './dtmf.ts';
import { type Frames, framesOf, type Sound } from './sound.ts';

export interface SpeakingOptions {
  readonly codec: AudioCodec;
  readonly ptimeMs: number;
  readonly eventPayloadType: number;
  readonly sound: Sound;
  /** Length of the kept record of what was said; 0 keeps none. */
  readonly keepMs: number;
}

export interface SpeakingDeps {
  readonly send: (packet: Buffer) => void;
}

/** What one phone says: a packet per tick, of the current sound or of a pressed key. */
export class Speaking {
  /** What was said and when it was sent; null when not kept. */
  readonly audio: AudioRing | null;
  readonly #options: SpeakingOptions;
  readonly #deps: SpeakingDeps;
  readonly #dtmf = new DtmfSender();
  readonly #samplesPerMs: number;
  readonly #frameSamples: number;
  /** Each is one packet, written again and again. A send that has to wait may carry the next packet's bytes. */
  readonly #packet: Buffer;
  readonly #eventPacket = Buffer.alloc(RTP_HEADER_BYTES + EVENT_PAYLOAD_BYTES);
  readonly #header: RtpHeader;
  #frames: Frames | null;
  #frameIndex = 0;
  #sent = 0;

  constructor(options: SpeakingOptions, deps: SpeakingDeps) {
    this.#options = options;
    this.#deps = deps;
    const rateHz = sampleRateHz(options.codec);
    this.#samplesPerMs = rateHz / 1000;
    this.#frameSamples = options.ptimeMs * this.#samplesPerMs;
    this.#packet = Buffer.alloc(RTP_HEADER_BYTES + this.#frameSamples * bytesPerSample(options.codec));
    this.audio = options.keepMs > 0 ? new AudioRing({ keepMs: options.keepMs, sampleRateHz: rateHz }) : null;
    this.#frames = framesOf(options.sound, options.codec, this.#frameSamples);
    this.#header = {
      payloadType: payloadTypeOf(options.codec),
      marker: true,
      // Random starts, RFC 3550 section 5.1; below half of the range only to keep them readable in a trace.
      sequence: randomInt(0x8000),
      timestamp: randomInt(0x8000_0000),
      ssrc: randomInt(1, 0x1_0000_0000),
    };
  }

  get codec(): AudioCodec {
    return this.#options.codec;
  }

  /** RTP packets sent. */
  get sent(): number {
    return this.#sent;
  }

  get keysPending(): boolean {
    return !this.#dtmf.idle;
  }

  /** Another sound from the next packet on, from its beginning. */
  say(sound: Sound): void {
    this.#frames = framesOf(sound, this.#options.codec, this.#frameSamples);
    this.#frameIndex = 0;
  }

  /** Queues a key; false when too many wait. */
  press(key: string, { toneMs, gapMs, alter }: { toneMs: number; gapMs: number; alter?: AlterDtmf }): boolean {
    const toneSamples = toneMs * this.#samplesPerMs;
    return this.#dtmf.press({ key, toneSamples, gapSamples: gapMs * this.#samplesPerMs, alter });
  }

  /** HOT PATH. One ptime passes; the timestamp goes on whether or not something is sent. */
  tick(): void {
    const header = this.#header;
    const events = this.#dtmf.idle ? NO_EVENTS : this.#dtmf.next(header.timestamp, this.#frameSamples);
    if (events.length > 0) this.#sendEvents(events);
    else if (this.#frames === null) header.marker = true;
    else this.#sendFrame(this.#frames);
    header.timestamp = (header.timestamp + this.#frameSamples) >>> 0;
  }

  #sendFrame(sound: Frames): void {
    const header = this.#header;
    const frame = sound.frames[this.#frameIndex] ?? sound.silence;
    this.#frameIndex++;
    if (sound.loop && this.#frameIndex >= sound.frames.length) this.#frameIndex = 0;
    encodeInto(this.#packet, header, frame);
    if (this.audio !== null) {
      const { codec } = this.#options;
      this.audio.write(codec, frame, 0, frame.length, header.timestamp, header.ssrc, performance.now());
    }
    this.#send(this.#packet);
    header.marker = false;
  }

  #sendEvents(events: readonly DtmfPacket[]): void {
    const { timestamp } = this.#header;
    for (const event of events) {
      this.#header.payloadType = this.#options.eventPayloadType;
      this.#header.marker = event.marker;
      this.#header.timestamp = event.timestamp;
      encodeHeaderInto(this.#eventPacket, this.#header);
      encodeEventInto(this.#eventPacket, RTP_HEADER_BYTES, event);
      this.#send(this.#eventPacket);
    }
    this.#header.payloadType = payloadTypeOf(this.#options.codec);
    this.#header.marker = false;
    this.#header.timestamp = timestamp;
  }

  #send(packet: Buffer): void {
    this.#deps.send(packet);
    this.#header.sequence = (this.#header.sequence + 1) & 0xffff;
    this.#sent++;
  }
}

const NO_EVENTS: readonly DtmfPacket[] = [];
