import { describe, expect, it } from 'vitest';
import { ArrivalSchedule } from '../../kit/phone/arrival-schedule.ts';

const PACKET_MS = 20;

/** A stream whose packets come at their time, but for the delays given by place. */
function schedule() {
  const arrivals = new ArrivalSchedule();
  return {
    arrivals,
    push: (sequence: number, atMs: number, ssrc = 1) => arrivals.push(sequence & 0xffff, ssrc, PACKET_MS, atMs),
  };
}

describe('the schedule of a stream', () => {
  it('has no lateness while packets come evenly, over the wrap of the sequence number too', () => {
    const { arrivals, push } = schedule();
    for (let n = 0; n < 50; n++) push(65_520 + n, 1000 + n * PACKET_MS);
    expect(arrivals.snapshot(1000 + 50 * PACKET_MS)).toEqual({ latestMs: 0, delays: [] });
  });

  it('knows the latest packet, although those behind it came in time', () => {
    const { arrivals, push } = schedule();
    for (let n = 0; n < 50; n++) push(n, n * PACKET_MS + (n === 20 ? 35 : 0));
    expect(arrivals.snapshot(1000)).toEqual({ latestMs: 35, delays: [] });
  });

  it('measures against the earliest packets, not against the first', () => {
    const { arrivals, push } = schedule();
    push(0, 30);
    for (let n = 1; n < 10; n++) push(n, n * PACKET_MS);
    push(10, 10 * PACKET_MS + 30);
    expect(arrivals.snapshot(230).latestMs).toBe(30);
  });

  it('keeps the times of a long delay, once, though a burst follows it', () => {
    const { arrivals, push } = schedule();
    for (let n = 0; n < 50; n++) push(n, n >= 10 && n < 20 ? 400 : n * PACKET_MS);
    expect(arrivals.snapshot(1000)).toEqual({ latestMs: 200, delays: [{ dueMs: 200, atMs: 400 }] });
  });

  it('keeps a delay once when the stream never catches up', () => {
    const { arrivals, push } = schedule();
    for (let n = 0; n < 50; n++) push(n, n * PACKET_MS + (n >= 10 ? 100 : 0));
    expect(arrivals.snapshot(1100).delays).toEqual([{ dueMs: 200, atMs: 300 }]);
  });

  it('does not take a lost packet for a late one', () => {
    const { arrivals, push } = schedule();
    for (const n of [0, 1, 2, 7, 8]) push(n, n * PACKET_MS);
    expect(arrivals.snapshot(180).latestMs).toBe(0);
  });

  it('counts the gap before another stream that goes on in its place', () => {
    const { arrivals, push } = schedule();
    push(0, 0);
    push(1, 20);
    push(4711, 140, 2);
    expect(arrivals.snapshot(150).delays).toEqual([{ dueMs: 40, atMs: 140 }]);
  });

  it('ignores a packet that was overtaken', () => {
    const { arrivals, push } = schedule();
    for (const [n, atMs] of [
      [0, 0],
      [2, 40],
      [1, 41],
      [3, 60],
    ] as const)
      push(n, atMs);
    expect(arrivals.snapshot(60).latestMs).toBe(0);
  });

  it('counts a stream that has stopped', () => {
    const { arrivals, push } = schedule();
    push(0, 0);
    expect(arrivals.snapshot(70)).toEqual({ latestMs: 0, delays: [] });
    expect(arrivals.snapshot(520)).toEqual({ latestMs: 500, delays: [{ dueMs: 20, atMs: 520 }] });
  });

  it('forgets delays when it is reset, but not when the next packet is due', () => {
    const { arrivals, push } = schedule();
    push(0, 0);
    push(1, 200);
    arrivals.reset();
    expect(arrivals.snapshot(210)).toEqual({ latestMs: 0, delays: [] });
    push(2, 320);
    expect(arrivals.snapshot(320).delays).toEqual([{ dueMs: 220, atMs: 320 }]);
  });

  it('keeps the longest of very many delays', () => {
    const { arrivals, push } = schedule();
    let atMs = 0;
    for (let n = 0; n < 200; n++) {
      atMs += PACKET_MS + (n === 5 || n === 150 ? 500 : 100);
      push(n, atMs);
    }
    const lengths = arrivals.snapshot(atMs).delays.map((delay) => delay.atMs - delay.dueMs);
    expect(lengths).toHaveLength(64);
    expect(lengths.filter((length) => length === 500)).toHaveLength(2);
  });
});
