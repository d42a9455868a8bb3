import { randomInt } from 'node:crypto';
import { equals } from '../../base/equals.ts';
import { OutgoingStream } from '../../rtp/outgoing-stream.ts';
import { decodeRtpInto, emptyRtpView, RTP_HEADER_BYTES, TICKS_PER_MS } from '../../rtp/packet.ts';
import { Reception } from '../../rtp/reception.ts';
import { audioFilter } from '../../udp/filter.ts';
import type { PacketHandler, UdpPeer, UdpSocket, UdpSource } from '../../udp/udp.ts';
import type { AudienceListener, Hearing } from '../audience/audience-listener.ts';
import { PromptQueue } from '../audience/prompt-queue.ts';
import type { CallSpec, CallStatistics } from '../protocol/protocol.ts';
import { type CallProgress, type CallState, newCallProgress, type PhoneReport } from '../upgrade/succession.ts';
import type { CallDeps } from './call-deps.ts';
import { CallRtcp } from './call-rtcp.ts';
import { CodecWatch, FIRST_DYNAMIC_TYPE } from './codec-watch.ts';
import { openWhenFree } from './open-when-free.ts';
import { PhoneSource } from './phone-source.ts';
import { type CallDropReason, countDrop } from './rtp-drops.ts';
import { silenceOf } from './silence.ts';
import { TalkWatch } from './talk-watch.ts';
import { eventEndsMs, isTelephoneEvent } from './telephone-event.ts';
import { WayToAsterisk } from './way-to-asterisk.ts';

/** Expedited forwarding (RFC 3246), as routers expect it of voice. */
const EF = 46;
/** Some hundred packets. */
const BUFFER_BYTES = 64 * 1024;
/** One packet of a listener's phone in this time shows its presence, its address and its losses. */
const SEEN_EVERY_MS = 320;
/** A phone that is not heard for so long may have moved: the kernel then passes packets from other addresses. */
const UNHEARD_MS = 400;
/**
 * The phone of an earlier call may still send to its former port, possibly from the same SBC. For so long the right
 * phone can win the port back.
 */
const CONTESTED_MS = 2000;
/** A packet is sent at least this often, since firewalls close unused paths. */
const IDLE_MS = 1000;
/** The silence of a phone is reported at this interval. */
const SILENT_MS = 25_000;

/**
 * Asterisk gets a listener's audio, which nobody hears, for so long after a digit or after the end of speaking.
 * Only this audio makes Asterisk end a digit whose packets came at once, and remove the hook of a speaker's meter.
 */
const LAST_AUDIO_MS = 1000;

// This is overwritten by each packet.
const view = emptyRtpView();

/**
 * The RTP of one call, between its phone and Asterisk. It passes through both ways, unless the phone is a listener's.
 * Then the phone gets a conference, and Asterisk gets its DTMF and a moment of audio. The phone gets one stream.
 */
export class Call implements AudienceListener {
  hearing: Hearing;
  readonly #deps: CallDeps;
  #spec: CallSpec;
  readonly #source: PhoneSource;
  #rtp: UdpSocket | null = null;
  #peer: UdpPeer | null = null;
  #closed = false;
  /** Until then, the listener's phone gets a key from Asterisk, and nothing else. */
  #keyUntilMs = Number.NEGATIVE_INFINITY;
  readonly #stream: OutgoingStream;
  #prompts = new PromptQueue();
  readonly #reception: Reception;
  readonly #rtcp: CallRtcp;
  readonly #way: WayToAsterisk;
  readonly #contestedUntilMs: number;
  readonly #progress: CallProgress;
  readonly #codecWatch: CodecWatch;
  readonly #talkWatch: TalkWatch;

  /** @param continued the state that another process has handed over; null for a new call */
  constructor(spec: CallSpec, deps: CallDeps, continued: CallState | null = null) {
    this.#deps = deps;
    this.#stream = new OutgoingStream((end) => randomInt(end), continued?.stream);
    this.#reception = new Reception(continued?.reception);
    this.#codecWatch = new CodecWatch(continued?.dynamicType);
    this.#talkWatch = new TalkWatch(spec.talkLevel);
    this.#spec = spec;
    this.hearing = hearingOf(spec);
    const asterisk = deps.udp.peer(spec.asterisk.host, spec.asterisk.port);
    this.#way = new WayToAsterisk(continued?.incoming ?? spec.sequenceOffset ?? 0, {
      send: (packet) => deps.toAsterisk(packet, asterisk),
      codecOf: (payloadType) => this.#codecWatch.codecOf(payloadType, this.#spec.codec),
      onHeld: deps.onHeld,
      onKey: deps.onKey,
    });
    this.#way.setGate(spec.gate);
    const { phone, sources, source, signalling } = spec;
    const nowMs = performance.now();
    const options = { described: phone, hosts: sources, known: source, signalling };
    this.#source = new PhoneSource(options, nowMs, continued?.source);
    const rtcpDeps = {
      udp: deps.udp,
      stream: this.#stream,
      reception: this.#reception,
      payloadBytes: () => this.#progress.payloadBytes,
      isAllowed: (host: string) => this.#source.allows(host),
      onHeard: (host: string) => {
        this.#source.heardRtcp(host);
        this.#heard(performance.now());
      },
    };
    this.#rtcp = new CallRtcp(rtcpDeps, continued?.rtcp);
    this.#aim(nowMs);
    this.#contestedUntilMs = continued ? Number.NEGATIVE_INFINITY : nowMs + CONTESTED_MS;
    this.#progress = continued ? { ...continued } : newCallProgress(nowMs);
  }

  /** The state for a successor, and the descriptors of the sockets; null if there are none. */
  get estate(): { state: CallState; descriptors: number[] } | null {
    const descriptors = [this.#rtp?.descriptor, this.#rtcp.descriptor].filter((fd) => typeof fd === 'number');
    if (typeof this.#rtp?.descriptor !== 'number') return null;
    const state: CallState = {
      // The progress of a continued call has the other parts too, as they were.
      ...this.#progress,
      spec: { ...this.#spec, source: this.#source.isKnown ? this.#source.address : null },
      stream: this.#stream.state,
      reception: this.#reception.state,
      dynamicType: this.#codecWatch.dynamicType,
      source: this.#source.state,
      incoming: this.#way.state,
      rtcp: this.#rtcp.state,
      sockets: descriptors.length,
    };
    return { state, descriptors };
  }

  get spec(): CallSpec {
    return this.#spec;
  }

  get isOpen(): boolean {
    return this.#rtp !== null;
  }

  /** The latest RTCP report of the phone; null before the first. */
  get phoneReport(): PhoneReport | null {
    return this.#rtcp.phoneReport;
  }

  /** Whether the phone gets a conference from the relay. */
  get isListener(): boolean {
    return this.#rtp !== null && this.#spec.hearing !== null && this.#spec.codec !== null;
  }

  /** Opens the ports that the phone sends to. Rejects with a `UdpError` if the RTP port stays taken. */
  async open(): Promise<void> {
    const { udp } = this.#deps;
    const { host, port } = this.#spec.local;
    const options = { host, receiveBufferBytes: BUFFER_BYTES, dscp: EF };
    this.#rtp = await openWhenFree(udp, { ...options, port }, this.#fromPhone);
    // The RTCP port carries only reports, and may be taken.
    await this.#rtcp.open({ host, port: port + 1 }).catch(() => {});
    if (this.#closed) return this.close();
    this.#way.remind(performance.now());
    this.#settle();
  }

  /** Continues with the sockets of another process. They keep their peer, their filter and waiting packets. */
  async adopt([rtp, rtcp]: readonly number[]): Promise<void> {
    const { host, port } = this.#spec.local;
    this.#rtp = await this.#deps.udp.open({ host, port, descriptor: rtp }, this.#fromPhone);
    this.#rtp.setDeferred(this.#progress.everyNth > 1);
    if (rtcp !== undefined) await this.#rtcp.open({ host, port: port + 1, descriptor: rtcp });
    if (this.#closed) this.close();
  }

  /** Changes the audio that the phone gets. The state of the phone is kept. */
  change(spec: CallSpec): void {
    // A restarted controller repeats everything.
    if (equals({ ...spec, source: null }, { ...this.#spec, source: null })) return;
    if ((spec.hearing === null) !== (this.#spec.hearing === null)) {
      this.#prompts = new PromptQueue();
      this.#progress.passedUntilMs = performance.now();
      this.#way.flush(this.#progress.passedUntilMs);
    }
    const { phone: described, sources: hosts } = spec;
    if (!equals([described, hosts], [this.#spec.phone, this.#spec.sources])) {
      const nowMs = performance.now();
      if (this.#source.describe({ described, hosts }, nowMs)) this.#deps.onSource(null);
      this.#connect(false);
      this.#aim(nowMs);
    }
    this.#way.setGate(spec.gate);
    this.#talkWatch.change(spec.talkLevel);
    if (spec.codec !== this.#spec.codec) this.#codecWatch.changed(performance.now());
    this.#spec = spec;
    this.hearing = hearingOf(spec);
    this.#settle();
  }

  close(): void {
    this.#closed = true;
    this.#rtp?.close();
    this.#rtcp.close();
  }

  /** HOT PATH. Sends a packet of a conference, which has room for its header. */
  send(packet: Buffer, bytes: number, ticks: number): void {
    const { nowMs } = this.#deps.clock;
    if (nowMs < this.#keyUntilMs) return this.#stream.skip(ticks, nowMs);
    this.#stream.next(packet, ticks, this.#codecWatch.payloadTypeOf(this.hearing.codec), false, nowMs);
    if (!this.#progress.isConnected) return this.#transmit(packet, bytes);
    this.#rtp?.queue(packet, bytes);
    this.#progress.payloadBytes += bytes - RTP_HEADER_BYTES;
  }

  /** HOT PATH. */
  prompt(rateHz: 8000 | 16_000): Int16Array | null {
    return this.#prompts.next(rateHz);
  }

  /** HOT PATH. Forwards a packet of Asterisk to the phone, or mixes it into the conference of a listener. */
  fromAsterisk(packet: Buffer): void {
    if (decodeRtpInto(view, packet) !== null) return;
    this.#codecWatch.told(view.payloadType, view.payloadEnd - view.payloadStart, this.#spec.codec);
    if (!this.isListener) {
      if (this.#stream.forward(view, packet, performance.now())) this.#transmit(packet, packet.length);
      return;
    }
    if (isTelephoneEvent(view)) return this.#sendKey(packet, performance.now());
    const { codec } = this.hearing;
    if (view.payloadType !== this.#codecWatch.payloadTypeOf(codec)) return;
    this.#prompts.push(packet.subarray(view.payloadStart, view.payloadEnd), codec);
  }

  /** HOT PATH. As `WayToAsterisk.advance`. */
  advance(nowMs: number): number {
    return this.#way.advance(nowMs);
  }

  /** As `WayToAsterisk.flush`. */
  flush(nowMs: number): void {
    this.#way.flush(nowMs);
  }

  /** Must be called a few times per second. */
  tick(nowMs: number): void {
    if (this.#progress.isConnected && nowMs - this.#progress.heardAtMs > UNHEARD_MS) this.#connect(false);
    if (this.#source.mayReceive(nowMs) !== (this.#peer !== null)) this.#aim(nowMs);
    this.#way.ifRenumbered(this.#deps.onRenumbered);
    if (this.isOpen && this.#way.tick(this.isListener, nowMs)) this.#progress.passedUntilMs = nowMs;
    if (this.#codecWatch.isDue(this.#spec.codec, nowMs)) this.#deps.onCodec();
    const silentMs = nowMs - this.#progress.heardAtMs;
    if (silentMs > SILENT_MS && nowMs - this.#progress.toldSilentAtMs > SILENT_MS) {
      this.#progress.toldSilentAtMs = nowMs;
      this.#deps.onSilent(Math.round(silentMs / 1000));
    }
    const { packets } = this.#stream;
    if (packets !== this.#progress.packetsBefore) this.#progress.idleSinceMs = nowMs;
    this.#progress.packetsBefore = packets;
    if (nowMs - this.#progress.idleSinceMs >= IDLE_MS && this.#rtp) this.#sendSilence(nowMs);
  }

  statistics(nowMs: number): CallStatistics {
    const { expected, lost, jitterMs } = this.#reception;
    const { phoneReport } = this;
    return {
      packetsReceived: Math.max(0, expected - lost),
      packetsLost: lost,
      jitterMs,
      packetsSent: this.#stream.packets,
      packetsLostByPhone: phoneReport?.packetsLost ?? null,
      jitterAtPhoneMs: phoneReport?.jitterMs ?? null,
      roundTripMs: phoneReport?.roundTripMs ?? null,
      silentSeconds: Math.round((nowMs - this.#progress.heardAtMs) / 1000),
    };
  }

  /** HOT PATH. */
  readonly #fromPhone: PacketHandler = (packet, from) => {
    const dropped = this.#accept(packet, from);
    if (dropped !== null) countDrop(this.#deps.drops, dropped);
  };

  /** HOT PATH. @returns the reason why the packet is dropped, or null */
  #accept(packet: Buffer, from: UdpSource): CallDropReason | null {
    const problem = decodeRtpInto(view, packet);
    if (problem !== null) return problem;
    const nowMs = performance.now();
    const verdict = this.#source.accepts(from.host, from.port, view.ssrc, nowMs);
    if (verdict === 'stranger') return 'other-source';
    this.#heard(nowMs);
    if (verdict === 'moved') this.#moved();
    const bytes = view.payloadEnd - view.payloadStart;
    const isKey = isTelephoneEvent(view);
    if (isKey) this.#progress.passedUntilMs = nowMs;
    const isPassed = !this.isListener || this.#spec.tones || nowMs - this.#progress.passedUntilMs < LAST_AUDIO_MS;
    if (isKey) this.#way.event(view, packet, nowMs);
    else {
      this.#codecWatch.seen(view, bytes, this.#spec.codec);
      const codec = this.#codecWatch.codecOf(view.payloadType, this.#spec.codec);
      const isAudio = codec !== null || view.payloadType < FIRST_DYNAMIC_TYPE;
      if (isAudio) this.#reception.push(view, nowMs, this.#progress.everyNth);
      if (this.#talkWatch.push(view, packet, codec, nowMs)) this.#deps.onTalk();
      if (isPassed) this.#way.audio(view, packet, this.isListener ? null : codec, nowMs);
      else this.#way.skip(view, packet);
    }
    if (!this.isListener) return null;
    if (isPassed) this.#passAll();
    else this.#thinOut(bytes);
    if (!this.#progress.isConnected) this.#connect(true);
    return null;
  }

  #heard(nowMs: number): void {
    this.#progress.heardAtMs = nowMs;
    this.#progress.toldSilentAtMs = nowMs;
  }

  #moved(): void {
    this.#aim(performance.now());
    const { address } = this.#source;
    if (address) this.#deps.onSource(address);
    this.#settle();
  }

  #aim(nowMs: number): void {
    const address = this.#source.mayReceive(nowMs) ? this.#source.address : null;
    this.#peer = address && this.#deps.udp.peer(address.host, address.port);
  }

  /** The kernel passes everything until the next packet of a listener thins it out. */
  #settle(): void {
    this.#passAll();
    if (!this.isListener) this.#connect(false);
    else if (this.#source.isKnown) this.#connect(true);
  }

  #passAll(): void {
    if (this.#progress.everyNth === 1) return;
    this.#progress.everyNth = 1;
    this.#rtp?.setDeferred(false);
    this.#rtp?.setFilter(null);
  }

  /** @param bytes of one packet of the phone: G.711 and G.722 have 8 per millisecond */
  #thinOut(bytes: number): void {
    const packetMs = Math.max(10, bytes / 8);
    const everyNth = 2 ** Math.max(0, Math.floor(Math.log2(SEEN_EVERY_MS / packetMs)));
    if (everyNth === this.#progress.everyNth) return;
    if (everyNth === 1) return this.#passAll();
    this.#progress.everyNth = everyNth;
    this.#rtp?.setDeferred(true);
    const port = this.#source.address?.port ?? null;
    this.#rtp?.setFilter(audioFilter({ hosts: this.#spec.sources, port, every: this.#progress.everyNth }));
  }

  /**
   * A connected socket costs less, but receives only from its peer. So it is connected only while the phone is heard,
   * and is certainly that of the call.
   */
  #connect(connected: boolean): void {
    if (connected === this.#progress.isConnected && !connected) return;
    if (connected && !this.#source.isDescribed && performance.now() < this.#contestedUntilMs) return;
    this.#progress.isConnected = this.#rtp?.connect(connected ? this.#peer : null) === true && connected;
  }

  /** HOT PATH. */
  #transmit(packet: Buffer, bytes: number): void {
    if (this.#progress.isConnected) this.#rtp?.send(packet, bytes);
    else if (this.#peer) this.#rtp?.sendTo(packet, bytes, this.#peer);
    this.#progress.payloadBytes += bytes - RTP_HEADER_BYTES;
  }

  /** HOT PATH. */
  #sendKey(packet: Buffer, nowMs: number): void {
    this.#keyUntilMs = eventEndsMs(view, packet, nowMs);
    this.#stream.insert(view, packet, nowMs);
    this.#transmit(packet, packet.length);
  }

  #sendSilence(nowMs: number): void {
    const { codec } = this.#spec;
    const packet = silenceOf(codec);
    const ticks = Math.round((nowMs - this.#progress.idleSinceMs) * TICKS_PER_MS);
    this.#stream.next(packet, ticks, this.#codecWatch.payloadTypeOf(codec), true, nowMs);
    this.#progress.idleSinceMs = nowMs;
    this.#progress.packetsBefore = this.#stream.packets;
    this.#transmit(packet, packet.length);
  }
}

function hearingOf({ hearing, codec }: CallSpec): Hearing {
  const { volume, noise, deaf, packetMs } = hearing ?? { volume: 0, noise: false, deaf: false, packetMs: 20 };
  return { codec: codec ?? 'PCMU', volume, noise, deaf, packetMs };
}
