import type { PeerDownReason, PeerInfo } from '../channel.ts';
import { Assembly } from './assembly.ts';
import { type Control, encodeControl, encodeFrame, encodeSealed, KIND, type ReceivedFrame } from './frame.ts';
import { type Greeting, NatsSession, type SessionOptions } from './session.ts';
import { openPayload, SessionKeys, sealPayload } from './session-keys.ts';

export type NatsPeerDeps = {
  /** To that peer. */
  readonly publish: (frame: Buffer) => boolean;
  /** Packets sent to all so far. */
  readonly sentToAll: () => number;
  readonly incarnation: string;
  /** The key of what this node sends to all. */
  readonly keyToAll: Uint8Array;
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
  readonly #keys = new SessionKeys();
  /** The key of what the peer sends to all; null until it has opened the session. */
  #keyOfAll: Uint8Array | null = null;
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
      newNonce: () => {
        this.#keyOfAll = null;
        return this.#keys.renew();
      },
    });
  }

  info(address: string): PeerInfo {
    const { sent, received, roundTripMs, session } = this;
    return { sinceMs: session.sinceMs, address, roundTripMs, sent, received };
  }

  /** A part of a message, or a whole one. @returns false if it is not up, or cannot be reached */
  sendDirect(payload: Uint8Array, isLast: boolean): boolean {
    const { names } = this.session;
    const key = names && this.#keys.sharedWith(names.echo);
    if (!key) return false;
    const kind = isLast ? KIND.direct : KIND.directPart;
    const { nonce: session, echo: peerSession } = names;
    const all = this.#deps.sentToAll();
    const frame = { kind, session, peerSession, direct: this.session.nextDirect(), all };
    return this.#deps.publish(encodeSealed(frame, (header) => sealPayload(key, header, payload)));
  }

  /** The peer has opened the session. @returns false if its key of what it sends to all cannot be read */
  learnKey({ session, header }: ReceivedFrame, key: string): boolean {
    this.#keyOfAll = openPayload(this.#keys.sharedWith(session), header, Buffer.from(key, 'base64'));
    return this.#keyOfAll !== null;
  }

  /** @returns what is in a message of the peer; null if it was not sealed with its key */
  openMessage({ kind, session, header, payload }: ReceivedFrame): Uint8Array | null {
    const isToAll = kind === KIND.all || kind === KIND.allPart;
    return openPayload(isToAll ? this.#keyOfAll : this.#keys.sharedWith(session), header, payload);
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
    const { incarnation, keyToAll } = this.#deps;
    if (type === 'syn') return this.#publishControl({ type, incarnation, busy }, nonce, echo);
    const key = this.#keys.sharedWith(echo);
    const frame = this.#controlFrame(nonce, echo);
    const opening = (header: Uint8Array, shared: Uint8Array) =>
      encodeControl({ type, incarnation, key: sealPayload(shared, header, keyToAll).toString('base64') });
    if (key) this.#deps.publish(encodeSealed(frame, (header) => opening(header, key)));
  }

  #publishControl(control: Control, session: string, peerSession: string): void {
    this.#deps.publish(encodeFrame({ ...this.#controlFrame(session, peerSession), payload: encodeControl(control) }));
  }

  #controlFrame(session: string, peerSession: string) {
    return { kind: KIND.directControl, session, peerSession, direct: 0, all: this.#deps.sentToAll() };
  }
}
