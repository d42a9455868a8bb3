import { randomInt } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import { ComfortNoise } from '../audio/comfort-noise.ts';
import { decodeL16Into, encodeL16Into } from '../audio/l16.ts';
import { Mixer } from '../audio/mixer.ts';
import { Pacing } from '../rtp/pacing.ts';
import { decodeRtpInto, emptyRtpView, encodeHeaderInto, RTP_HEADER_BYTES } from '../rtp/packet.ts';
import { FRAME_SAMPLES } from './audience.ts';
import type { MediaPorts, MediaSocket } from './media-socket.ts';
import type { FloorWish, RtpAddress } from './protocol.ts';
import { RemoteSources } from './remote-sources.ts';

const FRAME_MS = 20;
const FRAME_BYTES = 2 * FRAME_SAMPLES;
/** Dynamic, as Asterisk uses it for L16 at 8000 Hz (`slin`). */
const PAYLOAD_TYPE = 10;
const PACKETS_IN_TURN = 8;

const SILENCE = new Int16Array(FRAME_SAMPLES);
const view = emptyRtpView();

export type FloorDeps = {
  /** Receives each frame for the audience; it must be used before the next one. */
  play: (samples: Int16Array, noiseDbov: number | null) => void;
  /** Receives each frame of this node for the others. */
  share: (samples: Int16Array, nodes: readonly string[]) => void;
};

/**
 * The floor of a conference: takes what Asterisk mixes there, which is 20 ms at a time, and gives back what is said on
 * other nodes, and comfort noise. A frame is passed on as soon as it comes; where none comes in time, silence takes its
 * place.
 */
export class Floor {
  /** What other nodes send. */
  readonly remote = new RemoteSources();
  #wish: FloorWish;
  readonly #deps: FloorDeps;
  readonly #pacing: Pacing;
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  readonly #fromOthers = new Int16Array(FRAME_SAMPLES);
  readonly #everything = new Int16Array(FRAME_SAMPLES);
  readonly #mixer = new Mixer(FRAME_SAMPLES);
  readonly #packets = Array.from({ length: PACKETS_IN_TURN }, () => Buffer.alloc(RTP_HEADER_BYTES + FRAME_BYTES));
  readonly #header = {
    payloadType: PAYLOAD_TYPE,
    marker: false,
    sequence: randomInt(0x10000),
    timestamp: randomInt(0x7fffffff),
    ssrc: randomInt(0x7fffffff),
  };
  #socket: MediaSocket | null = null;
  readonly #noise = new ComfortNoise(8000);
  #closed = false;

  constructor(wish: FloorWish, deps: FloorDeps, nowMs: number) {
    this.#wish = wish;
    this.#deps = deps;
    this.#pacing = new Pacing({ frameMs: FRAME_MS, frameSamples: FRAME_SAMPLES }, nowMs);
  }

  /** @returns where Asterisk is to send to; rejects if no port can be had */
  async open(ports: MediaPorts, host: string): Promise<RtpAddress> {
    const socket = await ports.open(this.#wish.port, (packet, from) => this.#receive(packet, from));
    this.#socket = socket;
    if (this.#closed) socket.close();
    this.#aim();
    return { host, port: socket.port };
  }

  /** A controller that was restarted does not know at once where Asterisk is; it has not moved. */
  change(wish: FloorWish): void {
    for (const nodeId of this.#wish.nodes) if (!wish.nodes.includes(nodeId)) this.remote.forget(nodeId);
    this.#wish = { ...wish, asterisk: wish.asterisk ?? this.#wish.asterisk };
    this.#aim();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  /** HOT PATH. To be called every few milliseconds. */
  tick(nowMs: number): void {
    while (this.#pacing.overdue(nowMs)) this.#advance(SILENCE, nowMs);
  }

  #aim(): void {
    if (this.#wish.asterisk) this.#socket?.aim(this.#wish.asterisk);
  }

  /** HOT PATH. @returns whether it came from Asterisk */
  #receive(packet: Buffer, from: RemoteInfo): boolean {
    const { asterisk } = this.#wish;
    if (from.port !== asterisk?.port || from.address !== asterisk.host) return false;
    if (decodeRtpInto(view, packet) !== null || view.payloadEnd - view.payloadStart !== FRAME_BYTES) return false;
    const nowMs = performance.now();
    if (this.#pacing.arrived(view.timestamp, nowMs)) {
      decodeL16Into(packet.subarray(view.payloadStart, view.payloadEnd), this.#frame);
      this.#advance(this.#frame, nowMs);
    }
    return true;
  }

  /** HOT PATH. 20 ms of the conference, of which Asterisk has sent `local`. */
  #advance(local: Int16Array, nowMs: number): void {
    const { noiseDbov, floorNoise, nodes } = this.#wish;
    if (nodes.length > 0) this.#deps.share(local, nodes);
    const others = this.#fromOthers;
    const heard = this.remote.pullInto(others, nowMs);
    this.#deps.play(heard ? this.#mix(local, others) : local, noiseDbov);
    const noise = floorNoise ? noiseDbov : null;
    if (heard || noise !== null) this.#giveBack(heard ? others : SILENCE, noise);
  }

  /** HOT PATH. */
  #mix(local: Int16Array, others: Int16Array): Int16Array {
    this.#mixer.reset();
    this.#mixer.add(local);
    this.#mixer.add(others);
    this.#mixer.mixInto(this.#everything);
    return this.#everything;
  }

  /** HOT PATH. What those on the floor hear besides each other. */
  #giveBack(samples: Int16Array, noiseDbov: number | null): void {
    const header = this.#header;
    header.sequence = (header.sequence + 1) & 0xffff;
    header.timestamp = (header.timestamp + FRAME_SAMPLES) >>> 0;
    const packet = this.#packets[header.sequence % PACKETS_IN_TURN] as Buffer;
    encodeHeaderInto(packet, header);
    encodeL16Into(this.#withNoise(samples, noiseDbov), packet.subarray(RTP_HEADER_BYTES));
    this.#socket?.send(packet);
  }

  /** HOT PATH. */
  #withNoise(samples: Int16Array, noiseDbov: number | null): Int16Array {
    if (noiseDbov === null) return samples;
    this.#noise.addInto(this.#everything, samples, noiseDbov);
    return this.#everything;
  }
}
