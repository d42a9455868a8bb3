import type { PeerDownReason } from '../channel.ts';
import type { MeshConnection } from './connection.ts';

/** How long a connection waits for the one that this node is dialling itself. */
const HOLD_MS = 500;
/** A connection that does not answer within this is dead if the peer has come back by another. */
const PROBE_MS = 1000;

export type MeshLinkDeps = {
  /** Whether this node is connecting to that one at the moment. */
  readonly isDialling: () => boolean;
  readonly onUp: (connection: MeshConnection) => void;
  readonly onDown: (connection: MeshConnection, reason: PeerDownReason) => void;
  /** Another node of the same id is connected, alive. */
  readonly onIdTaken: (connection: MeshConnection) => void;
};

/**
 * Which of the connections with one peer is used. Both nodes dial, so there may be two at times, and both nodes must
 * choose the same one. The node with the smaller id chooses, and prefers the one that it has dialled itself; the other
 * one says when it is `ready` and waits for `use`. A connection in use is never exchanged for another as long as it
 * works, so no message is lost or doubled by the choice.
 */
export class MeshLink {
  readonly #isChooser: boolean;
  readonly #deps: MeshLinkDeps;
  /** All that have said hello, also those that are not used. */
  readonly #connections = new Set<MeshConnection>();
  #active: MeshConnection | null = null;
  /** One that would be used if the active one were dead, or if the one being dialled failed. */
  #standby: MeshConnection | null = null;
  #holdTimer: NodeJS.Timeout | null = null;

  constructor(isChooser: boolean, deps: MeshLinkDeps) {
    this.#isChooser = isChooser;
    this.#deps = deps;
  }

  get active(): MeshConnection | null {
    return this.#active;
  }

  get isEmpty(): boolean {
    return this.#connections.size === 0;
  }

  /** The other side of a connection has said hello, and is who it should be. */
  welcome(connection: MeshConnection): void {
    this.#connections.add(connection);
    if (this.#isChooser) return;
    const active = this.#active;
    // The same node may choose between its connections; another node of the same name must not replace it.
    if (active && !isSameNode(active, connection)) this.#challenge(active, connection);
    else connection.sendControl('ready');
  }

  /** The other side would use a connection. */
  ready(connection: MeshConnection): void {
    if (!this.#isChooser || connection === this.#active || connection === this.#standby) return;
    if (this.#active) {
      this.#challenge(this.#active, connection);
    } else if (connection.isDialled || !this.#deps.isDialling()) {
      this.#adopt(connection);
    } else {
      this.#putOnStandby(connection);
      this.#holdTimer = setTimeout(() => this.#adopt(connection), HOLD_MS);
    }
  }

  /** The other side has chosen a connection. */
  use(connection: MeshConnection): void {
    if (this.#isChooser || connection === this.#active) return;
    this.#active?.close('replaced', 'replaced');
    this.#activate(connection);
  }

  /** The connection that this node was dialling has failed. */
  dialFailed(): void {
    if (this.#holdTimer && this.#standby) this.#adopt(this.#standby);
  }

  ended(connection: MeshConnection, reason: PeerDownReason): void {
    this.#connections.delete(connection);
    if (connection === this.#standby) this.#dropStandby();
    if (connection !== this.#active) return;
    this.#active = null;
    this.#deps.onDown(connection, reason);
    const next = this.#standby;
    if (!next) return;
    if (this.#isChooser) {
      this.#adopt(next);
    } else {
      this.#dropStandby();
      next.sendControl('ready');
    }
  }

  close(): void {
    this.#standby?.close('left', 'stopped');
    this.#active?.close('left', 'stopped');
  }

  #adopt(connection: MeshConnection): void {
    if (this.#standby && this.#standby !== connection) this.#standby.close('duplicate', 'replaced');
    connection.sendControl('use');
    this.#activate(connection);
  }

  #activate(connection: MeshConnection): void {
    this.#dropStandby();
    // It may have ended by what was sent last.
    if (connection.isEnded) return;
    this.#active = connection;
    this.#deps.onUp(connection);
  }

  #challenge(active: MeshConnection, newcomer: MeshConnection): void {
    this.#putOnStandby(newcomer);
    active.probe(PROBE_MS, (isAlive) => {
      if (newcomer !== this.#standby) return;
      if (!isAlive) active.kill('silent');
      else if (isSameNode(active, newcomer)) newcomer.close('duplicate', 'replaced');
      else this.#deps.onIdTaken(newcomer);
    });
  }

  #putOnStandby(connection: MeshConnection): void {
    this.#standby?.close('duplicate', 'replaced');
    this.#standby = connection;
  }

  #dropStandby(): void {
    this.#standby = null;
    if (this.#holdTimer) clearTimeout(this.#holdTimer);
    this.#holdTimer = null;
  }
}

function isSameNode(one: MeshConnection, other: MeshConnection): boolean {
  return one.hello?.incarnation === other.hello?.incarnation;
}
