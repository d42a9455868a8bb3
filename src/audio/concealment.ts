/*
 * Packet loss concealment in the manner of ITU-T G.711, appendix I: the last pitch periods continue, ever softer. Unlike
 * there the audio is not delayed; where it breaks off, it fades into its continuation instead.
 */

const PITCH_MIN_MS = 5;
const PITCH_MAX_MS = 15;
/** The length of the last audio that is compared with the audio one period earlier. */
const COMPARED_MS = 20;
/** With each further lost frame one more period is repeated, up to this: one alone for long is a buzz. */
const MAX_PERIODS = 3;
const FULL_LEVEL_MS = 10;
const SILENT_AFTER_MS = 60;
/** The duration of the return to received audio: longer after a long gap. */
const RETURN_MIN_MS = 4;
const RETURN_MAX_MS = 10;

/** Fills in missing frames of one source. It must see every played frame, in order. */
export class Concealment {
  readonly #samplesPerMs: number;
  readonly #lagMin: number;
  readonly #lagMax: number;
  readonly #compared: number;
  /** The step of the first search, in samples and in lags. */
  readonly #stride: number;
  /** The audio that was played last. */
  readonly #history: Int16Array;
  /** The history at the moment when the audio broke off. */
  readonly #source: Int16Array;
  /** The repeated audio: `#periods` pitch periods, whose end fades into the beginning. */
  readonly #loop: Float32Array;
  readonly #loopBefore: Float32Array;
  #lag = 0;
  #periods = 0;
  #at = 0;
  /** The step between the audio and its continuation where it broke off. */
  #gap = 0;
  #lostSamples = 0;

  /** @param sampleRateHz 8000 or 16000 */
  constructor(sampleRateHz: number) {
    this.#samplesPerMs = sampleRateHz / 1000;
    this.#lagMin = PITCH_MIN_MS * this.#samplesPerMs;
    this.#lagMax = PITCH_MAX_MS * this.#samplesPerMs;
    this.#compared = COMPARED_MS * this.#samplesPerMs;
    this.#stride = Math.max(1, sampleRateHz / 4000);
    const length = MAX_PERIODS * this.#lagMax + (this.#lagMax >> 2) + 1;
    this.#history = new Int16Array(length);
    this.#source = new Int16Array(length);
    this.#loop = new Float32Array(MAX_PERIODS * this.#lagMax);
    this.#loopBefore = new Float32Array(MAX_PERIODS * this.#lagMax);
  }

  /** Forgets the history: other audio follows. */
  reset(): void {
    this.#history.fill(0);
    this.#lostSamples = 0;
    this.#periods = 0;
  }

  /** HOT PATH. Adds a received frame. After a loss, its beginning is changed so that it does not click. */
  good(frame: Int16Array): void {
    if (this.#lostSamples > 0) this.#return(frame);
    this.#remember(frame);
  }

  /** HOT PATH. Fills `out` with made-up audio; with silence from 60 ms after the last received frame on. */
  conceal(out: Int16Array): void {
    if (this.#lostSamples >= SILENT_AFTER_MS * this.#samplesPerMs) {
      out.fill(0);
    } else {
      const before = this.#at;
      const changed = this.#periods < MAX_PERIODS && this.#addPeriod();
      this.#continueInto(out, changed ? before : -1);
    }
    this.#lostSamples += out.length;
    this.#remember(out);
  }

  #remember(frame: Int16Array): void {
    const history = this.#history;
    const kept = history.length - frame.length;
    if (kept > 0) history.copyWithin(0, frame.length);
    history.set(kept > 0 ? frame : frame.subarray(-history.length), Math.max(0, kept));
  }

  /** Makes the loop one period longer; the first time, finds the period. @returns whether there was a loop before */
  #addPeriod(): boolean {
    const source = this.#source;
    const end = source.length;
    const first = this.#periods === 0;
    if (first) {
      source.set(this.#history);
      this.#lag = this.#findLag();
      this.#at = 0;
      this.#gap = (source[end - 1] as number) - (source[end - 1 - this.#lag] as number);
    } else {
      this.#loopBefore.set(this.#loop);
    }
    this.#periods += 1;
    const length = this.#periods * this.#lag;
    const overlap = this.#overlap;
    for (let i = 0; i < length; i += 1) {
      const sample = source[end - length + i] as number;
      const fade = (i - (length - overlap) + 1) / (overlap + 1);
      this.#loop[i] = fade <= 0 ? sample : sample + fade * ((source[end - 2 * length + i] as number) - sample);
    }
    return !first;
  }

  /** A quarter of the period, which is the length of a cross-fade. */
  get #overlap(): number {
    return this.#lag >> 2;
  }

  /** @param before the position in the former, shorter loop; -1 if there was none */
  #continueInto(out: Int16Array, before: number): void {
    const length = this.#periods * this.#lag;
    const lengthBefore = length - this.#lag;
    const overlap = this.#overlap;
    let old = before;
    for (let i = 0; i < out.length; i += 1) {
      let sample = this.#loop[this.#at] as number;
      if (i < overlap) {
        const rest = 1 - (i + 1) / (overlap + 1);
        if (before >= 0) {
          sample += rest * ((this.#loopBefore[old] as number) - sample);
          old = old + 1 === lengthBefore ? 0 : old + 1;
        } else if (this.#lostSamples === 0) {
          sample += rest * this.#gap;
        }
      }
      out[i] = toSample(sample * this.#levelAt(this.#lostSamples + i));
      this.#at = this.#at + 1 === length ? 0 : this.#at + 1;
    }
  }

  /** Fades from the made-up audio into the received frame. */
  #return(frame: Int16Array): void {
    const lostMs = this.#lostSamples / this.#samplesPerMs;
    const returnMs = Math.min(RETURN_MAX_MS, RETURN_MIN_MS + lostMs / 10);
    const samples = Math.min(frame.length, Math.round(returnMs * this.#samplesPerMs));
    const length = this.#periods * this.#lag;
    for (let i = 0; i < samples; i += 1) {
      const made = (this.#loop[this.#at] as number) * this.#levelAt(this.#lostSamples + i);
      const fade = (i + 1) / (samples + 1);
      frame[i] = toSample(made + fade * ((frame[i] as number) - made));
      this.#at = this.#at + 1 === length ? 0 : this.#at + 1;
    }
    this.#lostSamples = 0;
    this.#periods = 0;
  }

  /** The level falls from 1 to 0. */
  #levelAt(lostSamples: number): number {
    const lostMs = lostSamples / this.#samplesPerMs;
    if (lostMs <= FULL_LEVEL_MS) return 1;
    return Math.max(0, (SILENT_AFTER_MS - lostMs) / (SILENT_AFTER_MS - FULL_LEVEL_MS));
  }

  /** The lag at which the end of the source is most like earlier audio: searched coarsely, then near the best. */
  #findLag(): number {
    const stride = this.#stride;
    const near = this.#bestLag(this.#lagMin, this.#lagMax, stride) ?? this.#lagMax;
    const from = Math.max(this.#lagMin, near - stride + 1);
    const to = Math.min(this.#lagMax, near + stride - 1);
    return this.#bestLag(from, to, 1) ?? near;
  }

  /** @param stride in lags and in samples. @returns null if none is alike */
  #bestLag(from: number, to: number, stride: number): number | null {
    let best: number | null = null;
    let bestLikeness = 0;
    for (let lag = from; lag <= to; lag += stride) {
      const likeness = this.#likeness(lag, stride);
      if (likeness > bestLikeness) {
        best = lag;
        bestLikeness = likeness;
      }
    }
    return best;
  }

  /** The cross-correlation, normalized by the level of the earlier audio. */
  #likeness(lag: number, stride: number): number {
    const source = this.#source;
    let product = 0;
    let energy = 1;
    for (let i = source.length - this.#compared; i < source.length; i += stride) {
      const before = source[i - lag] as number;
      product += before * (source[i] as number);
      energy += before * before;
    }
    return product / Math.sqrt(energy);
  }
}

function toSample(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
