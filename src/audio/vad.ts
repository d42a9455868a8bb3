import { SILENCE_DBOV } from './level.ts';

/** A frame this much above the threshold is speech at once; a softer one must be followed by another. */
const CERTAIN_DB = 6;
const START_FRAMES = 2;
/** The weight of a frame in the noise level. */
const NOISE_WEIGHT = 1 / 8;
/** The assumed growth of the noise while everything is above the threshold. */
const NOISE_RISE_DB_PER_S = 3;
/** Speech is this much louder than the noise, if the threshold adapts. */
const SPEECH_ABOVE_NOISE_DB = 9;
/** The threshold never adapts beyond this, so that music is not taken for noise. */
const ADAPTED_MAX_DBOV = -30;

const FRAME_MS = 20;

export interface VadOptions {
  /** Frames as loud as this are speech. */
  readonly thresholdDbov: number;
  /** Speech continues for so long after its last loud frame, so that ends and pauses of words are not cut off. */
  readonly holdMs: number;
  /** Raises the threshold above the present noise. */
  readonly adaptive?: boolean;
}

/** Detects voice by the level of frames. It must see every frame of a source, in order. */
export class Vad {
  readonly #options: VadOptions;
  readonly #holdFrames: number;
  #framesLeft = 0;
  #loudFrames = 0;
  #noiseDbov = SILENCE_DBOV;
  #noiseKnown = false;

  constructor(options: VadOptions) {
    this.#options = options;
    this.#holdFrames = Math.ceil(options.holdMs / FRAME_MS);
  }

  /** Whether the last frame was speech, or so soon after it that it must be heard. */
  get active(): boolean {
    return this.#framesLeft > 0;
  }

  /** The level between speech, for the noise that replaces it; -127 before there was any frame without speech. */
  get noiseDbov(): number {
    return this.#noiseDbov;
  }

  get thresholdDbov(): number {
    const { thresholdDbov, adaptive } = this.#options;
    if (adaptive !== true || !this.#noiseKnown) return thresholdDbov;
    const adapted = Math.min(ADAPTED_MAX_DBOV, this.#noiseDbov + SPEECH_ABOVE_NOISE_DB);
    return Math.max(thresholdDbov, adapted);
  }

  /** HOT PATH. Adds the level of the next frame in dBov; returns whether the frame must be heard. */
  push(levelDbov: number): boolean {
    const thresholdDbov = this.thresholdDbov;
    if (levelDbov < thresholdDbov) {
      this.#loudFrames = 0;
      this.#framesLeft = Math.max(0, this.#framesLeft - 1);
      this.#learnNoise(levelDbov);
      return this.active;
    }
    this.#loudFrames += 1;
    const speaks = this.active || levelDbov >= thresholdDbov + CERTAIN_DB || this.#loudFrames >= START_FRAMES;
    // This frame itself comes on top of the hold.
    if (speaks) this.#framesLeft = this.#holdFrames + 1;
    if (this.#options.adaptive === true) this.#raiseNoise();
    return this.active;
  }

  #learnNoise(levelDbov: number): void {
    const weight = this.#noiseKnown ? NOISE_WEIGHT : 1;
    this.#noiseDbov += (levelDbov - this.#noiseDbov) * weight;
    this.#noiseKnown = true;
  }

  /** Speech has pauses that lower the noise level again; the noise of a machine has none. */
  #raiseNoise(): void {
    if (!this.#noiseKnown) {
      this.#noiseDbov = this.#options.thresholdDbov - SPEECH_ABOVE_NOISE_DB;
      this.#noiseKnown = true;
    }
    const risen = this.#noiseDbov + (NOISE_RISE_DB_PER_S * FRAME_MS) / 1000;
    this.#noiseDbov = Math.max(this.#noiseDbov, Math.min(risen, ADAPTED_MAX_DBOV - SPEECH_ABOVE_NOISE_DB));
  }
}
