import { levelOfMeanSquare, meanSquare, SILENT_BELOW_DBOV } from '../../audio/level.ts';

/** Frames of 20 ms: 100 ms, over which loudness is perceived. */
const WINDOW_FRAMES = 5;
/** After silence the first frames count for the whole window: whoever begins to talk is as loud at once. */
const ONSET_FRAMES = 2;
/** A change by less is not told. */
const CHANGE_DB = 1;
/** Nor is anything sooner after what was told before. */
const APART_MS = 100;

/** How loud one source is: the loudest 100 ms since it was told last. */
export class LevelMeter {
  readonly #powers = new Float64Array(WINDOW_FRAMES);
  #next = 0;
  #onset = 0;
  #loudest = -1;
  #told: number | null = null;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** HOT PATH. Takes 20 ms. */
  push(samples: Int16Array, count: number): void {
    const power = meanSquare(samples, count);
    if (this.#onset > 0) this.#onset -= 1;
    else if (isSilent(this.#mean()) && !isSilent(power)) this.#onset = ONSET_FRAMES;
    if (this.#onset > 0) this.#powers.fill(power);
    else this.#powers[this.#next] = power;
    this.#next = (this.#next + 1) % WINDOW_FRAMES;
    this.#loudest = Math.max(this.#loudest, this.#mean());
  }

  /** @returns the level in dBov, to a tenth, if it is to be told now; otherwise null */
  news(nowMs: number): number | null {
    // The first frame of a sound may be the end of the silence before it.
    if (this.#loudest < 0 || this.#onset === ONSET_FRAMES || nowMs - this.#toldAtMs < APART_MS) return null;
    const level = Math.round(levelOfMeanSquare(this.#loudest) * 10) / 10;
    this.#loudest = -1;
    if (this.#told !== null && !differs(this.#told, level)) return null;
    this.#told = level;
    this.#toldAtMs = nowMs;
    return level;
  }

  /** Whoever was told is gone: the next one is told anew. */
  forget(): void {
    this.#told = null;
  }

  #mean(): number {
    let sum = 0;
    for (let i = 0; i < WINDOW_FRAMES; i += 1) sum += this.#powers[i] as number;
    return sum / WINDOW_FRAMES;
  }
}

function isSilent(power: number): boolean {
  return levelOfMeanSquare(power) < SILENT_BELOW_DBOV;
}

/** How soft silence is changes all the time, and concerns nobody. */
function differs(before: number, now: number): boolean {
  if (before < SILENT_BELOW_DBOV || now < SILENT_BELOW_DBOV) {
    return before < SILENT_BELOW_DBOV !== now < SILENT_BELOW_DBOV;
  }
  return Math.abs(now - before) > CHANGE_DB;
}
