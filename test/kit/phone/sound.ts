import { type AudioCodec, encodeAudio, sampleRateHz, silentPayload } from './codec.ts';
import { PhoneError } from './errors.ts';
import { SAMPLE_RATE_HZ } from './g711.ts';
import { levelDbov } from './judge.ts';

/*
 * What a phone says. Levels are in dBov: 0 dBov is a full-scale square wave, so that a full-scale sine is -3.01 dBov
 * (RFC 6464 and ITU-T G.100.1 use the same reference).
 */

export interface Tone {
  /** Whole Hz, so that the tone repeats after one second and its frames can be encoded once. */
  readonly freqHz: number;
  readonly levelDbov: number;
}

export interface Bursts extends Tone {
  readonly burstMs: number;
  /** From onset to onset; a latency up to this can be told without doubt. */
  readonly everyMs: number;
}

export type Sound =
  /** No RTP at all. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'tones'; readonly tones: readonly Tone[] }
  | { readonly kind: 'bursts'; readonly bursts: Bursts }
  | { readonly kind: 'samples'; readonly samples: Int16Array; readonly loop: boolean };

export const FULL_SCALE = 32768;
const LOUDEST_SINE_DBOV = -3.01;

export function nothing(): Sound {
  return { kind: 'nothing' };
}

export function silence(): Sound {
  return { kind: 'silence' };
}

export function tone(freqHz: number, levelDbov: number): Sound {
  return tones([{ freqHz, levelDbov }]);
}

/** A tone that only a wideband phone can say: below 8000 Hz. */
export function wideTone(freqHz: number, levelDbov: number): Sound {
  checkTone({ freqHz, levelDbov }, 2 * SAMPLE_RATE_HZ);
  return { kind: 'tones', tones: [{ freqHz, levelDbov }] };
}

export function tones(sum: readonly Tone[]): Sound {
  for (const one of sum) checkTone(one);
  return { kind: 'tones', tones: sum };
}

/** Short tones that start with their loudest sample: latency is measured between their onsets. */
export function bursts(options: Partial<Bursts> = {}): Sound {
  const all: Bursts = { freqHz: 1000, levelDbov: -10, burstMs: 40, everyMs: 1000, ...options };
  checkTone(all);
  if (all.burstMs >= all.everyMs) throw new PhoneError({ code: 'bad-sound', problem: 'bursts without a pause' });
  return { kind: 'bursts', bursts: all };
}

/** Two seconds, again and again. */
export function whiteNoise(dbov: number): Sound {
  const pcm = Int16Array.from({ length: 2 * SAMPLE_RATE_HZ }, () => (Math.random() * 2 - 1) * 10_000);
  const gain = 10 ** ((dbov - levelDbov(pcm)) / 20);
  return samples(pcm.map((sample) => Math.round(sample * gain)));
}

/** Samples at 8000 Hz; said once and then silence, or over and over with `loop`. Make it once and give it to many phones. */
export function samples(pcm: Int16Array, options: { loop?: boolean } = {}): Sound {
  return { kind: 'samples', samples: pcm, loop: options.loop ?? true };
}

function checkTone(one: Tone, rateHz = SAMPLE_RATE_HZ): void {
  const inBand = Number.isInteger(one.freqHz) && one.freqHz > 0 && one.freqHz < rateHz / 2;
  if (!inBand)
    throw new PhoneError({ code: 'bad-sound', problem: `${one.freqHz} Hz is no whole tone below ${rateHz / 2} Hz` });
  if (one.levelDbov > LOUDEST_SINE_DBOV) {
    throw new PhoneError({ code: 'bad-sound', problem: `${one.levelDbov} dBov clips: a sine has at most -3.01 dBov` });
  }
}

/** A sound as the packets carry it: encoded frames of one ptime each. */
export interface Frames {
  readonly frames: readonly Uint8Array[];
  /** Otherwise silence follows the last one. */
  readonly loop: boolean;
  readonly silence: Uint8Array;
}

/** Frames of a sound live as long as the sound does; at most one entry per codec and ptime. */
const encoded = new WeakMap<Sound, Map<string, Frames>>();

/** Frames of `frameSamples` samples, encoded on first use; null for no RTP at all. */
export function framesOf(sound: Sound, codec: AudioCodec, frameSamples: number): Frames | null {
  if (sound.kind === 'nothing') return null;
  const key = `${codec}/${frameSamples}`;
  let byFormat = encoded.get(sound);
  if (byFormat === undefined) {
    byFormat = new Map();
    encoded.set(sound, byFormat);
  }
  let frames = byFormat.get(key);
  if (frames === undefined) {
    frames = encodeFrames(sound, codec, frameSamples);
    byFormat.set(key, frames);
  }
  return frames;
}

function encodeFrames(sound: Exclude<Sound, { kind: 'nothing' }>, codec: AudioCodec, frameSamples: number): Frames {
  const quiet = silentPayload(codec, frameSamples);
  if (sound.kind === 'silence') return { frames: [quiet], loop: true, silence: quiet };
  const pcm = render(sound, frameSamples, sampleRateHz(codec));
  const frames: Uint8Array[] = [];
  for (let start = 0; start < pcm.length; start += frameSamples) {
    const frame = new Int16Array(frameSamples);
    frame.set(pcm.subarray(start, start + frameSamples));
    frames.push(encodeAudio(codec, frame));
  }
  return { frames, loop: sound.kind !== 'samples' || sound.loop, silence: quiet };
}

type Rendered = Extract<Sound, { kind: 'tones' | 'bursts' | 'samples' }>;

/** One period of the sound, a whole number of frames long when it is periodic. */
function render(sound: Rendered, frameSamples: number, rateHz: number): Int16Array {
  switch (sound.kind) {
    case 'samples':
      if (rateHz === SAMPLE_RATE_HZ) return sound.samples;
      throw new PhoneError({ code: 'bad-sound', problem: `samples at 8000 Hz for a codec of ${rateHz} Hz` });
    case 'tones': {
      for (const one of sound.tones) checkTone(one, rateHz);
      const common = sound.tones.reduce((divisor, one) => gcd(divisor, one.freqHz), rateHz);
      const pcm = new Int16Array(lcm(rateHz / common, frameSamples));
      for (const one of sound.tones) addSine(pcm, 0, pcm.length, one, rateHz);
      return pcm;
    }
    case 'bursts': {
      const everySamples = Math.round((sound.bursts.everyMs * rateHz) / 1000);
      const pcm = new Int16Array(lcm(everySamples, frameSamples));
      const burstSamples = Math.round((sound.bursts.burstMs * rateHz) / 1000);
      for (let at = 0; at < pcm.length; at += everySamples) addSine(pcm, at, at + burstSamples, sound.bursts, rateHz);
      return pcm;
    }
  }
}

/** Adds a cosine, which begins with its peak, to `pcm[start, end)`. */
function addSine(pcm: Int16Array, start: number, end: number, one: Tone, rateHz: number): void {
  const amplitude = FULL_SCALE * 10 ** (one.levelDbov / 20) * Math.SQRT2;
  const step = (2 * Math.PI * one.freqHz) / rateHz;
  for (let i = start; i < end; i++) {
    const sum = (pcm[i] as number) + amplitude * Math.cos(step * (i - start));
    pcm[i] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sum)));
  }
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function lcm(a: number, b: number): number {
  return (a / gcd(a, b)) * b;
}
