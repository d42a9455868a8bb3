import { createSocket, type Socket } from 'node:dgram';
import { decodeL16Into, encodeL16Into } from '../../src/audio/l16.ts';
import { decodeRtpInto, emptyRtpView, encodeHeaderInto, RTP_HEADER_BYTES } from '../../src/rtp/packet.ts';
import type { Voice } from './floor-voices.ts';
import type { Endpoint } from './loopback.ts';
import { burstOnsets } from './phone/judge-bursts.ts';
import { processTicker } from './phone/ticker.ts';
import { boundSocket } from './sip/udp.ts';

const FRAME_MS = 20;
const FRAME_SAMPLES = 160;
const SAMPLES_PER_MS = 8;
/** L16 at 8000 Hz, as Asterisk sends it. */
const PAYLOAD_TYPE = 10;
/** Frames that are kept: 60 s. */
const KEPT = 3000;

/** 20 ms that went or came. */
type Frame = { readonly atMs: number; readonly samples: Int16Array };

/** Asterisk's end of a floor leg: says something, 20 ms at a time, and keeps what it is given back. */
export class FakeFloor {
  /** What is said from the next frame on. */
  voice: Voice;
  readonly #socket: Socket;
  readonly #said: Frame[] = [];
  readonly #heard: Frame[] = [];
  readonly #packet = Buffer.alloc(RTP_HEADER_BYTES + 2 * FRAME_SAMPLES);
  readonly #header = { payloadType: PAYLOAD_TYPE, marker: false, sequence: 0, timestamp: 0, ssrc: 1 };
  readonly #view = emptyRtpView();
  #target: Endpoint | null = null;
  #frame = 0;
  #stopTicking = () => {};

  private constructor(socket: Socket, voice: Voice) {
    this.#socket = socket;
    this.voice = voice;
    socket.on('message', (packet) => this.#receive(packet));
    // A relay that is being restarted refuses what is sent to it.
    socket.on('error', () => {});
  }

  static async open(address: string, voice: Voice): Promise<FakeFloor> {
    const socket = createSocket('udp4');
    await boundSocket(socket, { address, port: 0 });
    return new FakeFloor(socket, voice);
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /** Sends to the relay from now on. */
  sendTo(target: Endpoint): void {
    if (this.#target === null) this.#stopTicking = processTicker(FRAME_MS).add({ tick: () => this.#send() });
    this.#target = target;
  }

  close(): void {
    this.#stopTicking();
    this.#socket.close();
  }

  /** What has been given back since then, one frame behind the other; silence, of which nothing is sent, is left out. */
  heardSince(atMs: number): Int16Array {
    return joined(this.#heard.filter((frame) => frame.atMs >= atMs));
  }

  /** When the first frame since then came, or null. */
  firstHeardSince(atMs: number): number | null {
    return this.#heard.find((frame) => frame.atMs >= atMs)?.atMs ?? null;
  }

  /** When bursts of its voice were sent, since then. */
  onsetsSaidSince(atMs: number): number[] {
    return onsets(this.#said.filter((frame) => frame.atMs >= atMs));
  }

  /** When bursts of others came, since then. */
  onsetsHeardSince(atMs: number): number[] {
    return onsets(this.#heard.filter((frame) => frame.atMs >= atMs));
  }

  #send(): void {
    const target = this.#target;
    if (target === null) return;
    const samples = new Int16Array(FRAME_SAMPLES);
    this.voice(this.#frame++, samples);
    const header = this.#header;
    header.sequence = (header.sequence + 1) & 0xffff;
    header.timestamp = (header.timestamp + FRAME_SAMPLES) >>> 0;
    const packet = Buffer.from(this.#packet);
    encodeHeaderInto(packet, header);
    encodeL16Into(samples, packet.subarray(RTP_HEADER_BYTES));
    keep(this.#said, samples);
    this.#socket.send(packet, target.port, target.address);
  }

  #receive(packet: Buffer): void {
    const view = this.#view;
    if (decodeRtpInto(view, packet) !== null) return;
    const samples = new Int16Array(FRAME_SAMPLES);
    decodeL16Into(packet.subarray(view.payloadStart, view.payloadEnd), samples);
    keep(this.#heard, samples);
  }
}

function keep(frames: Frame[], samples: Int16Array): void {
  frames.push({ atMs: performance.now(), samples });
  if (frames.length > KEPT) frames.splice(0, KEPT / 10);
}

function joined(frames: readonly Frame[]): Int16Array {
  const out = new Int16Array(frames.length * FRAME_SAMPLES);
  for (const [i, { samples }] of frames.entries()) out.set(samples, i * FRAME_SAMPLES);
  return out;
}

/** By the time of its frame and its place in it. */
function onsets(frames: readonly Frame[]): number[] {
  return burstOnsets(joined(frames)).map((at) => {
    const frame = frames[Math.floor(at / FRAME_SAMPLES)];
    return (frame?.atMs ?? Number.NaN) + (at % FRAME_SAMPLES) / SAMPLES_PER_MS;
  });
}
