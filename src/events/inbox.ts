import {
  type EventChannelDeps,
  type EventCounters,
  noEvents,
  type PeerDownReason,
  type RefusalReason,
} from './channel.ts';

/** Node ids are names of authenticated peers, but one that misbehaves could make up many. */
const MAX_WARNED = 2000;

/**
 * Where both transports hand over what they have received: parses, counts, tells the log once, and keeps what the
 * handlers throw from reaching the sockets.
 */
export class Inbox<Message> {
  readonly counters: EventCounters = noEvents();
  readonly #deps: EventChannelDeps<Message>;
  readonly #warned = new Set<string>();

  constructor(deps: EventChannelDeps<Message>) {
    this.#deps = deps;
  }

  up(nodeId: string, address: string): void {
    this.#deps.logger.info(`connected with node ${nodeId} (${address})`);
    this.#guard(() => this.#deps.onPeerUp(nodeId));
  }

  down(nodeId: string, reason: PeerDownReason): void {
    this.#deps.logger[reason === 'stopped' ? 'info' : 'warn'](`no longer connected with node ${nodeId}: ${reason}`);
    this.#guard(() => this.#deps.onPeerDown(nodeId, reason));
  }

  /** @returns whether it was a message */
  receive(from: string, bytes: Uint8Array): boolean {
    let json: unknown;
    try {
      json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
    } catch {
      return this.#ignore('malformed', from, 'is not JSON');
    }
    const message = this.#parse(json);
    if (message === null) return this.#ignore('unknown', from, 'is unknown here');
    this.counters.received++;
    this.#guard(() => this.#deps.onMessage(from, message));
    return true;
  }

  refuse(reason: RefusalReason, who: string, text: string): void {
    this.counters.refused[reason]++;
    this.warnOnce(`${who} ${reason}`, text);
  }

  tooLarge(who: string, text: string): void {
    this.counters.oversized++;
    this.warnOnce(`${who} oversized`, text);
  }

  warnOnce(key: string, text: string): void {
    if (this.#warned.has(key) || this.#warned.size >= MAX_WARNED) return;
    this.#warned.add(key);
    this.#deps.logger.warn(text);
  }

  /** The next failure is logged again. */
  forget(key: string): void {
    this.#warned.delete(key);
  }

  #ignore(kind: 'malformed' | 'unknown', from: string, why: string): false {
    this.counters[kind]++;
    this.warnOnce(`${from} ${kind}`, `ignored a message of node ${from} that ${why}; further ones are counted`);
    return false;
  }

  #parse(json: unknown): Message | null {
    try {
      return this.#deps.parse(json);
    } catch {
      return null;
    }
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.counters.failed++;
      this.#deps.logger.error('event channel: a message could not be handled', { error });
    }
  }
}
