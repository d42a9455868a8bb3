import type { Logger } from 'winston';
import { AriError } from '../../ari/errors.ts';

const REPAIR_AFTER_MS = 1000;

export type ReconcilerDeps = {
  /** Reads Asterisk and reconciles everything with it. Rejects with an `AriError` if Asterisk cannot be read. */
  reconcile: () => Promise<void>;
  logger: Logger;
};

/**
 * Decides when everything is reconciled with Asterisk, one time after the other, and holds events back meanwhile: a
 * call that came after the list was read would count as gone, and one that ended would be adopted from it. So the list
 * is newer than the events that were handled before, and perhaps older than those that follow.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  /** Events that wait; null while none has to. Bounded by the time that Asterisk takes to answer. */
  #held: (() => void)[] | null = null;
  #last: Promise<void> = Promise.resolve();
  /** A reconciliation that has not begun yet: everybody who asks until then shares it. */
  #next: Promise<void> | null = null;
  /** Set while a reconciliation is due because Asterisk has not answered. */
  #repairing: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /**
   * A connection is about to be opened: its events wait until everything is reconciled. Events of a former connection
   * are older than what is read then, and are dropped.
   */
  hold(): void {
    this.#held = [];
    this.#cancelRepair();
  }

  /** Applies an event of Asterisk: now, or once everything is reconciled. */
  pass(apply: () => void): void {
    if (this.#held) this.#held.push(apply);
    else apply();
  }

  /**
   * As `pass`, for a call that this node lets in. Asterisk may have reported its end already, which must be applied
   * after this.
   */
  admit(apply: () => void): void {
    if (this.#held) this.#held.unshift(apply);
    else apply();
  }

  /** Reconciles everything. Rejects with an `AriError` if Asterisk cannot be read. */
  run(): Promise<void> {
    if (!this.#next) {
      this.#next = this.#last.catch(() => {}).then(() => this.#reconcile());
      this.#last = this.#next;
    }
    return this.#next;
  }

  /** As `run`, but tries again while Asterisk does not answer. Rejects with the first failure. */
  async repair(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.repairIfUnanswered(error);
      throw error;
    }
  }

  /** A request without an answer may be half done: once Asterisk answers again, everything is reconciled with it. */
  repairIfUnanswered(error: unknown): void {
    if (this.#stopped || !(error instanceof AriError) || error.code !== 'unreachable') return;
    this.#repairing ??= setTimeout(() => {
      this.#repairing = undefined;
      this.repair().catch((reason: Error) =>
        this.#deps.logger.debug(`not reconciled with Asterisk: ${reason.message}`),
      );
    }, REPAIR_AFTER_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRepair();
  }

  #cancelRepair(): void {
    clearTimeout(this.#repairing);
    this.#repairing = undefined;
  }

  async #reconcile(): Promise<void> {
    this.#next = null;
    this.#cancelRepair();
    // Events of a new connection have to wait until this succeeds. On an old connection the controller goes on with
    // what it knows.
    const isNewConnection = this.#held !== null;
    const held = this.#held ?? [];
    this.#held = held;
    try {
      await this.#deps.reconcile();
    } catch (error) {
      if (!isNewConnection) this.#release(held);
      throw error;
    }
    this.#release(held);
  }

  #release(held: readonly (() => void)[]): void {
    // Events of a connection that was opened meanwhile wait for its own reconciliation.
    if (this.#held !== held) return;
    this.#held = null;
    for (const apply of held) apply();
  }
}
