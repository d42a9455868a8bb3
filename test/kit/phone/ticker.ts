/** Something that happens once per ptime, like the sending of one phone. */
export interface Ticking {
  tick(): void;
}

export interface TickerStats {
  /** Turns of one phase since the start. */
  readonly turns: number;
  /** Turns that came a whole ptime late or later; they were made up for at once. */
  readonly lateTurns: number;
  /** Turns left out because the process stood still for longer than `MAX_CATCH_UP_MS`. */
  readonly skippedTurns: number;
  readonly worstLateMs: number;
}

const PHASE_MS = 2;
const MAX_CATCH_UP_MS = 1000;

/**
 * One absolute-time schedule for all phones of the process: turn n is due at start + n * 2 ms, whenever the timers of
 * the runtime fire. Phones are spread over the phases of a ptime, so that 300 of them do not send in one burst.
 */
export class Ticker {
  readonly #ptimeMs: number;
  readonly #phases: Ticking[][];
  #timer: NodeJS.Timeout | undefined;
  #startMs = 0;
  #turn = 0;
  #members = 0;
  #turns = 0;
  #lateTurns = 0;
  #skippedTurns = 0;
  #worstLateMs = 0;

  constructor(options: { ptimeMs: number }) {
    this.#ptimeMs = options.ptimeMs;
    this.#phases = Array.from({ length: Math.max(1, Math.floor(options.ptimeMs / PHASE_MS)) }, () => []);
  }

  /** The timer runs while there is somebody to tick. Returns the removal, which may be called twice. */
  add(member: Ticking): () => void {
    const phase = this.#phases.reduce((least, one) => (one.length < least.length ? one : least));
    phase.push(member);
    if (++this.#members === 1) {
      this.#startMs = performance.now();
      this.#turn = 0;
      this.#schedule();
    }
    return () => this.#remove(phase, member);
  }

  stats(): TickerStats {
    return {
      turns: this.#turns,
      lateTurns: this.#lateTurns,
      skippedTurns: this.#skippedTurns,
      worstLateMs: this.#worstLateMs,
    };
  }

  /** Counts from zero again, for instance after the set-up of a benchmark. */
  resetStats(): void {
    this.#turns = 0;
    this.#lateTurns = 0;
    this.#skippedTurns = 0;
    this.#worstLateMs = 0;
  }

  #remove(phase: Ticking[], member: Ticking): void {
    const index = phase.indexOf(member);
    if (index < 0) return;
    phase.splice(index, 1);
    if (--this.#members === 0) clearTimeout(this.#timer);
  }

  get #phaseMs(): number {
    return this.#ptimeMs / this.#phases.length;
  }

  #schedule(): void {
    const dueMs = this.#startMs + this.#turn * this.#phaseMs;
    this.#timer = setTimeout(this.#run, Math.max(0, Math.ceil(dueMs - performance.now())));
  }

  /** HOT PATH. */
  readonly #run = (): void => {
    const phaseMs = this.#phaseMs;
    const nowMs = performance.now();
    let lateMs = nowMs - (this.#startMs + this.#turn * phaseMs);
    if (lateMs > this.#worstLateMs) this.#worstLateMs = lateMs;
    if (lateMs > MAX_CATCH_UP_MS) {
      const skipped = Math.floor((lateMs - MAX_CATCH_UP_MS) / phaseMs);
      this.#skippedTurns += skipped;
      this.#turn += skipped;
      lateMs -= skipped * phaseMs;
    }
    while (lateMs >= 0) {
      if (lateMs >= this.#ptimeMs) this.#lateTurns++;
      const members = this.#phases[this.#turn % this.#phases.length] as Ticking[];
      for (let i = members.length - 1; i >= 0; i--) members[i]?.tick();
      this.#turns++;
      this.#turn++;
      lateMs -= phaseMs;
    }
    if (this.#members > 0) this.#schedule();
  };
}

/** Bounded by the few ptimes there are. */
const tickers = new Map<number, Ticker>();

/** The one schedule of this process for that ptime. */
export function processTicker(ptimeMs: number): Ticker {
  let ticker = tickers.get(ptimeMs);
  if (ticker === undefined) {
    ticker = new Ticker({ ptimeMs });
    tickers.set(ptimeMs, ticker);
  }
  return ticker;
}
