import { describe, expect, it } from 'vitest';
import { AudioRing } from '../../kit/phone/audio-ring.ts';
import { framesOf, silence, tone } from '../../kit/phone/sound.ts';
import { toneMeter, watchForLevel, watchForSilence } from '../../kit/phone/watch.ts';

const FRAME = 160;
const FREQ_HZ = 400;

/** A ring that gets packets of 20 ms: the n-th comes at its time and carries its timestamp, unless told otherwise. */
function ring() {
  const audio = new AudioRing({ keepMs: 2000 });
  const loud = framesOf(tone(FREQ_HZ, -10), 'PCMU', FRAME)?.frames ?? [];
  const quiet = framesOf(silence(), 'PCMU', FRAME)?.frames ?? [];
  const push = (sound: 'tone' | 'quiet', n: number, atMs = n * 20): void => {
    const frames = sound === 'tone' ? loud : quiet;
    audio.write('PCMU', frames[n % frames.length] ?? new Uint8Array(FRAME), 0, FRAME, n * FRAME, 1, atMs);
  };
  return { audio, push };
}

/** The precision of an onset. */
function expectWithin10Ms(atMs: number | null, expectedMs: number): void {
  expect(Math.abs((atMs ?? Number.NaN) - expectedMs)).toBeLessThanOrEqual(10);
}

describe('a watch for a tone', () => {
  it('tells when the tone was first heard, however late it is asked', () => {
    const { audio, push } = ring();
    for (let n = 0; n < 10; n++) push('quiet', n);
    const look = watchForLevel(audio, toneMeter(FREQ_HZ), -20, 190);
    expect(look()).toBeNull();
    for (let n = 10; n < 60; n++) push('tone', n);
    expectWithin10Ms(look(), 200);
  });

  it('does not hear what was over long ago', () => {
    const { audio, push } = ring();
    for (let n = 0; n < 10; n++) push('tone', n);
    const look = watchForLevel(audio, toneMeter(FREQ_HZ), -20, 1000);
    for (let n = 50; n < 60; n++) push('quiet', n);
    expect(look()).toBeNull();
  });

  it('hears the first packets after a pause that the timestamps do not show', () => {
    const { audio, push } = ring();
    for (let n = 0; n < 10; n++) push('quiet', n);
    const look = watchForLevel(audio, toneMeter(FREQ_HZ), -20, 500);
    for (let n = 10; n < 15; n++) push('tone', n, n * 20 + 400);
    expectWithin10Ms(look(), 600);
  });

  it('hears a tone after a pause longer than what is kept', () => {
    const { audio, push } = ring();
    push('quiet', 0);
    const look = watchForLevel(audio, toneMeter(FREQ_HZ), -20, 10);
    for (let n = 3000; n < 3010; n++) push('tone', n);
    expectWithin10Ms(look(), 60_000);
  });
});

describe('a watch for silence', () => {
  it('tells when the tone ended, other sound or none following', () => {
    const { audio, push } = ring();
    for (let n = 0; n < 20; n++) push('tone', n);
    const options = { belowDbov: -50, forMs: 100 };
    const look = watchForSilence(audio, toneMeter(FREQ_HZ), options, 390);
    expect(look(390)).toBeNull();
    expect(look(700)).toBeCloseTo(400, -1);
  });

  it('takes no packets at all for silence', () => {
    const { audio } = ring();
    const look = watchForSilence(audio, toneMeter(FREQ_HZ), { belowDbov: -50, forMs: 100 }, 0);
    expect(look(50)).toBeNull();
    expect(look(100)).toBe(0);
  });
});
