import type { Logger } from 'winston';
import { AriError } from '../../ari/errors.ts';

const REPAIR_AFTER_MS = 1000;

export type ReconcilerDeps = {
  /** Reads Asterisk and squares everything with it. Rejects with an `AriError` if Asterisk cannot be read. */
  reconcile: () => Promise<void>;
  logger: Logger;
};

/**
 * Decides when everything is reconciled with Asterisk, one time after the other, and holds news back meanwhile: who came after
 * the list was read would count as gone, and who went would be adopted from it. So what is read is newer than the news that
 * was taken, and perhaps older than the news that follows.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  /** News that waits; null while none has to. Bounded by the time that Asterisk takes to answer. */
  #held: (() => void)[] | null = null;
  #last: Promise<void> = Promise.resolve();
  /** One that has not begun yet: it does for everybody who asks until then. */
  #next: Promise<void> | null = null;
  /** Set while Asterisk is to be asked how things are, because it has not answered. */
  #repairing: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /**
   * A connection is about to be opened: its news waits until everything was reconciled. That of a former one is older than what
   * is read then, and is dropped.
   */
  hold(): void {
    this.#held = [];
    this.#cancelRepair();
  }

  /** Takes news of Asterisk, now or when it may be taken. */
  pass(apply: () => void): void {
    if (this.#held) this.#held.push(apply);
    else apply();
  }

  /** As `pass`, for a call that was decided on here. Asterisk may have told of its end already, which must come after. */
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

  /** As `run`, but goes on trying where Asterisk does not answer. Rejects with why it has failed at first. */
  async repair(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.repairIfUnanswered(error);
      throw error;
    }
  }

  /** What was not answered may be half done: once Asterisk answers again, everything is reconciled with it. */
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
    // Of a new connection nothing may be taken before this succeeds; otherwise one goes on with what was known.
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
    // News of a connection that has been opened meanwhile waits for what is read then.
    if (this.#held !== held) return;
    this.#held = null;
    for (const apply of held) apply();
  }
}
