export type WallClockWatchDeps = {
  /** ms since 1970, by the wall clock. */
  wallNow: () => number;
  /** ms of a clock that never jumps. */
  steadyNow: () => number;
  /** The wall clock was set, or an hour is over, in which it may have drifted. */
  onSet: () => void;
};

const LOOK_EVERY_MS = 1000;
/** More is no drift. */
const SET_MS = 500;
const HOUR_MS = 3_600_000;

/** Notices that the wall clock was set. */
export class WallClockWatch {
  readonly #deps: WallClockWatchDeps;
  #timer: NodeJS.Timeout | undefined;
  #aheadMs = 0;
  #toldAtMs = 0;

  constructor(deps: WallClockWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#timer) return;
    this.#note();
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Compares the clocks, as it does each second. */
  look(): void {
    const { wallNow, steadyNow, onSet } = this.#deps;
    const isSet = Math.abs(wallNow() - steadyNow() - this.#aheadMs) >= SET_MS;
    if (!isSet && steadyNow() - this.#toldAtMs < HOUR_MS) return;
    this.#note();
    onSet();
  }

  #note(): void {
    const { wallNow, steadyNow } = this.#deps;
    this.#toldAtMs = steadyNow();
    this.#aheadMs = wallNow() - this.#toldAtMs;
  }
}
