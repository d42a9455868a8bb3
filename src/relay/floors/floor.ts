import { randomInt } from 'node:crypto';
import { ComfortNoise } from '../../audio/comfort-noise.ts';
import { Mixer } from '../../audio/mixer.ts';
import { Pacing } from '../../rtp/pacing.ts';
import {
  decodeRtpInto,
  emptyRtpView,
  encodeHeaderInto,
  RTP_HEADER_BYTES,
  type RtpHeader,
  TICKS_PER_FRAME,
} from '../../rtp/packet.ts';
import type { Udp, UdpSocket, UdpSource } from '../../udp/udp.ts';
import type { FloorSpec, RtpAddress } from '../protocol/protocol.ts';
import type { FloorState } from '../upgrade/succession.ts';
import { type FloorCodec, floorCodec } from './floor-codec.ts';
import { RemoteSources } from './remote-sources.ts';

/** Asterisk is on this host. */
const HOST = '127.0.0.1';
/** Some hundred packets. */
const RECEIVE_BUFFER_BYTES = 256 * 1024;
const FRAME_MS = 20;
const PACKETS_IN_TURN = 8;
/**
 * Asterisk plays the returned frame with its next one, 20 ms later. Frames of other nodes are awaited for so long; the
 * rest of the time is for a busy machine.
 */
const GIVE_BACK_AFTER_MS = 8;

const view = emptyRtpView();

export type FloorDeps = {
  udp: Udp;
  /** Receives each frame for the audience, which is valid until the next call. */
  play: (samples: Int16Array, noiseDbov: number | null) => void;
  /** Receives each frame of this node for the others. */
  share: (samples: Int16Array, nodes: readonly string[]) => void;
  /** `advance` must be called at this time, which may be earlier than the one before. */
  wakeAt: (atMs: number) => void;
};

/**
 * The floor of a conference: receives Asterisk's mix, 20 ms at a time, and returns the audio of other nodes with
 * comfort noise. A frame goes to the other nodes as soon as it comes. It goes to the audience at once too, unless other
 * nodes send audio. Silence replaces a frame that does not come in time.
 */
export class Floor {
  readonly sampleRateHz: FloorSpec['sampleRateHz'];
  /** The audio of other nodes. */
  readonly remote: RemoteSources;
  #spec: FloorSpec;
  readonly #deps: FloorDeps;
  readonly #pacing: Pacing;
  readonly #codec: FloorCodec;
  readonly #silence: Int16Array;
  readonly #frame: Int16Array;
  readonly #fromOthers: Int16Array;
  readonly #everything: Int16Array;
  readonly #mixer: Mixer;
  readonly #noise: ComfortNoise;
  readonly #packets: readonly Buffer[];
  readonly #header: RtpHeader;
  /** A frame of Asterisk that has not been mixed with those of other nodes yet. */
  #waiting: Int16Array | null = null;
  #waitsUntilMs = Number.POSITIVE_INFINITY;
  #socket: UdpSocket | null = null;
  #closed = false;

  /** @param header of the last packet that a previous process sent to Asterisk */
  constructor(spec: FloorSpec, deps: FloorDeps, nowMs: number, header: FloorState['header'] = newHeader()) {
    this.#spec = spec;
    this.#deps = deps;
    const { sampleRateHz } = spec;
    this.sampleRateHz = sampleRateHz;
    const samples = (sampleRateHz * FRAME_MS) / 1000;
    const frame = () => new Int16Array(samples);
    this.#codec = floorCodec(sampleRateHz);
    this.#silence = frame();
    this.#frame = frame();
    this.#fromOthers = frame();
    this.#everything = frame();
    this.#mixer = new Mixer(samples);
    this.#noise = new ComfortNoise(sampleRateHz);
    this.#packets = Array.from({ length: PACKETS_IN_TURN }, () =>
      Buffer.alloc(RTP_HEADER_BYTES + this.#codec.payloadBytes),
    );
    this.#header = { payloadType: this.#codec.payloadType, marker: false, ...header };
    this.remote = new RemoteSources(sampleRateHz);
    this.#pacing = new Pacing(nowMs);
  }

  /** The state for a successor; null if the socket has no descriptor. Nothing may be played afterwards. */
  handOver(): { state: FloorState; descriptor: number } | null {
    const { port, descriptor = null } = this.#socket ?? {};
    if (port === undefined || descriptor === null) return null;
    this.#mixWaiting();
    const { sequence, timestamp, ssrc } = this.#header;
    const state = { spec: { ...this.#spec, port }, local: { host: HOST, port }, header: { sequence, timestamp, ssrc } };
    return { state, descriptor };
  }

  /** @returns the address that Asterisk must send to, with the wanted port if it is free */
  async open(descriptor?: number): Promise<RtpAddress> {
    const { port } = this.#spec;
    const options = { host: HOST, receiveBufferBytes: RECEIVE_BUFFER_BYTES, descriptor };
    const open = (wanted: number) =>
      this.#deps.udp.open({ ...options, port: wanted }, (packet, from) => this.#receive(packet, from));
    const socket = await open(port ?? 0).catch((error: Error) => {
      if (port === null) throw error;
      return open(0);
    });
    this.#socket = socket;
    if (this.#closed) socket.close();
    this.#aim();
    return { host: HOST, port: socket.port };
  }

  /** A restarted controller does not know Asterisk's address at once: the known one stays valid. */
  change(spec: FloorSpec): void {
    for (const nodeId of this.#spec.nodes) if (!spec.nodes.includes(nodeId)) this.remote.forget(nodeId);
    this.#spec = { ...spec, asterisk: spec.asterisk ?? this.#spec.asterisk };
    this.#aim();
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  /** HOT PATH. The time at which `advance` must be called, unless packets come before. */
  get dueMs(): number {
    return Math.min(this.#pacing.overdueMs, this.#waitsUntilMs);
  }

  /** HOT PATH. Mixes and plays all frames that are due. */
  advance(nowMs: number): void {
    if (nowMs >= this.#waitsUntilMs) this.#mixWaiting();
    while (this.#pacing.overdue(nowMs)) this.#play(this.#silence, nowMs);
  }

  #aim(): void {
    const { asterisk } = this.#spec;
    if (asterisk) this.#socket?.connect(this.#deps.udp.peer(asterisk.host, asterisk.port));
  }

  /** HOT PATH. */
  #receive(packet: Buffer, from: UdpSource): void {
    const { asterisk } = this.#spec;
    if (from.port !== asterisk?.port || from.host !== asterisk.host) return;
    if (decodeRtpInto(view, packet) !== null) return;
    if (view.payloadEnd - view.payloadStart !== this.#codec.payloadBytes) return;
    const nowMs = performance.now();
    this.#mixWaiting();
    // Late packets are decoded too: some codecs depend on the frame before.
    this.#codec.decodeInto(packet.subarray(view.payloadStart, view.payloadEnd), this.#frame);
    if (this.#pacing.arrived(view.timestamp, nowMs)) this.#play(this.#frame, nowMs);
  }

  /** HOT PATH. Plays 20 ms of the conference. @param local the frame of Asterisk */
  #play(local: Int16Array, nowMs: number): void {
    const { nodes } = this.#spec;
    if (nodes.length > 0) this.#deps.share(local, nodes);
    if (this.remote.isEmpty) return this.#mixWithOthers(local, nowMs);
    this.#mixWaiting();
    this.#waiting = local;
    this.#waitsUntilMs = nowMs + GIVE_BACK_AFTER_MS;
    this.#deps.wakeAt(this.#waitsUntilMs);
  }

  /** HOT PATH. */
  #mixWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    this.#waitsUntilMs = Number.POSITIVE_INFINITY;
    this.#mixWithOthers(waiting, performance.now());
  }

  /** HOT PATH. */
  #mixWithOthers(local: Int16Array, nowMs: number): void {
    const { noiseDbov, floorNoise } = this.#spec;
    const others = this.#fromOthers;
    const heard = this.remote.pullInto(others, nowMs);
    this.#deps.play(heard ? this.#mix(local, others) : local, noiseDbov);
    const noise = floorNoise ? noiseDbov : null;
    if (heard || noise !== null) this.#giveBack(heard ? others : this.#silence, noise);
  }

  /** HOT PATH. */
  #mix(local: Int16Array, others: Int16Array): Int16Array {
    this.#mixer.reset();
    this.#mixer.add(local);
    this.#mixer.add(others);
    this.#mixer.mixInto(this.#everything);
    return this.#everything;
  }

  /** HOT PATH. Sends Asterisk the audio that speakers hear besides each other. */
  #giveBack(samples: Int16Array, noiseDbov: number | null): void {
    const header = this.#header;
    header.sequence = (header.sequence + 1) & 0xffff;
    header.timestamp = (header.timestamp + TICKS_PER_FRAME) >>> 0;
    const packet = this.#packets[header.sequence % PACKETS_IN_TURN] as Buffer;
    encodeHeaderInto(packet, header);
    if (noiseDbov !== null) this.#noise.addInto(this.#everything, samples, noiseDbov);
    const heard = noiseDbov === null ? samples : this.#everything;
    this.#codec.encodeInto(heard, packet.subarray(RTP_HEADER_BYTES));
    if (this.#spec.asterisk) this.#socket?.send(packet, packet.length);
  }
}

function newHeader(): FloorState['header'] {
  return { sequence: randomInt(0x10000), timestamp: randomInt(0x7fffffff), ssrc: randomInt(0x7fffffff) };
}
