/*
 * ITU-T G.722 at 64 kbit/s. Two filters split 16 kHz into a lower and a higher band of 8 kHz each; for each band, the
 * difference from a prediction is sent, in steps that widen and narrow with it. A byte is one sample of both:
 *
 *    7  6   5 4 3 2 1 0
 *   +----+ +-----------+
 *   |high| |    low    |
 *   +----+ +-----------+
 *
 * Both ends predict from the upper four bits of the lower band only, as the Recommendation lets the other two be used
 * for data, and compute the same in whole numbers of 16 bits.
 */

/** Half of the 24 taps of the quadrature mirror filter; the other half is the same backwards. They sum up to 4096. */
const QMF = Int32Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);
/** The earlier samples that the filter needs. */
const QMF_MEMORY = 2 * QMF.length - 2;
/** Within the codec a sample has 15 bits. */
const ANALYSIS_SHIFT = 14;
const SYNTHESIS_SHIFT = 11;

/** Where the steps of the lower band end, in 4096ths of its step width: `Q6`. */
const LOW_LIMITS = Int32Array.of(
  ...[35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339],
  ...[1458, 1612, 1765, 1980, 2195, 2557, 2919],
);
/** The value of each step, in 32768ths: `QM6`. */
const LOW_VALUES = [
  ...[136, 432, 728, 1040, 1360, 1688, 2032, 2400, 2776, 3168, 3576, 4008, 4464, 4944, 5456, 6000, 6576, 7192, 7856],
  ...[8576, 9360, 10_232, 11_192, 12_280, 13_512, 14_984, 16_704, 19_008, 21_904, 24_808],
];
/** The same with four bits, `QM4`, and the effect of each on the logarithm of the step width, `WL`. */
const COARSE_VALUES = [0, 1200, 2584, 4240, 6288, 8968, 12_896, 20_456];
const COARSE_GROWTH = [-60, -30, 58, 172, 334, 538, 1198, 3042];

/** By the six bits of the lower band. Codes 0 to 3 are not sent. */
const LOW_DIFFERENCE = new Int32Array(64).fill(-136, 0, 4);
for (const [step, value] of LOW_VALUES.entries()) {
  LOW_DIFFERENCE[lowCode(step, false)] = value;
  LOW_DIFFERENCE[lowCode(step, true)] = -value;
}
/** By the upper four of them: 1 to 7 are negative, the widest first; 8 to 14 are positive; 0 and 15 are nothing. */
const COARSE_STEP = Int32Array.from({ length: 16 }, (_, code) => (code === 0 ? 0 : code < 8 ? 8 - code : 15 - code));
const COARSE_DIFFERENCE = COARSE_STEP.map((step, code) => (COARSE_VALUES[step] as number) * (code < 8 ? -1 : 1));
const LOW_GROWTH = COARSE_STEP.map((step) => COARSE_GROWTH[step] as number);

/** The higher band has two steps on either side: their limit `Q2`, values `QM2` and effect `WH`, by the two bits. */
const HIGH_LIMIT = 564;
const HIGH_DIFFERENCE = Int32Array.of(-7408, -1616, 7408, 1616);
const HIGH_GROWTH = Int32Array.of(798, -214, 798, -214);

/** 2048 to 4096 in 32 steps of equal ratio: `ILB`. */
const EXPONENTIAL = Int32Array.from({ length: 32 }, (_, i) => Math.round(2048 * 2 ** (i / 32)));

/** The state of a band: the width of its steps, and the prediction of its next sample. */
class Predictor {
  stepWidth: number;
  expected = 0;
  readonly #mostLog: number;
  readonly #exponentOfOne: number;
  #log = 0;
  /** The part of `expected` that the zeros give. */
  #fromZeros = 0;
  /** The last six differences, the newest first, and the weights of the zeros. */
  readonly #differences = new Int32Array(6);
  readonly #zeros = new Int32Array(6);
  /** The weights of the two poles, the last two samples, and the last two sums of a difference and the zeros. */
  #pole1 = 0;
  #pole2 = 0;
  #sample1 = 0;
  #sample2 = 0;
  #partial1 = 0;
  #partial2 = 0;

  constructor({ mostLog, exponentOfOne }: { mostLog: number; exponentOfOne: number }) {
    this.#mostLog = mostLog;
    this.#exponentOfOne = exponentOfOne;
    this.stepWidth = widthOf(0, exponentOfOne);
  }

  /** Continues from the state of another one of the same band. */
  copyFrom(other: Predictor): void {
    this.stepWidth = other.stepWidth;
    this.expected = other.expected;
    this.#log = other.#log;
    this.#fromZeros = other.#fromZeros;
    this.#differences.set(other.#differences);
    this.#zeros.set(other.#zeros);
    this.#pole1 = other.#pole1;
    this.#pole2 = other.#pole2;
    this.#sample1 = other.#sample1;
    this.#sample2 = other.#sample2;
    this.#partial1 = other.#partial1;
    this.#partial2 = other.#partial2;
  }

  /**
   * HOT PATH. Must be called for each sample.
   * @param value the value of the sample, in 32768ths of the step width
   * @param growth the effect on the logarithm of the step width, in 2048ths of an octave
   */
  update(value: number, growth: number): void {
    const difference = (this.stepWidth * value) >> 15;
    this.#log = Math.max(0, Math.min(this.#mostLog, ((this.#log * 127) >> 7) + growth));
    this.stepWidth = widthOf(this.#log, this.#exponentOfOne);
    const sample = saturate(this.expected + difference);
    const partial = saturate(this.#fromZeros + difference);
    this.#adaptPoles(partial);
    this.#adaptZeros(difference);
    this.#sample2 = this.#sample1;
    this.#sample1 = sample;
    this.#expect();
  }

  /** HOT PATH. `UPPOL2` and `UPPOL1`: the poles follow the signs, within the limits of a stable filter. */
  #adaptPoles(partial: number): void {
    const as1 = partial >> 15 === this.#partial1 >> 15;
    const as2 = partial >> 15 === this.#partial2 >> 15;
    const four = saturate(this.#pole1 << 2);
    const pull = Math.min(as1 ? -four : four, 32_767) >> 7;
    const pole2 = pull + (as2 ? 128 : -128) + ((this.#pole2 * 32_512) >> 15);
    this.#pole2 = Math.max(-12_288, Math.min(12_288, pole2));
    const most = 15_360 - this.#pole2;
    const pole1 = (as1 ? 192 : -192) + ((this.#pole1 * 32_640) >> 15);
    this.#pole1 = Math.max(-most, Math.min(most, pole1));
    this.#partial2 = this.#partial1;
    this.#partial1 = partial;
  }

  /** HOT PATH. `UPZERO`. */
  #adaptZeros(difference: number): void {
    const differences = this.#differences;
    const zeros = this.#zeros;
    const gain = difference === 0 ? 0 : 128;
    for (let i = 0; i < 6; i += 1) {
      const alike = (differences[i] as number) >> 15 === difference >> 15;
      zeros[i] = (alike ? gain : -gain) + (((zeros[i] as number) * 32_640) >> 15);
    }
    differences.copyWithin(1, 0, 5);
    differences[0] = difference;
  }

  /** HOT PATH. `FILTEP`, `FILTEZ`, `PREDIC`. */
  #expect(): void {
    let fromZeros = 0;
    for (let i = 5; i >= 0; i -= 1) {
      fromZeros += ((this.#zeros[i] as number) * saturate(2 * (this.#differences[i] as number))) >> 15;
    }
    this.#fromZeros = saturate(fromZeros);
    const fromPoles =
      ((this.#pole1 * saturate(2 * this.#sample1)) >> 15) + ((this.#pole2 * saturate(2 * this.#sample2)) >> 15);
    this.expected = saturate(saturate(fromPoles) + this.#fromZeros);
  }
}

const lowPredictor = () => new Predictor({ mostLog: 18_432, exponentOfOne: 8 });
const highPredictor = () => new Predictor({ mostLog: 22_528, exponentOfOne: 10 });

/** Encodes one stream, frame by frame. It is delayed by 11 samples. */
export class G722Encoder {
  readonly #low = lowPredictor();
  readonly #high = highPredictor();
  readonly #input: Int32Array;

  /** @param frameSamples an even number */
  constructor(frameSamples: number) {
    this.#input = new Int32Array(QMF_MEMORY + frameSamples);
  }

  /**
   * Continues the stream of another encoder with the same frame size, so that one decoder can follow both.
   * Otherwise the steps of the decoder are too wide for the new encoder, which listeners hear as a bang.
   */
  copyFrom(other: G722Encoder): void {
    this.#low.copyFrom(other.#low);
    this.#high.copyFrom(other.#high);
    this.#input.set(other.#input);
  }

  /** HOT PATH. @param out gets a byte for each two of `samples`, which are 16 bits at 16 kHz */
  encodeInto(samples: Int16Array, out: Uint8Array): void {
    const input = this.#input;
    input.copyWithin(0, samples.length);
    input.set(samples, QMF_MEMORY);
    for (let i = 0; 2 * i < samples.length; i += 1) {
      let even = 0;
      let odd = 0;
      for (let tap = 0; tap < QMF.length; tap += 1) {
        even += (input[2 * (i + tap)] as number) * (QMF[tap] as number);
        odd += (input[2 * (i + tap) + 1] as number) * (QMF[QMF.length - 1 - tap] as number);
      }
      out[i] = this.#encodeHigh((odd - even) >> ANALYSIS_SHIFT) | this.#encodeLow((odd + even) >> ANALYSIS_SHIFT);
    }
  }

  #encodeLow(sample: number): number {
    const { expected, stepWidth } = this.#low;
    const difference = saturate(sample - expected);
    const magnitude = difference < 0 ? ~difference : difference;
    let step = 0;
    while (step < LOW_LIMITS.length && magnitude >= ((LOW_LIMITS[step] as number) * stepWidth) >> 12) step += 1;
    const code = lowCode(step, difference < 0);
    this.#low.update(COARSE_DIFFERENCE[code >> 2] as number, LOW_GROWTH[code >> 2] as number);
    return code;
  }

  #encodeHigh(sample: number): number {
    const { expected, stepWidth } = this.#high;
    const difference = saturate(sample - expected);
    const magnitude = difference < 0 ? ~difference : difference;
    const near = magnitude < (HIGH_LIMIT * stepWidth) >> 12;
    const code = (difference < 0 ? 0 : 2) | (near ? 1 : 0);
    this.#high.update(HIGH_DIFFERENCE[code] as number, HIGH_GROWTH[code] as number);
    return code << 6;
  }
}

/** Decodes one stream, frame by frame. It is delayed by 11 samples. */
export class G722Decoder {
  readonly #low = lowPredictor();
  readonly #high = highPredictor();
  /** Sums and differences of the bands, in turn. */
  readonly #bands: Int32Array;

  /** @param frameSamples an even number */
  constructor(frameSamples: number) {
    this.#bands = new Int32Array(QMF_MEMORY + frameSamples);
  }

  /** HOT PATH. @param out gets two samples, 16 bits at 16 kHz, for each of `bytes` */
  decodeInto(bytes: Uint8Array, out: Int16Array): void {
    const bands = this.#bands;
    bands.copyWithin(0, out.length);
    for (let i = 0; i < bytes.length; i += 1) {
      const low = this.#decodeLow((bytes[i] as number) & 0x3f);
      const high = this.#decodeHigh((bytes[i] as number) >> 6);
      bands[QMF_MEMORY + 2 * i] = low + high;
      bands[QMF_MEMORY + 2 * i + 1] = low - high;
      let first = 0;
      let second = 0;
      for (let tap = 0; tap < QMF.length; tap += 1) {
        second += (bands[2 * (i + tap)] as number) * (QMF[tap] as number);
        first += (bands[2 * (i + tap) + 1] as number) * (QMF[QMF.length - 1 - tap] as number);
      }
      out[2 * i] = saturate(first >> SYNTHESIS_SHIFT);
      out[2 * i + 1] = saturate(second >> SYNTHESIS_SHIFT);
    }
  }

  #decodeLow(code: number): number {
    const { expected, stepWidth } = this.#low;
    this.#low.update(COARSE_DIFFERENCE[code >> 2] as number, LOW_GROWTH[code >> 2] as number);
    return saturate15(expected + ((stepWidth * (LOW_DIFFERENCE[code] as number)) >> 15));
  }

  #decodeHigh(code: number): number {
    const { expected, stepWidth } = this.#high;
    const value = HIGH_DIFFERENCE[code] as number;
    this.#high.update(value, HIGH_GROWTH[code] as number);
    return saturate15(expected + ((stepWidth * value) >> 15));
  }
}

/** @param step from 0, the innermost, to 29 */
function lowCode(step: number, negative: boolean): number {
  if (!negative) return 61 - step;
  return step < 2 ? 63 - step : 33 - step;
}

/** HOT PATH. `SCALEL` and `SCALEH`. @param log in 2048ths of an octave */
function widthOf(log: number, exponentOfOne: number): number {
  const mantissa = EXPONENTIAL[(log >> 6) & 31] as number;
  const exponent = exponentOfOne - (log >> 11);
  return (exponent < 0 ? mantissa << -exponent : mantissa >> exponent) << 2;
}

function saturate(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value));
}

function saturate15(value: number): number {
  return Math.max(-16_384, Math.min(16_383, value));
}
