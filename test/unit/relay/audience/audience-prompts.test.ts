import { describe, expect, it } from 'vitest';
import { levelDbov } from '../../../../src/audio/level.ts';
import { audienceOf, dbovOf, FakeListener, levelOf, play, silence, staircase, steps, tone } from './fake-listener.ts';

describe('a prompt for one listener', () => {
  it.each([
    ['PCMU', 8000],
    ['PCMA', 16_000],
    ['G722', 8000],
    ['G722', 16_000],
  ] as const)('is mixed with the conference, for nobody else (%s, %i Hz)', (codec, rateHz) => {
    const [listener, other] = [new FakeListener({ codec }), new FakeListener({ codec })];
    const audience = audienceOf(rateHz, listener, other);
    const frames = tone(700, rateHz, 5000, 80);
    play(audience, frames.slice(0, 20));
    listener.prompts.push(...tone(1900, listener.rateHz, 5000, 30));
    play(audience, frames.slice(20));
    const part = (each: FakeListener, from: number, to: number) =>
      each.heard().subarray((from * each.rateHz) / 50, (to * each.rateHz) / 50);
    const during = part(listener, 25, 50);
    expect(levelOf(700, during, listener.rateHz)).toBeCloseTo(dbovOf(5000), 0);
    expect(levelOf(1900, during, listener.rateHz)).toBeCloseTo(dbovOf(5000), 0);
    const after = part(listener, 55, 80);
    expect(levelOf(700, after, listener.rateHz)).toBeCloseTo(dbovOf(5000), 0);
    expect(levelOf(1900, after, listener.rateHz)).toBeLessThan(-60);
    expect(levelOf(1900, part(other, 25, 50), other.rateHz)).toBeLessThan(-60);
    expect(listener.promptRates).toEqual(new Set([listener.rateHz]));
  });

  it.each([20, 40, 60] as const)('changes neither the pace nor the frames of packets of %i ms', (packetMs) => {
    const listeners = [0, 1, 2].map(() => new FakeListener({ packetMs }));
    const audience = audienceOf(8000, ...listeners);
    // Silent frames of a prompt, with gaps: what is heard is the conference, by way of a mix or not.
    for (const listener of listeners) {
      const frame = () => new Int16Array(160);
      listener.prompts.push(null, null, null, null, frame(), frame(), null, frame(), null, null, frame());
    }
    play(audience, staircase(27));
    for (const listener of listeners) {
      const from = (listener.cameWith[0] as number) - packetMs / 20 + 1;
      const frames = listener.payloads.length * (packetMs / 20);
      expect(frames).toBeGreaterThanOrEqual(24);
      // Loud sums are saturated softly.
      const soft = steps(listener.heard()).filter((step) => step <= 22);
      expect(soft).toEqual(Array.from({ length: soft.length }, (_, i) => Math.max(0, from + i)));
      expect(new Set(listener.ticks)).toEqual(new Set([8 * packetMs]));
      expect(new Set(listener.cameWith.slice(1).map((frame, i) => frame - (listener.cameWith[i] as number)))).toEqual(
        new Set([packetMs / 20]),
      );
    }
  });

  it.each(['PCMU', 'G722'] as const)('ends with the bytes that the others get (%s)', (codec) => {
    const [listener, other] = [new FakeListener({ codec }), new FakeListener({ codec })];
    const audience = audienceOf(8000, listener, other);
    listener.prompts.push(...tone(1900, listener.rateHz, 5000, 10));
    play(audience, tone(700, 8000, 5000, 40));
    const same = listener.payloads.map((payload, i) => payload.equals(other.payloads[i] as Buffer));
    expect(same.slice(0, 10)).not.toContain(true);
    expect(same.slice(20)).not.toContain(false);
  });

  it('begins in the middle of the stream of G.722 that was shared until then', () => {
    const [listener, other] = [new FakeListener({ codec: 'G722' }), new FakeListener({ codec: 'G722' })];
    const audience = audienceOf(8000, listener, other);
    const frames = tone(400, 8000, 12_000, 40);
    play(audience, frames.slice(0, 20));
    // Mixed with silence the sound stays the same, and so must the bytes.
    listener.prompts.push(...silence(16_000, 5));
    play(audience, frames.slice(20));
    expect(listener.payloads).toEqual(other.payloads);
  });

  it('ends without a bang in G.722', () => {
    const [listener, other] = [new FakeListener({ codec: 'G722' }), new FakeListener({ codec: 'G722' })];
    const audience = audienceOf(8000, listener, other);
    listener.prompts.push(...tone(800, 16_000, 20_000, 20));
    play(audience, tone(400, 8000, 3000, 50));
    const shared = other.heard(21);
    const difference = listener.heard(21).map((sample, i) => sample - (shared[i] as number));
    expect(levelDbov(difference)).toBeLessThan(-52);
  });

  it('is heard to its end in packets of 60 ms', () => {
    const listeners = [0, 1, 2].map(() => new FakeListener({ packetMs: 60 }));
    for (const listener of listeners) listener.prompts.push(null, null, null, ...staircase(9));
    play(audienceOf(8000, ...listeners), silence(8000, 18));
    for (const listener of listeners) {
      expect(steps(listener.heard()).filter((step) => step > 0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  it('goes on in a new codec', () => {
    const listener = new FakeListener();
    const audience = audienceOf(8000, listener);
    listener.prompts.push(...tone(1900, 8000, 5000, 10), ...tone(1900, 16_000, 5000, 30));
    play(audience, silence(8000, 10));
    listener.hearing = { ...listener.hearing, codec: 'G722' };
    audience.place(listener);
    listener.payloads.length = 0;
    play(audience, silence(8000, 30));
    expect(levelOf(1900, listener.heard(10), 16_000)).toBeCloseTo(dbovOf(5000), 0);
  });

  it('saturates with a loud conference, and does not wrap', () => {
    const listener = new FakeListener();
    const square = () => Int16Array.from({ length: 160 }, (_, i) => (i < 80 ? 1 : -1) * 30_000);
    listener.prompts.push(square(), square());
    play(audienceOf(8000, listener), [square(), square()]);
    for (const [i, sample] of listener.heard().entries())
      expect(sample * (i % 160 < 80 ? 1 : -1)).toBeGreaterThan(30_000);
  });

  it('has the volume of the listener', () => {
    const listener = new FakeListener({ volume: 2 });
    listener.prompts.push(...tone(1000, 8000, 4000, 20));
    play(audienceOf(8000, listener), silence(8000, 20));
    expect(levelOf(1000, listener.heard(), 8000)).toBeCloseTo(dbovOf(4000) + 6, 0);
  });

  it('is heard by the deaf, without the conference', () => {
    const listener = new FakeListener({ deaf: true });
    listener.prompts.push(...tone(1900, 8000, 5000, 20));
    play(audienceOf(8000, listener), tone(700, 8000, 5000, 20));
    expect(levelOf(1900, listener.heard(), 8000)).toBeCloseTo(dbovOf(5000), 0);
    expect(levelOf(700, listener.heard(), 8000)).toBeLessThan(-60);
  });

  it('goes on while the volume changes', () => {
    const listener = new FakeListener({ codec: 'G722' });
    const audience = audienceOf(8000, listener);
    listener.prompts.push(...tone(1900, 16_000, 5000, 40));
    play(audience, tone(700, 8000, 5000, 20));
    listener.hearing = { ...listener.hearing, volume: 1 };
    audience.place(listener);
    play(audience, tone(700, 8000, 5000, 20));
    expect(levelOf(1900, listener.heard(25), 16_000)).toBeCloseTo(dbovOf(5000) + 3, 0);
  });
});
