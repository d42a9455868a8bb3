import type { PeerDownReason } from '../channel.ts';
import { NO_SESSION } from './frame.ts';

/** A session that the peer has not opened within so many heartbeats is begun again. */
const OPEN_WITHIN_BEATS = 2;
/** A node of the same id that starts is another node if this one was heard of within so many heartbeats. */
const ALIVE_WITHIN_BEATS = 2;

export type SessionOptions = { readonly heartbeatMs: number; readonly deadAfterMs: number };

export type Greeting = {
  readonly type: 'syn' | 'open';
  readonly nonce: string;
  /** The peer's nonce, `NO_SESSION` if it is not known. */
  readonly echo: string;
  readonly busy: boolean;
};

export type SessionDeps = {
  readonly send: (greeting: Greeting) => void;
  readonly onUp: () => void;
  readonly onDown: (reason: PeerDownReason) => void;
  /** 64 hexadecimal digits, never the same twice: the public key of a session. */
  readonly newNonce: () => string;
};

/** `drop`: it belongs to nothing that is going on. `replay`: it was there before, or is of an earlier session. */
export type Verdict = 'take' | 'drop' | 'replay';

type Up = {
  readonly kind: 'up';
  readonly remote: string;
  readonly incarnation: string;
  readonly sinceMs: number;
  heardAtMs: number;
  /** For the peer to open the session. */
  waitingSinceMs: number;
  /** Packets received of it, to all and direct; null until the peer has opened the session. */
  received: { all: number; direct: number } | null;
  /** Another incarnation that would be this peer. */
  rival: { readonly incarnation: string; readonly seenAtMs: number } | null;
};
type Down = { readonly kind: 'down'; readonly lastRemote: string; greetedAtMs: number };

/**
 * The session of two nodes over a broker that may lose, repeat, reorder and forge. Each side has a nonce for the other,
 * another one for each session. A side that gets its own nonce back knows that the other one is there now; it opens the
 * session and is up. Whatever is missing or late ends it on both sides. Pure: time is an argument.
 */
export class NatsSession {
  readonly #options: SessionOptions;
  readonly #deps: SessionDeps;
  #nonce: string;
  #state: Up | Down = { kind: 'down', lastRemote: NO_SESSION, greetedAtMs: Number.NEGATIVE_INFINITY };
  /** Direct packets sent in this session. */
  #sentDirect = 0;

  constructor(options: SessionOptions, deps: SessionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#nonce = deps.newNonce();
  }

  get isUp(): boolean {
    return this.#state.kind === 'up';
  }

  get sinceMs(): number {
    return this.#state.kind === 'up' ? this.#state.sinceMs : 0;
  }

  /** For what is sent to the peer now. Null if it is not up. */
  get names(): { readonly nonce: string; readonly echo: string } | null {
    return this.#state.kind === 'up' ? { nonce: this.#nonce, echo: this.#state.remote } : null;
  }

  get sentDirect(): number {
    return this.#sentDirect;
  }

  nextDirect(): number {
    return ++this.#sentDirect;
  }

  /** Something was heard of a peer that is not up. */
  heardOf(nowMs: number): void {
    const state = this.#state;
    if (state.kind === 'up' || nowMs - state.greetedAtMs < this.#options.heartbeatMs / 2) return;
    state.greetedAtMs = nowMs;
    this.#greet(state.lastRemote);
  }

  /** @returns `id-taken` if there are two nodes of that id */
  syn(nonce: string, echo: string, incarnation: string, isBusy: boolean, nowMs: number): 'id-taken' | null {
    const state = this.#state;
    if (state.kind === 'down') {
      if (echo === this.#nonce && !isBusy) this.#goUp(nonce, incarnation, null, nowMs);
      else this.#greet(nonce);
      return null;
    }
    if (nonce === state.remote) return null;
    if (echo !== this.#nonce) {
      // It may be an old packet: only who has the nonce of now may end what is going on.
      this.#deps.send({ type: 'syn', nonce: this.#nonce, echo: nonce, busy: true });
      return null;
    }
    const aliveMs = ALIVE_WITHIN_BEATS * this.#options.heartbeatMs;
    if (incarnation !== state.incarnation && nowMs - state.heardAtMs < aliveMs)
      return this.#rivals(incarnation, state, nowMs);
    this.#leave('resync', nonce, nowMs);
    this.#greet(nonce);
    return null;
  }

  /** @param all the number of the last packet to all before it */
  open(nonce: string, echo: string, incarnation: string, all: number, nowMs: number): Verdict | 'id-taken' {
    const state = this.#state;
    if (echo !== this.#nonce) return 'replay';
    if (state.kind === 'down') {
      this.#goUp(nonce, incarnation, all, nowMs);
      return 'take';
    }
    if (nonce !== state.remote) return this.syn(nonce, echo, incarnation, false, nowMs) ?? 'drop';
    if (state.received) return 'replay';
    state.received = { all, direct: 0 };
    state.heardAtMs = nowMs;
    return 'take';
  }

  /** A packet to all. */
  all(incarnation: string, all: number, nowMs: number): Verdict {
    const state = this.#state;
    if (state.kind === 'down' || !state.received || incarnation !== state.incarnation) return 'drop';
    if (all <= state.received.all) return 'replay';
    if (all > state.received.all + 1) return this.#resync(nowMs);
    state.received.all = all;
    state.heardAtMs = nowMs;
    return 'take';
  }

  /** A packet to this node. */
  direct(nonce: string, echo: string, direct: number, all: number, nowMs: number): Verdict {
    const state = this.#state;
    if (!this.isOf(nonce, echo) || state.kind === 'down') return 'replay';
    if (!state.received) return 'drop';
    if (direct <= state.received.direct) return 'replay';
    // Something is missing, or was overtaken by what was sent to all after it.
    if (direct > state.received.direct + 1 || all !== state.received.all) return this.#resync(nowMs);
    state.received.direct = direct;
    state.heardAtMs = nowMs;
    return 'take';
  }

  /** The peer says how many direct packets there were: the last ones may be missing. */
  announced(direct: number, nowMs: number): void {
    const state = this.#state;
    if (state.kind === 'up' && state.received && direct > state.received.direct) this.#resync(nowMs);
  }

  isOf(nonce: string, echo: string): boolean {
    return this.#state.kind === 'up' && nonce === this.#state.remote && echo === this.#nonce;
  }

  tick(nowMs: number): void {
    const state = this.#state;
    if (state.kind === 'down') return;
    if (nowMs - state.heardAtMs >= this.#options.deadAfterMs) this.end('silent', nowMs);
    else if (!state.received && nowMs - state.waitingSinceMs >= OPEN_WITHIN_BEATS * this.#options.heartbeatMs) {
      this.#resync(nowMs);
    }
  }

  /** This process was held up itself, so that nothing could be heard. */
  excuse(nowMs: number): void {
    if (this.#state.kind === 'down') return;
    this.#state.heardAtMs = nowMs;
    this.#state.waitingSinceMs = nowMs;
  }

  end(reason: PeerDownReason, nowMs: number): void {
    if (this.#state.kind === 'up') this.#leave(reason, this.#state.remote, nowMs);
  }

  /** After a loss the session begins again, which the peer learns from the new nonce. */
  restart(reason: PeerDownReason, nowMs: number): void {
    const state = this.#state;
    if (state.kind === 'down') return;
    this.#leave(reason, state.remote, nowMs);
    // A session that hardly lasted is begun by the next heartbeat, or a broker could keep both sides busy.
    if (nowMs - state.sinceMs >= this.#options.heartbeatMs) this.#greet(state.remote);
  }

  /** A node that was killed and started again looks like a second one, until nothing more is heard of the first. */
  #rivals(incarnation: string, first: Up, nowMs: number): 'id-taken' | null {
    if (first.rival?.incarnation !== incarnation) first.rival = { incarnation, seenAtMs: nowMs };
    return first.heardAtMs > first.rival.seenAtMs ? 'id-taken' : null;
  }

  #resync(nowMs: number): Verdict {
    this.restart('resync', nowMs);
    return 'drop';
  }

  #goUp(remote: string, incarnation: string, all: number | null, nowMs: number): void {
    const received = all === null ? null : { all, direct: 0 };
    this.#state = {
      kind: 'up',
      remote,
      incarnation,
      sinceMs: nowMs,
      heardAtMs: nowMs,
      waitingSinceMs: nowMs,
      received,
      rival: null,
    };
    this.#sentDirect = 0;
    this.#deps.send({ type: 'open', nonce: this.#nonce, echo: remote, busy: false });
    this.#deps.onUp();
  }

  #leave(reason: PeerDownReason, lastRemote: string, nowMs: number): void {
    this.#state = { kind: 'down', lastRemote, greetedAtMs: nowMs };
    this.#nonce = this.#deps.newNonce();
    this.#deps.onDown(reason);
  }

  #greet(echo: string): void {
    this.#deps.send({ type: 'syn', nonce: this.#nonce, echo, busy: false });
  }
}
