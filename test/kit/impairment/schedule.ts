import { DeliveryQueue } from './delivery-queue.ts';

/** Something that is to be done at its time. */
export interface Task {
  run(): void;
}

export interface ScheduleStats {
  readonly done: number;
  readonly waiting: number;
  /** Refused because too many waited. */
  readonly overflowed: number;
  readonly worstLateMs: number;
  readonly meanLateMs: number;
}

/** Some seconds of delay at 50,000 packets/s. */
const MAX_WAITING = 200_000;
/** The least that a timer of the runtime waits. */
const TIMER_RESOLUTION_MS = 1;

/** Does tasks at their times, in order, with a single timer for all of them. Never early; late by about 1 ms. */
export class Schedule {
  readonly #nowMs: () => number;
  readonly #queue = new DeliveryQueue<Task>({ limit: MAX_WAITING });
  #timer: NodeJS.Timeout | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #done = 0;
  #overflowed = 0;
  #worstLateMs = 0;
  #totalLateMs = 0;

  constructor(deps: { readonly nowMs: () => number }) {
    this.#nowMs = deps.nowMs;
  }

  /** HOT PATH. Takes a task; what is due by now is done before this returns. */
  add(dueMs: number, task: Task): void {
    if (!this.#queue.push(dueMs, task)) this.#overflowed++;
    this.#doDue();
  }

  stats(): ScheduleStats {
    return {
      done: this.#done,
      waiting: this.#queue.size,
      overflowed: this.#overflowed,
      worstLateMs: this.#worstLateMs,
      meanLateMs: this.#done === 0 ? 0 : this.#totalLateMs / this.#done,
    };
  }

  /** Forgets what waits. Idempotent. */
  stop(): void {
    this.#queue.clear();
    clearTimeout(this.#timer);
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
  }

  /** HOT PATH. */
  #doDue(): void {
    const nowMs = this.#nowMs();
    for (let dueMs = this.#queue.nextDueMs; dueMs <= nowMs; dueMs = this.#queue.nextDueMs) {
      const task = this.#queue.takeDue(nowMs);
      this.#done++;
      const lateMs = nowMs - dueMs;
      this.#totalLateMs += lateMs;
      if (lateMs > this.#worstLateMs) this.#worstLateMs = lateMs;
      task?.run();
    }
    const nextMs = this.#queue.nextDueMs;
    if (nextMs >= this.#wakeAtMs) return;
    clearTimeout(this.#timer);
    this.#wakeAtMs = nextMs;
    this.#timer = setTimeout(this.#wake, Math.max(TIMER_RESOLUTION_MS, Math.floor(nextMs - nowMs)));
  }

  /** HOT PATH. */
  readonly #wake = (): void => {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#doDue();
  };
}
