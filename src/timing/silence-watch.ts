type SilenceWatchOptions = {
  readonly checkEveryMs: number;
  readonly limitMs: number;
  /** Called at each check while there is no such silence. */
  readonly onCheck?: () => void;
  /** Called at each check of a silence that is longer than the limit. */
  readonly onSilent: () => void;
};

/**
 * Notices that nothing has been heard from somebody for too long. While this process stands still itself it can hear
 * nothing, so that time does not count.
 */
export class SilenceWatch {
  readonly #timer: NodeJS.Timeout;
  #heardMs = performance.now();

  constructor({ checkEveryMs, limitMs, onCheck, onSilent }: SilenceWatchOptions) {
    let checkedMs = this.#heardMs;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      const lateMs = Math.max(0, nowMs - checkedMs - checkEveryMs);
      this.#heardMs = Math.min(nowMs, this.#heardMs + lateMs);
      checkedMs = nowMs;
      if (nowMs - this.#heardMs > limitMs) onSilent();
      else onCheck?.();
    }, checkEveryMs);
  }

  heard(): void {
    this.#heardMs = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
