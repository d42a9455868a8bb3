import { openUdp } from '../../../src/udp/open-udp.ts';
import type { Udp, UdpPeer, UdpSocket, UdpSource } from '../../../src/udp/udp.ts';
import { type AudioFormat, answerDirection, type LocalAudio, type RemoteAudio } from '../sip/sdp.ts';

import { type AudioCodec, audioFormatOf, sampleRateHz } from './codec.ts';
import { TELEPHONE_EVENT_PAYLOAD_TYPE } from './dtmf.ts';
import { Heard } from './heard.ts';
import type { PhoneNetwork } from './phone-network.ts';
import type { Sound } from './sound.ts';
import { Speaking } from './speaking.ts';
import type { Ticker } from './ticker.ts';

export interface MediaOptions {
  readonly bindAddress: string;
  readonly codec: AudioCodec;
  readonly ptimeMs: number;
  readonly sound: Sound;
  /** Length of kept audio, said and heard; 0 keeps only statistics. */
  readonly keepMs: number;
  readonly audibleDbov: number;
  /** Each packet leaves up to this much too late, in order: a bad network. Default 0. */
  readonly jitterMs?: number;
  /** What its description says in place of its address: behind NAT a phone knows no better. */
  readonly toldAddress?: UdpAddress | undefined;
  /** What an odd phone makes of its description. */
  readonly alterSdp?: ((sdp: string) => string) | undefined;
  /** What its packets go through, both ways; none by default. */
  readonly network?: PhoneNetwork | undefined;
}

/** An IPv4 address and a port. */
export type UdpAddress = { readonly host: string; readonly port: number };

export interface MediaDeps {
  readonly ticker: Ticker;
  readonly onKey: (key: string, nowMs: number) => void;
}

/** Above those of Asterisk, see rtp.conf. */
const FIRST_PORT = 40_000;
const LAST_PORT = 60_000;
const MAX_BIND_TRIES = 50;
const RECEIVE_BUFFER_BYTES = 256 * 1024;

let udp: Promise<Udp> | null = null;

/** That of all phones of this process: it needs a third of the CPU of dgram, and its packets come with the event loop. */
function phonesUdp(): Promise<Udp> {
  udp ??= openUdp({ eventLoop: true });
  return udp;
}

/**
 * Phones of this process look for packets that often from now on, and are not woken by each one: that costs the process
 * that sends, as it does not where phones are on other machines. Must be called before the first call.
 */
export async function lookForPackets({ everyMs }: { everyMs: number }): Promise<void> {
  const polled = await openUdp();
  udp = Promise.resolve(polled);
  setInterval(() => polled.poll(0), everyMs);
}

/** The RTP side of one call: its socket, what it says and what it hears. */
export class Media {
  readonly heard: Heard;
  readonly #options: MediaOptions;
  /** The codec that is offered, and preferred. */
  #preferred: AudioCodec;
  readonly #deps: MediaDeps;
  #sound: Sound;
  #udp: Udp | null = null;
  #socket: UdpSocket | null = null;
  #remote: RemoteAudio | null = null;
  /** Where the other side wants its audio, once that is known. */
  #to: UdpPeer | null = null;
  #speaking: Speaking | null = null;
  #stopTicking: (() => void) | null = null;
  #heardFrom: UdpAddress | null = null;
  #connected = false;
  #closed = false;
  #lastDueMs = 0;

  constructor(options: MediaOptions, deps: MediaDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#sound = options.sound;
    this.#preferred = options.codec;
    this.heard = new Heard(
      {
        keepMs: options.keepMs,
        audibleDbov: options.audibleDbov,
        sampleRateHz: sampleRateHz(options.codec),
        eventPayloadType: TELEPHONE_EVENT_PAYLOAD_TYPE,
      },
      { onKey: deps.onKey },
    );
  }

  /** Null before the answer. */
  get speaking(): Speaking | null {
    return this.#speaking;
  }

  /** Sends that the peer refused, mostly after it had closed its socket. */
  get sendErrors(): number {
    return (this.#socket?.refused ?? 0) + (this.#socket?.failed ?? 0);
  }

  /** Where the other side wants its audio, as it has said; null before. */
  get remote(): UdpAddress | null {
    return this.#remote;
  }

  /** From where its audio comes; null before the first packet after the answer. */
  get heardFrom(): UdpAddress | null {
    return this.#heardFrom;
  }

  /** Our side, for an offer or an answer to the last description of the other side. */
  describe(): LocalAudio {
    const { bindAddress, toldAddress, alterSdp } = this.#options;
    return {
      host: toldAddress?.host ?? bindAddress,
      port: toldAddress?.port ?? this.#socket?.port ?? 0,
      codec: audioFormatOf(this.#codec),
      ptimeMs: this.#options.ptimeMs,
      eventPayloadType: this.#remote?.eventPayloadType ?? TELEPHONE_EVENT_PAYLOAD_TYPE,
      direction: answerDirection(this.#remote?.direction ?? 'sendrecv'),
      alter: alterSdp,
    };
  }

  /** Offers this codec from now on, whatever the other side has taken before. @returns the one before */
  prefer(codec: AudioCodec): AudioCodec {
    const before = this.#codec;
    this.#preferred = codec;
    if (this.#remote) this.#remote = { ...this.#remote, codecs: [audioFormatOf(codec)] };
    return before;
  }

  /** Opens the socket; packets are received from now on. */
  async open(): Promise<void> {
    this.#udp = await phonesUdp();
    this.#socket = await this.#bind(this.#udp, this.#options.bindAddress);
    // The call may have ended meanwhile.
    if (this.#closed) this.#socket.close();
  }

  /** Sends from another port from now on, and hears nothing at the one before: a NAT has forgotten it. */
  async move(bindAddress = this.#options.bindAddress): Promise<void> {
    if (this.#udp === null) return;
    const before = this.#socket;
    this.#socket = await this.#bind(this.#udp, bindAddress);
    this.#connected = false;
    before?.close();
    if (this.#closed) this.#socket.close();
  }

  /** A port of our own choice, since the kernel may choose one that Asterisk is about to take. */
  async #bind(udp: Udp, host: string): Promise<UdpSocket> {
    const options = { host, receiveBufferBytes: RECEIVE_BUFFER_BYTES };
    for (let tries = 1; ; tries++) {
      const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
      try {
        return await udp.open({ ...options, port }, (packet, from) => this.#receive(packet, from));
      } catch (error) {
        if (tries === MAX_BIND_TRIES) throw error;
      }
    }
  }

  /** Where the other side wants its audio; may come again with a re-INVITE. */
  setRemote(remote: RemoteAudio): void {
    const before = this.#remote;
    this.#remote = remote;
    this.#to = null;
    if (remote.eventPayloadType !== null) this.heard.eventPayloadType = remote.eventPayloadType;
    if (before !== null && (before.port !== remote.port || before.host !== remote.host)) this.#disconnect();
    if (this.#speaking !== null && this.#speaking.codec !== this.#codec) this.#speakAnew();
  }

  /** Speaks from now on, once a description of the other side has come. Idempotent. */
  start(): void {
    if (this.#speaking !== null || this.#socket === null || this.#closed) return;
    this.#speaking = new Speaking(
      {
        codec: this.#codec,
        ptimeMs: this.#options.ptimeMs,
        eventPayloadType: this.#remote?.eventPayloadType ?? TELEPHONE_EVENT_PAYLOAD_TYPE,
        sound: this.#sound,
        keepMs: this.#options.keepMs,
      },
      { send: (packet) => (this.#options.jitterMs ? this.#sendLate(packet) : this.#send(packet)) },
    );
    this.#stopTicking = this.#deps.ticker.add(this.#speaking);
  }

  say(sound: Sound): void {
    this.#sound = sound;
    this.#speaking?.say(sound);
  }

  stopSpeaking(): void {
    this.#stopTicking?.();
    this.#stopTicking = null;
  }

  /** With the codec of a re-INVITE: a new stream, and a new record of what is said. */
  #speakAnew(): void {
    this.stopSpeaking();
    this.#speaking = null;
    this.start();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.stopSpeaking();
    this.#socket?.close();
  }

  /** Ours when the other side takes it, else its first. */
  get #codec(): AudioCodec {
    const codec = this.#preferred;
    const theirs = this.#remote?.codecs.filter(isSpoken).map(({ name }) => name) ?? [codec];
    return theirs.includes(codec) ? codec : (theirs[0] ?? codec);
  }

  /** HOT PATH. */
  #receive(packet: Buffer, from: UdpSource): void {
    const { network } = this.#options;
    if (network === undefined) this.#arrived(packet, from);
    else {
      const { host, port } = from;
      network.carry('down', packet, (arriving) => this.#arrived(arriving, { host, port }));
    }
  }

  /** HOT PATH. */
  #arrived(packet: Buffer, from: UdpSource): void {
    this.heard.push(packet, performance.now());
    if (!this.#connected) this.#connect(from);
  }

  /**
   * A connected socket sends for a fifth less CPU. It waits for the first packet, because a server bound to any
   * address may send from another one than its SDP tells.
   */
  #connect(from: UdpSource): void {
    if (this.#speaking === null || from.port !== this.#remote?.port || this.#udp === null) return;
    this.#heardFrom = { host: from.host, port: from.port };
    this.#connected = this.#socket?.connect(this.#udp.peer(from.host, from.port)) ?? false;
  }

  #disconnect(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#socket?.connect(null);
  }

  #sendLate(packet: Buffer): void {
    const nowMs = performance.now();
    const dueMs = Math.max(this.#lastDueMs, nowMs + Math.random() * (this.#options.jitterMs ?? 0));
    this.#lastDueMs = dueMs;
    // The caller writes the next packet into the same buffer.
    const copy = Buffer.from(packet);
    setTimeout(() => this.#send(copy), dueMs - nowMs);
  }

  /** HOT PATH. */
  #send(packet: Buffer): void {
    const { network } = this.#options;
    if (network === undefined) this.#leave(packet);
    else network.carry('up', packet, (arriving) => this.#leave(arriving));
  }

  /** HOT PATH. */
  #leave(packet: Buffer): void {
    const remote = this.#remote;
    if (this.#closed || this.#socket === null || this.#udp === null || remote === null || remote.port === 0) return;
    if (remote.direction === 'sendonly' || remote.direction === 'inactive') return;
    if (this.#connected) this.#socket.send(packet, packet.length);
    else {
      this.#to ??= this.#udp.peer(remote.host, remote.port);
      this.#socket.sendTo(packet, packet.length, this.#to);
    }
  }
}

/** L16 is spoken at one rate only. */
function isSpoken(format: AudioFormat): boolean {
  return format.clockRateHz === sampleRateHz(format.name);
}
