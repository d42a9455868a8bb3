import { describe, expect, it } from 'vitest';
import { AudioRing } from '../../kit/phone/audio-ring.ts';
import { encodeG711 } from '../../kit/phone/g711.ts';

const FRAME = 160;

/** Packets of 20 ms whose samples all have one value, so that a place tells its packet. */
function ring(keepMs = 1000) {
  const audio = new AudioRing({ keepMs });
  const write = (n: number, atMs = n * 20, timestamp = n * FRAME, ssrc = 1): void => {
    const payload = encodeG711('PCMU', new Int16Array(FRAME).fill(valueOfPacket(n)));
    audio.write('PCMU', payload, 0, FRAME, timestamp, ssrc, atMs);
  };
  return { audio, write };
}

function valueOfPacket(n: number): number {
  // Values that G.711 keeps: 132 is the second step of the law.
  return n % 2 === 0 ? 132 : -132;
}

/** One value per 20 ms. */
function heads(samples: Int16Array): number[] {
  return Array.from({ length: Math.floor(samples.length / FRAME) }, (_, i) => Math.round(samples[i * FRAME + 1] ?? 0));
}

describe('the ring of heard audio', () => {
  it('holds silence where packets are missing, until they come late', () => {
    const { audio, write } = ring();
    write(0);
    write(2);
    expect(heads(audio.read(0, 480))).toEqual([132, 0, 132]);
    write(1, 45);
    expect(heads(audio.read(0, 480))).toEqual([132, -132, 132]);
    expect(audio.head).toBe(480);
  });

  it('is asked for by time, and tells the times of its samples', () => {
    const { audio, write } = ring();
    for (let n = 0; n < 10; n++) write(n, 1000 + n * 20);
    const window = audio.between(1040, 1100);
    expect(window.samples).toHaveLength(480);
    expect(heads(window.samples)).toEqual([132, -132, 132]);
    expect(window.timeAtMs(0)).toBe(1040);
    expect(window.timeAtMs(168)).toBe(1061);
  });

  it('is not torn by jitter', () => {
    const { audio, write } = ring();
    const jitterMs = [0, 9, 3, 14, 0, 5];
    for (const [n, lateMs] of jitterMs.entries()) write(n, n * 20 + lateMs);
    expect(heads(audio.read(0, 6 * FRAME))).toEqual([132, -132, 132, -132, 132, -132]);
    expect(audio.timeAt(3 * FRAME)).toBe(74);
  });

  it('forgets what is older than its length', () => {
    const { audio, write } = ring(100);
    for (let n = 0; n < 10; n++) write(n);
    expect(heads(audio.read(0, 800))).toEqual([0, 0, 0, 0, 0]);
    expect(heads(audio.read(800, 1600))).toEqual([-132, 132, -132, 132, -132]);
    write(2, 200);
    expect(heads(audio.read(800, 1600))).toEqual([-132, 132, -132, 132, -132]);
  });

  it('goes by the clock when a stream begins anew', () => {
    const { audio, write } = ring();
    write(0);
    write(1);
    write(2, 220, 999_999, 2);
    expect(audio.head).toBe(220 * 8 + FRAME);
    expect(audio.positionAt(220)).toBe(220 * 8);
    expect(heads(audio.last(60, 240).samples)).toEqual([0, 0, 132]);
  });

  it('survives a long silence that overruns it', () => {
    const { audio, write } = ring();
    write(0);
    write(1, 60_000, 480_000);
    expect(audio.head).toBe(480_000 + FRAME);
    expect(heads(audio.last(40, 60_000).samples)).toEqual([0, -132]);
  });

  it('hears silence after the last packet', () => {
    const { audio, write } = ring();
    for (let n = 0; n < 5; n++) write(n);
    expect(heads(audio.last(40, 90).samples)).toEqual([-132, 132]);
    expect(heads(audio.last(40, 500).samples)).toEqual([0, 0]);
    expect(heads(audio.between(60, 140).samples)).toEqual([-132, 132, 0, 0]);
  });

  it('is silent before anything came', () => {
    const { audio } = ring();
    expect(audio.last(20, 1000).samples).toEqual(new Int16Array(FRAME));
    expect(audio.between(0, 100).samples).toHaveLength(0);
  });
});
