/** Node's timers overflow at 2^31 ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** One timer per key, set to the earliest requested time. */
export class WakeTimers {
  readonly #onWake: (key: string) => void;
  readonly #timers = new Map<string, { atMs: number; timer: NodeJS.Timeout }>();

  constructor(onWake: (key: string) => void) {
    this.#onWake = onWake;
  }

  wake(key: string, atMs: number, nowMs: number): void {
    const present = this.#timers.get(key);
    if (present && present.atMs <= atMs) return;
    clearTimeout(present?.timer);
    const timer = setTimeout(
      () => {
        this.#timers.delete(key);
        this.#onWake(key);
      },
      Math.min(Math.max(atMs - nowMs, 0), LONGEST_MS),
    );
    this.#timers.set(key, { atMs, timer });
  }

  clear(): void {
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
