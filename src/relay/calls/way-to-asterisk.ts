import { randomInt } from 'node:crypto';
import { DIGITS } from '../../dtmf/collector.ts';
import { IncomingStream, type IncomingStreamState } from '../../rtp/incoming-stream.ts';
import { decodeRtpInto, emptyRtpView, type RtpView } from '../../rtp/packet.ts';
import { Playout } from '../../rtp/playout.ts';
import type { Codec } from '../audience/audience-listener.ts';
import type { CallSpec } from '../protocol/protocol.ts';
import { AsteriskReminder } from './asterisk-reminder.ts';
import { NoiseGate } from './noise-gate.ts';
import { Pauses } from './pauses.ts';

// This is overwritten by each packet.
const gated = emptyRtpView();

export type WayToAsteriskDeps = {
  /** HOT PATH. */
  readonly send: (packet: Buffer) => void;
  /** HOT PATH. The codec of packets of a type; null for one that the relay does not decode. */
  readonly codecOf: (payloadType: number) => Codec | null;
  /** HOT PATH. A packet waits; `advance` must be called at this time. */
  readonly onHeld: (dueMs: number) => void;
  /** A key is pressed; its packets follow. */
  readonly onKey: (digit: string) => void;
};

/**
 * What Asterisk gets of a phone: one stream, in which keys are as Asterisk understands them, and audio is as even as its
 * bridges need it; and a reminder where there is nothing else.
 */
export class WayToAsterisk {
  readonly #deps: WayToAsteriskDeps;
  readonly #stream: IncomingStream;
  readonly #playout = new Playout();
  readonly #pauses = new Pauses();
  #gate: NoiseGate | null = null;
  /** That of the newest audio. */
  #codec: Codec = 'PCMU';
  readonly #reminder = new AsteriskReminder((end) => randomInt(end), performance.now());

  /** @param continued as that of `IncomingStream` */
  constructor(continued: IncomingStreamState | number, deps: WayToAsteriskDeps) {
    this.#deps = deps;
    const pressed = (code: number): void => {
      const digit = DIGITS[code];
      if (digit !== undefined) deps.onKey(digit);
    };
    this.#stream = new IncomingStream({ send: this.#other, pressed, randomInt }, continued);
  }

  /** All that another process needs to go on, once nothing waits any more: see `flush`. */
  get state(): IncomingStreamState {
    return this.#stream.state;
  }

  /** As `IncomingStream.ifRenumbered`. */
  ifRenumbered(tell: (sequenceOffset: number) => void): void {
    this.#stream.ifRenumbered(tell);
  }

  /** Changes what audio is passed on. */
  setGate(gate: CallSpec['gate']): void {
    if (gate && this.#gate) this.#gate.change(gate);
    else this.#gate = gate && new NoiseGate(gate);
  }

  /** HOT PATH. A telephone event has come. */
  event(view: RtpView, packet: Buffer, nowMs: number): void {
    this.#stream.event(view, packet, nowMs);
  }

  /**
   * HOT PATH. Another packet has come.
   * @param codec that of a speaker's audio, which bridges mix; null for all that nobody hears
   */
  audio(view: RtpView, packet: Buffer, codec: Codec | null, nowMs: number): void {
    if (!this.#stream.audio(view, packet)) return;
    if (codec === null) return this.#other(packet, nowMs);
    this.#codec = codec;
    if (this.#playout.audio(view, packet, this.#isPause, nowMs)) this.#send(packet, nowMs);
    else this.#deps.onHeld(this.#playout.dueMs);
  }

  /** HOT PATH. A packet of audio has come that Asterisk does not get. */
  skip(view: RtpView, packet: Buffer): void {
    this.#stream.audio(view, packet);
  }

  /** HOT PATH. Sends what is due. @returns when something is due again; infinite if nothing waits */
  advance(nowMs: number): number {
    for (let packet = this.#playout.next(nowMs); packet; packet = this.#playout.next(nowMs)) this.#send(packet, nowMs);
    return this.#playout.dueMs;
  }

  /** Sends all that waits. What comes afterwards has no delay of before. */
  flush(nowMs: number): void {
    for (const packet of this.#playout.drain()) this.#send(packet, nowMs);
  }

  /** Must be called a few times per second. @returns whether the lost end of a press was sent */
  tick(isListener: boolean, nowMs: number): boolean {
    const isEnded = this.#stream.tick(nowMs);
    if (this.#reminder.isDue(isListener, nowMs)) this.remind(nowMs);
    return isEnded;
  }

  /** Makes Asterisk send to the relay. */
  remind(nowMs: number): void {
    this.#deps.send(this.#reminder.next(nowMs));
  }

  readonly #isPause = (payload: Buffer): boolean => this.#pauses.push(this.#codec, payload);

  readonly #other = (packet: Buffer, nowMs: number): void => {
    if (this.#playout.other(packet, nowMs)) this.#send(packet, nowMs);
    else this.#deps.onHeld(this.#playout.dueMs);
  };

  /** HOT PATH. Before this, `Playout` has put packets into the order in which they are heard, and has left some out. */
  #pass(gate: NoiseGate, packet: Buffer): void {
    if (decodeRtpInto(gated, packet) !== null) return;
    const codec = this.#deps.codecOf(gated.payloadType);
    if (codec !== null) gate.push(codec, packet.subarray(gated.payloadStart, gated.payloadEnd));
  }

  #send(packet: Buffer, nowMs: number): void {
    if (this.#gate) this.#pass(this.#gate, packet);
    this.#reminder.passed(packet, nowMs);
    this.#deps.send(packet);
  }
}
