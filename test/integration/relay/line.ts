import { createSocket, type Socket } from 'node:dgram';
import { decodeG711Into, encodeG711Into } from '../../../src/audio/g711.ts';
import { G722Decoder, G722Encoder } from '../../../src/audio/g722.ts';
import type { CallSpec, RtpAddress } from '../../../src/relay/protocol/protocol.ts';
import { decodeRtpInto, emptyRtpView, encodeHeaderInto, RTP_HEADER_BYTES } from '../../../src/rtp/packet.ts';
import { levelDbov, toneLevelDbov } from '../../kit/phone/judge.ts';

const FRAME_MS = 20;
const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8, G722: 9 } as const;
const COMFORT_NOISE = 13;
const KEEP_SAMPLES = 160_000;
/** The level in -dBov of the comfort noise that a phone sends; not that of the relay's. */
export const PHONE_NOISE = 78;

/** A packet as it came. */
export type Arrival = {
  readonly atMs: number;
  readonly from: RtpAddress;
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
};

/** One end of a call: a socket that talks RTP, as a phone does, or Asterisk. */
export class Line {
  readonly arrivals: Arrival[] = [];
  /** Datagrams that have come and were no RTP. */
  others = 0;
  ssrc = 1000 + Math.floor(performance.now());
  readonly #socket: Socket;
  readonly #codec: NonNullable<CallSpec['codec']>;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #decoder = new G722Decoder(320);
  #heard: number[] = [];
  #target: RtpAddress | null = null;
  #sequence = 100;
  #closed = false;

  private constructor(socket: Socket, codec: CallSpec['codec']) {
    this.#socket = socket;
    this.#codec = codec ?? 'PCMU';
    const view = emptyRtpView();
    socket.on('message', (packet, { address, port }) => {
      if (decodeRtpInto(view, packet) !== null) {
        this.others += 1;
        return;
      }
      const payload = Buffer.from(packet.subarray(view.payloadStart, view.payloadEnd));
      const { payloadType, marker, sequence, timestamp, ssrc } = view;
      const from = { host: address, port };
      this.arrivals.push({ atMs: performance.now(), from, payloadType, marker, sequence, timestamp, ssrc, payload });
      this.#hear(payloadType, payload);
    });
  }

  static async open(host: string, { codec = null, port = 0 }: { codec?: CallSpec['codec']; port?: number } = {}) {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, resolve);
    });
    return new Line(socket, codec);
  }

  get address(): RtpAddress {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  get sampleRateHz(): 8000 | 16_000 {
    return this.#codec === 'G722' ? 16_000 : 8000;
  }

  /** Where its packets go from now on. */
  sendTo(target: RtpAddress): void {
    this.#target = target;
  }

  /** Where the last packet came from. */
  get peer(): RtpAddress | null {
    return this.arrivals.at(-1)?.from ?? null;
  }

  /**
   * Sends a tone all the time, 20 ms in each packet. @returns how to stop it
   * @param burstMs the network lets packets through only each so many ms
   */
  say(freqHz: number, levelDbov: number, burstMs = 1): () => void {
    const amplitude = 32_768 * Math.SQRT2 * 10 ** (levelDbov / 20);
    const encoder = new G722Encoder(320);
    const samples = new Int16Array((this.sampleRateHz * FRAME_MS) / 1000);
    const startedMs = performance.now();
    let frames = 0;
    const timer = setInterval(() => {
      const passedMs = Math.floor((performance.now() - startedMs) / burstMs) * burstMs;
      for (; frames * FRAME_MS < passedMs; frames++) {
        for (let i = 0; i < samples.length; i++) {
          const at = frames * samples.length + i;
          samples[i] = Math.round(amplitude * Math.sin((2 * Math.PI * freqHz * at) / this.sampleRateHz));
        }
        const payload = new Uint8Array(160);
        if (this.#codec === 'G722') encoder.encodeInto(samples, payload);
        else encodeG711Into(this.#codec, samples, payload);
        this.send(PAYLOAD_TYPES[this.#codec], payload);
      }
    }, 5);
    this.#timers.push(timer);
    return () => clearInterval(timer);
  }

  /** Does something again and again until it is to be silent, such as sending. */
  repeat(everyMs: number, send: () => void): void {
    send();
    this.#timers.push(setInterval(send, everyMs));
  }

  /** So many of its packets are lost on the way. */
  lose(packets: number): void {
    this.#sequence += packets;
  }

  /** Sends faint comfort noise in place of a voice, as phones do that are muted (RFC 3389). */
  sendComfortNoise(): void {
    this.send(COMFORT_NOISE, Uint8Array.of(PHONE_NOISE));
  }

  /** Sends any bytes. */
  sendBytes(bytes: Uint8Array, to: RtpAddress | null = this.#target): void {
    if (to) this.#socket.send(bytes, to.port, to.host);
  }

  /** The next packet. */
  send(payloadType: number, payload: Uint8Array, { marker = false, timestamp = this.#sequence * 160 } = {}): void {
    const packet = Buffer.alloc(RTP_HEADER_BYTES + payload.length);
    const sequence = this.#sequence & 0xffff;
    this.#sequence += 1;
    encodeHeaderInto(packet, { payloadType, marker, sequence, timestamp, ssrc: this.ssrc });
    packet.set(payload, RTP_HEADER_BYTES);
    if (this.#target) this.#socket.send(packet, this.#target.port, this.#target.host);
  }

  /** A packet of a key (RFC 4733). */
  sendKey(key: number, packet: number, payloadType = 101): void {
    const ticks = packet * 160;
    const payload = Uint8Array.of(key, packet > 4 ? 0x8a : 10, ticks >> 8, ticks & 0xff);
    this.send(payloadType, payload, { marker: packet === 0, timestamp: 1600 });
  }

  /** How loud a tone was in the last 200 ms that it has heard. */
  level(freqHz: number): number {
    const samples = (this.sampleRateHz * 200) / 1000;
    const last = this.arrivals.at(-1)?.atMs ?? 0;
    if (performance.now() - last > 200) return -127;
    return toneLevelDbov(Int16Array.from(this.#heard.slice(-samples)), freqHz, this.sampleRateHz);
  }

  /** How loud everything was in that time. */
  power(): number {
    return levelDbov(Int16Array.from(this.#heard.slice((-this.sampleRateHz * 200) / 1000)));
  }

  /** Sends nothing any more. */
  hush(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Idempotent. */
  close(): void {
    this.hush();
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #hear(payloadType: number, payload: Buffer): void {
    if (payloadType !== PAYLOAD_TYPES[this.#codec]) return;
    const samples = new Int16Array((payload.length * this.sampleRateHz) / 8000);
    if (this.#codec !== 'G722') decodeG711Into(this.#codec, payload, samples);
    else {
      for (let at = 0; at < payload.length; at += 160) {
        this.#decoder.decodeInto(payload.subarray(at, at + 160), samples.subarray(2 * at, 2 * at + 320));
      }
    }
    this.#heard.push(...samples);
    if (this.#heard.length > KEEP_SAMPLES) this.#heard = this.#heard.slice(-KEEP_SAMPLES / 2);
  }
}
