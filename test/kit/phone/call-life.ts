import { PhoneError } from './errors.ts';
import type { CallEnd } from './sip-session.ts';

export type CallState = 'dialling' | 'ringing' | 'answered' | 'ended';

export interface EndedCall extends CallEnd {
  /** performance.now() in ms. */
  readonly atMs: number;
}

/** How far a call has come: dialling, ringing, answered, ended, in this order and each at most once. */
export class CallLife {
  /** Rejects with `call-failed` when the call ends before. */
  readonly answered: Promise<void>;
  /** Never rejects. */
  readonly ended: Promise<EndedCall>;
  #state: CallState = 'dialling';
  #answeredAtMs: number | null = null;
  #end: EndedCall | null = null;
  #resolveAnswered: () => void = () => {};
  #rejectAnswered: (error: PhoneError) => void = () => {};
  #resolveEnded: (end: EndedCall) => void = () => {};

  constructor() {
    this.answered = new Promise((resolve, reject) => {
      this.#resolveAnswered = resolve;
      this.#rejectAnswered = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  get state(): CallState {
    return this.#state;
  }

  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  /** Null while the call lives. */
  get end(): EndedCall | null {
    return this.#end;
  }

  ring(): void {
    if (this.#state === 'dialling') this.#state = 'ringing';
  }

  answer(nowMs: number): void {
    if (this.#state === 'answered' || this.#state === 'ended') return;
    this.#state = 'answered';
    this.#answeredAtMs = nowMs;
    this.#resolveAnswered();
  }

  /** False when it had ended before. */
  finish(end: CallEnd, nowMs: number): boolean {
    if (this.#end !== null) return false;
    this.#state = 'ended';
    this.#end = { ...end, atMs: nowMs };
    const { status = 0, reason } = end;
    this.#rejectAnswered(new PhoneError({ code: 'call-failed', status, reason }));
    this.#resolveEnded(this.#end);
    return true;
  }
}
