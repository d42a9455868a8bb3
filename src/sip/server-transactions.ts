import type { SipServer } from './address.ts';
import type { SipRequest } from './message.ts';
import { TRANSACTION_TIMEOUT_MS } from './timers.ts';

/** A request to us, and what it was answered; RFC 3261, section 17.2. */
export interface ServerTransaction {
  readonly key: string;
  readonly request: SipRequest;
  readonly from: SipServer;
  readonly legId: string;
  readonly callId: string;
  readonly atMs: number;
  /** The final response, or null while there is none. */
  response: Buffer | null;
}

/** Responses kept; the oldest leave first. With 1 kB each, a storm of calls takes 8 MB. */
const MAX_KEPT = 8192;

/** Answers a repeated request as before, for as long as it may be repeated. */
export class ServerTransactions {
  readonly #kept = new Map<string, ServerTransaction>();

  get size(): number {
    return this.#kept.size;
  }

  get(key: string): ServerTransaction | undefined {
    return this.#kept.get(key);
  }

  add(transaction: ServerTransaction): void {
    this.#kept.set(transaction.key, transaction);
    // In order of arrival: what is too old is in front.
    for (const [key, { atMs }] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT && transaction.atMs - atMs <= TRANSACTION_TIMEOUT_MS) break;
      this.#kept.delete(key);
    }
  }
}
