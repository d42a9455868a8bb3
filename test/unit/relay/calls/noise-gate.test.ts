import { describe, expect, it } from 'vitest';
import { decodeG711Into, encodeG711Into } from '../../../../src/audio/g711.ts';
import { G722Decoder, G722Encoder } from '../../../../src/audio/g722.ts';
import { meanAmplitude } from '../../../../src/audio/level.ts';
import { NoiseGate } from '../../../../src/relay/calls/noise-gate.ts';

const LEVEL = 300;
const HOLD_MS = 200;
const PACKET_MS = 20;
const CODECS = ['PCMU', 'PCMA', 'G722'] as const;
type Codec = (typeof CODECS)[number];

/** A phone that says tones of these mean amplitudes, one in each packet. @returns the mean amplitudes that pass the gate */
function pass(codec: Codec, amplitudes: readonly number[], holdMs = HOLD_MS): number[] {
  const gate = new NoiseGate({ level: LEVEL, holdMs });
  const samples = codec === 'G722' ? 320 : 160;
  const [encoder, decoder] = [new G722Encoder(samples), new G722Decoder(samples)];
  let at = 0;
  return amplitudes.map((mean) => {
    const pcm = Int16Array.from({ length: samples }, () => mean * (Math.PI / 2) * Math.sin((at++ * Math.PI) / 10));
    const payload = Buffer.alloc(160);
    const heard = new Int16Array(samples);
    if (codec === 'G722') encoder.encodeInto(pcm, payload);
    else encodeG711Into(codec, pcm, payload);
    gate.push(codec, payload);
    if (codec === 'G722') decoder.decodeInto(payload, heard);
    else decodeG711Into(codec, payload, heard);
    return meanAmplitude(heard);
  });
}

const times = (count: number, amplitude: number) => Array.from({ length: count }, () => amplitude);

describe.each(CODECS)('a gate for %s', (codec) => {
  it('passes nothing that is softer than its level', () => {
    for (const passed of pass(codec, times(20, 200))) expect(passed).toBeLessThan(10);
  });

  it('passes a voice from its first packet on', () => {
    const passed = pass(codec, [...times(10, 100), ...times(10, 2000)]);
    for (const each of passed.slice(0, 10)) expect(each).toBeLessThan(10);
    // G.722 has to adapt.
    for (const each of passed.slice(11)) expect(each).toBeGreaterThan(1800);
    expect(passed[10]).toBeGreaterThan(1000);
  });

  it('passes what follows a voice for as long as it is held', () => {
    const passed = pass(codec, [...times(5, 2000), ...times(20, 150)]);
    const held = passed.slice(5).filter((each) => each > 100).length;
    expect(Math.abs(held - HOLD_MS / PACKET_MS)).toBeLessThanOrEqual(1);
    for (const each of passed.slice(-5)) expect(each).toBeLessThan(10);
  });
});

it('a gate takes packets of any length', () => {
  const gate = new NoiseGate({ level: LEVEL, holdMs: 0 });
  for (const bytes of [0, 80, 240, 480, 1040]) {
    const payload = Buffer.alloc(bytes, 0xfe);
    gate.push('PCMU', payload);
    expect(payload.every((byte) => byte === 0xff)).toBe(true);
  }
  gate.push('PCMU', Buffer.alloc(1));
});
