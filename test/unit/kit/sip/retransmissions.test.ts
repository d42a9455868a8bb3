import { describe, expect, it } from 'vitest';
import { Retransmissions } from '../../../kit/sip/retransmissions.ts';

/** Times of sending, and the time of giving up, when nobody answers. */
function unanswered(stopAtMs = Number.POSITIVE_INFINITY): { sentMs: number[]; gaveUpMs: number | null } {
  const waiting = new Retransmissions<string>();
  waiting.add('a', 'answer', 0);
  const sentMs: number[] = [];
  let gaveUpMs: number | null = null;
  for (let nowMs = 0; nowMs < 60_000 && waiting.size > 0; nowMs += 100) {
    if (nowMs >= stopAtMs) waiting.stop('a');
    waiting.tick(
      nowMs,
      () => sentMs.push(nowMs),
      () => {
        gaveUpMs = nowMs;
      },
    );
  }
  return { sentMs, gaveUpMs };
}

describe('what nobody answers', () => {
  it('is sent again after T1, then twice as late each time up to T2, and given up after 32 s', () => {
    const { sentMs, gaveUpMs } = unanswered();
    expect(sentMs).toEqual([500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(gaveUpMs).toBe(32_000);
  });

  it('is sent no more once it was answered', () => {
    expect(unanswered(1600)).toEqual({ sentMs: [500, 1500], gaveUpMs: null });
  });

  it('does not grow without bounds', () => {
    const waiting = new Retransmissions<number>();
    for (let i = 0; i < 20_000; i++) waiting.add(String(i), i, 0);
    expect(waiting.size).toBe(16_384);
    expect(waiting.stop('0')).toBe(0);
    expect(waiting.stop('19999')).toBeUndefined();
  });
});
