import { levelOfMeanSquare, meanSquare, SILENT_BELOW_DBOV } from '../../audio/level.ts';

/** Five frames of 20 ms: loudness is perceived over 100 ms. */
const WINDOW_FRAMES = 5;
/** After silence the first frames fill the whole window, so that a new talker has the full level at once. */
const ONSET_FRAMES = 2;
/** A smaller change is not reported. */
const CHANGE_DB = 1;
/** The shortest interval between reports. */
const APART_MS = 100;

/** The level of one source: the loudest 100 ms since the last report. */
export class LevelMeter {
  readonly #powers = new Float64Array(WINDOW_FRAMES);
  #next = 0;
  #onset = 0;
  #loudest = -1;
  #reported: number | null = null;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  /** HOT PATH. Adds 20 ms. */
  push(samples: Int16Array, count: number): void {
    const power = meanSquare(samples, count);
    if (this.#onset > 0) this.#onset -= 1;
    else if (isSilent(this.#mean()) && !isSilent(power)) this.#onset = ONSET_FRAMES;
    if (this.#onset > 0) this.#powers.fill(power);
    else this.#powers[this.#next] = power;
    this.#next = (this.#next + 1) % WINDOW_FRAMES;
    this.#loudest = Math.max(this.#loudest, this.#mean());
  }

  /** @returns the level in dBov, to a tenth, if it must be reported now; otherwise null */
  news(nowMs: number): number | null {
    // The first frame of a sound may be the end of the silence before it.
    if (this.#loudest < 0 || this.#onset === ONSET_FRAMES || nowMs - this.#reportedAtMs < APART_MS) return null;
    const level = Math.round(levelOfMeanSquare(this.#loudest) * 10) / 10;
    this.#loudest = -1;
    if (this.#reported !== null && !differs(this.#reported, level)) return null;
    this.#reported = level;
    this.#reportedAtMs = nowMs;
    return level;
  }

  /** Forgets the last report: a new controller needs the level again. */
  forget(): void {
    this.#reported = null;
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

/** Changes within silence do not count. */
function differs(before: number, now: number): boolean {
  if (before < SILENT_BELOW_DBOV || now < SILENT_BELOW_DBOV) {
    return before < SILENT_BELOW_DBOV !== now < SILENT_BELOW_DBOV;
  }
  return Math.abs(now - before) > CHANGE_DB;
}
