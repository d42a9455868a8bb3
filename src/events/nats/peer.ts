import { randomBytes } from 'node:crypto';
import type { PeerDownReason, PeerInfo } from '../channel.ts';
import { Assembly } from './assembly.ts';
import { type Control, encodeControl, encodeFrame, KIND } from './frame.ts';
import { type Greeting, NatsSession, type SessionOptions } from './session.ts';

export type NatsPeerDeps = {
  /** To that peer. */
  readonly publish: (frame: Buffer) => boolean;
  /** Packets sent to all so far. */
  readonly sentToAll: () => number;
  readonly incarnation: string;
  readonly onUp: () => void;
  readonly onDown: (reason: PeerDownReason) => void;
};

/** Another node as it is known over a broker: its session, and what is counted about it. */
export class NatsPeer {
  readonly session: NatsSession;
  readonly assembly: Assembly;
  /** When anything authentic was heard of it, in a session or not. */
  heardAtMs = 0;
  sent = 0;
  received = 0;
  roundTripMs: number | null = null;
  /** Direct packets, when they were announced last. */
  #announced = 0;
  readonly #deps: NatsPeerDeps;

  constructor(options: SessionOptions & { readonly maxMessageBytes: number }, deps: NatsPeerDeps) {
    this.#deps = deps;
    this.assembly = new Assembly(options.maxMessageBytes);
    this.session = new NatsSession(options, {
      send: (greeting) => this.#greet(greeting),
      onUp: () => {
        this.assembly.clear();
        this.#announced = 0;
        this.sent = 0;
        this.received = 0;
        this.roundTripMs = null;
        deps.onUp();
      },
      onDown: deps.onDown,
      newNonce: () => randomBytes(8).toString('hex'),
    });
  }

  info(address: string): PeerInfo {
    const { sent, received, roundTripMs, session } = this;
    return { sinceMs: session.sinceMs, address, roundTripMs, sent, received };
  }

  /** A part of a message, or a whole one. @returns false if it is not up, or cannot be reached */
  sendDirect(payload: Uint8Array, isLast: boolean): boolean {
    const { names } = this.session;
    if (!names) return false;
    const kind = isLast ? KIND.direct : KIND.directPart;
    const { nonce: session, echo: peerSession } = names;
    const all = this.#deps.sentToAll();
    return this.#deps.publish(
      encodeFrame({ kind, session, peerSession, direct: this.session.nextDirect(), all, payload }),
    );
  }

  sendControl(control: Control): void {
    const { names } = this.session;
    if (names) this.#publishControl(control, names.nonce, names.echo);
  }

  /** @returns the number of direct packets if it has changed since the last time */
  announce(): number | null {
    const { sentDirect, isUp } = this.session;
    if (!isUp || sentDirect === this.#announced) return null;
    this.#announced = sentDirect;
    return sentDirect;
  }

  #greet({ type, nonce, echo, busy }: Greeting): void {
    const { incarnation } = this.#deps;
    this.#publishControl(type === 'syn' ? { type, incarnation, busy } : { type, incarnation }, nonce, echo);
  }

  #publishControl(control: Control, session: string, peerSession: string): void {
    const all = this.#deps.sentToAll();
    const payload = encodeControl(control);
    this.#deps.publish(encodeFrame({ kind: KIND.directControl, session, peerSession, direct: 0, all, payload }));
  }
}
