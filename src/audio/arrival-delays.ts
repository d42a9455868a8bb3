const BIN_MS = 2;
const BINS = 64;
/** The weight of the newest frame once many are known: the memory covers about 500 frames, or 10 s. */
const WEIGHT_MIN = 1 / 500;
/** The fastest frame is searched in the last one to two of these intervals, so that clocks may drift. */
const WINDOW_MS = 5000;

/**
 * The delays of a source's frames, relative to the fastest of them. Transit times have an unknown constant, the
 * difference of two clocks.
 */
export class ArrivalDelays {
  readonly #shares = new Float64Array(BINS);
  #frames = 0;
  #windowEndsMs = 0;
  #fastestMs = 0;
  #fastestBeforeMs = 0;

  /** HOT PATH. The transit time of the fastest frame lately. */
  get fastestMs(): number {
    return Math.min(this.#fastestMs, this.#fastestBeforeMs);
  }

  /** Restarts with a first frame that all others are compared with. The known jitter stays. */
  begin(transitMs: number, nowMs: number): void {
    this.#fastestMs = transitMs;
    this.#fastestBeforeMs = transitMs;
    this.#windowEndsMs = nowMs + WINDOW_MS;
  }

  /** HOT PATH. Adds the transit time of a frame that has just arrived. */
  add(transitMs: number, nowMs: number): void {
    if (nowMs >= this.#windowEndsMs) this.#nextWindow(transitMs, nowMs);
    if (transitMs < this.#fastestMs) this.#fastestMs = transitMs;
    const shares = this.#shares;
    this.#frames += 1;
    const weight = Math.max(WEIGHT_MIN, 1 / this.#frames);
    for (let bin = 0; bin < BINS; bin += 1) shares[bin] = (shares[bin] as number) * (1 - weight);
    const bin = Math.min(BINS - 1, Math.floor((transitMs - this.fastestMs) / BIN_MS));
    shares[bin] = (shares[bin] as number) + weight;
  }

  /** HOT PATH. The delay that all but this share of the frames keep; at most 126 ms. */
  quantileMs(laterShare: number): number {
    let later = 0;
    for (let bin = BINS - 1; bin > 0; bin -= 1) {
      later += this.#shares[bin] as number;
      // Frames of the lowest bin are on time.
      if (later > laterShare) return Math.min(bin + 1, BINS - 1) * BIN_MS;
    }
    return 0;
  }

  #nextWindow(transitMs: number, nowMs: number): void {
    const before = this.fastestMs;
    this.#fastestBeforeMs = this.#fastestMs;
    this.#fastestMs = transitMs;
    this.#windowEndsMs = nowMs + WINDOW_MS;
    // If even the fastest frame is slower now, as on another route, the others are less late in comparison.
    const slowerBins = Math.floor((this.fastestMs - before) / BIN_MS);
    if (slowerBins > 0) this.#shift(Math.min(slowerBins, BINS - 1));
  }

  #shift(bins: number): void {
    const shares = this.#shares;
    let onTime = 0;
    for (let bin = 0; bin <= bins; bin += 1) onTime += shares[bin] as number;
    shares.copyWithin(0, bins);
    shares.fill(0, BINS - bins);
    shares[0] = onTime;
  }
}
