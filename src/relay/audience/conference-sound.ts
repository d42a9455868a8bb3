import { ComfortNoise } from '../../audio/comfort-noise.ts';
import { StreamResampler } from '../../audio/resample.ts';

export type SampleRateHz = 8000 | 16_000;

const FRAMES_PER_SECOND = 50;

/**
 * The sound of a conference at one rate, 20 ms at a time, in each form that listeners hear: as it is or silence, and
 * both with comfort noise or without. Each form is made once per frame, and only when it is asked for.
 */
export class ConferenceSound {
  readonly #resampler: StreamResampler | null;
  readonly #inputSilence: Int16Array;
  readonly #resampled: Int16Array;
  readonly #silence: Int16Array;
  readonly #noisy: Int16Array;
  readonly #noisySilence: Int16Array;
  readonly #noise: ComfortNoise;
  readonly #noiseOfSilence: ComfortNoise;
  #input: Int16Array;
  #noiseDbov: number | null = null;
  #isResampled = false;
  #wasResampled = false;
  #hasNoisy = false;
  #hasNoisySilence = false;

  /** @param fromHz of the frames that it is given; @param toHz of the frames that it gives */
  constructor(fromHz: SampleRateHz, toHz: SampleRateHz) {
    const frame = () => new Int16Array(toHz / FRAMES_PER_SECOND);
    this.#resampler = fromHz === toHz ? null : new StreamResampler(fromHz, toHz);
    this.#inputSilence = new Int16Array(fromHz / FRAMES_PER_SECOND);
    this.#input = this.#inputSilence;
    this.#resampled = frame();
    this.#silence = frame();
    this.#noisy = frame();
    this.#noisySilence = frame();
    this.#noise = new ComfortNoise(toHz);
    this.#noiseOfSilence = new ComfortNoise(toHz);
  }

  /** HOT PATH. Adds the next 20 ms; null for no comfort noise. `samples` must stay unchanged until the next frame. */
  next(samples: Int16Array, noiseDbov: number | null): void {
    this.#input = samples;
    this.#noiseDbov = noiseDbov;
    this.#wasResampled = this.#isResampled;
    this.#isResampled = false;
    this.#hasNoisy = false;
    this.#hasNoisySilence = false;
  }

  /** HOT PATH. This frame, in one of its forms. It is valid until `next`, and must not be written to. */
  frame({ noise, deaf }: { readonly noise: boolean; readonly deaf: boolean }): Int16Array {
    const noiseDbov = noise ? this.#noiseDbov : null;
    if (noiseDbov === null) return deaf ? this.#silence : this.#clean();
    return deaf ? this.#silenceWithNoise(noiseDbov) : this.#soundWithNoise(noiseDbov);
  }

  #clean(): Int16Array {
    const resampler = this.#resampler;
    if (resampler === null) return this.#input;
    if (this.#isResampled) return this.#resampled;
    // The filter must not remember audio from before a pause.
    if (!this.#wasResampled) resampler.convertInto(this.#resampled, this.#inputSilence);
    resampler.convertInto(this.#resampled, this.#input);
    this.#isResampled = true;
    return this.#resampled;
  }

  #soundWithNoise(noiseDbov: number): Int16Array {
    if (!this.#hasNoisy) this.#noise.addInto(this.#noisy, this.#clean(), noiseDbov);
    this.#hasNoisy = true;
    return this.#noisy;
  }

  #silenceWithNoise(noiseDbov: number): Int16Array {
    if (!this.#hasNoisySilence) this.#noiseOfSilence.addInto(this.#noisySilence, this.#silence, noiseDbov);
    this.#hasNoisySilence = true;
    return this.#noisySilence;
  }
}
