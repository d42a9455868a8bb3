import { decodeG711Into } from '../../../../src/audio/g711.ts';
import { G722Decoder } from '../../../../src/audio/g722.ts';
import { Audience } from '../../../../src/relay/audience/audience.ts';
import type { AudienceListener, Hearing } from '../../../../src/relay/audience/audience-listener.ts';

/** Bytes of the RTP header. */
export const HEADER = 12;

export class FakeListener implements AudienceListener {
  hearing: Hearing;
  /** The frames that are played to them alone, one after the other. */
  readonly prompts: (Int16Array | null)[] = [];
  /** The number of the frame with which each packet came. */
  readonly cameWith: number[] = [];
  readonly payloads: Buffer[] = [];
  readonly ticks: number[] = [];
  readonly promptRates = new Set<number>();
  onSend = (_packet: Buffer): void => {};

  constructor(hearing: Partial<Hearing> = {}) {
    this.hearing = { codec: 'PCMU', packetMs: 20, volume: 0, noise: false, deaf: false, ...hearing };
  }

  send(packet: Buffer, bytes: number, ticks: number): void {
    // A header as a real listener would write it.
    packet.fill(0xab, 0, HEADER);
    this.cameWith.push(framesPlayed);
    this.payloads.push(Buffer.from(packet.subarray(HEADER, bytes)));
    this.ticks.push(ticks);
    this.onSend(packet);
  }

  prompt(rateHz: 8000 | 16_000): Int16Array | null {
    this.promptRates.add(rateHz);
    return this.prompts.shift() ?? null;
  }

  get rateHz(): number {
    return this.hearing.codec === 'G722' ? 16_000 : 8000;
  }

  /** All that they hear from the packet with number `first` on. */
  heard(first = 0): Int16Array {
    const bytes = Buffer.concat(this.payloads);
    const samples = new Int16Array((bytes.length * this.rateHz) / 8000);
    if (this.hearing.codec === 'G722') new G722Decoder(samples.length).decodeInto(bytes, samples);
    else decodeG711Into(this.hearing.codec, bytes, samples);
    return samples.subarray(first * ((this.hearing.packetMs * this.rateHz) / 1000));
  }
}

/** The number of frames in the present test. */
let framesPlayed = 0;

export function audienceOf(sampleRateHz: 8000 | 16_000, ...listeners: FakeListener[]): Audience {
  framesPlayed = 0;
  const audience = new Audience({ sampleRateHz }, { serveSpeakers: () => {} });
  for (const listener of listeners) audience.place(listener);
  return audience;
}

export function play(audience: Audience, frames: readonly Int16Array[], noiseDbov: number | null = null): void {
  for (const samples of frames) {
    framesPlayed += 1;
    audience.play(samples, noiseDbov);
  }
}

/** A tone in frames of 20 ms. */
export function tone(hz: number, rateHz: number, peak: number, frames: number): Int16Array[] {
  const size = rateHz / 50;
  return Array.from({ length: frames }, (_, frame) =>
    Int16Array.from({ length: size }, (_, i) =>
      Math.round(peak * Math.sin((2 * Math.PI * hz * (frame * size + i)) / rateHz)),
    ),
  );
}
export const silence = (rateHz: number, frames: number) => tone(0, rateHz, 0, frames);
/** Frames each of which has another level, so that each can be told in what was heard. */
export const staircase = (frames: number) =>
  Array.from({ length: frames }, (_, frame) => new Int16Array(160).fill(1000 * (frame + 1)));
/** The level of each frame of a staircase that was heard, in its steps. */
export function steps(samples: Int16Array): number[] {
  return Array.from({ length: samples.length / 160 }, (_, i) => Math.round((samples[160 * i + 80] as number) / 1000));
}

/** The level of one frequency in what was heard, in dBov; a sine of full scale is -3. */
export function levelOf(hz: number, samples: Int16Array, rateHz: number): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < samples.length; i += 1) {
    re += (samples[i] as number) * Math.cos((2 * Math.PI * hz * i) / rateHz);
    im += (samples[i] as number) * Math.sin((2 * Math.PI * hz * i) / rateHz);
  }
  const amplitude = (2 * Math.hypot(re, im)) / samples.length / 32_768;
  return 20 * Math.log10(amplitude / Math.SQRT2);
}
/** The level of a sine. */
export const dbovOf = (peak: number) => 20 * Math.log10(peak / 32_768 / Math.SQRT2);
