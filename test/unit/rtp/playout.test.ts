import { describe, expect, it } from 'vitest';
import { emptyRtpView } from '../../../src/rtp/packet.ts';
import { Playout } from '../../../src/rtp/playout.ts';

const FRAME_MS = 20;
/** Asterisk's bridge throws away the queue of a channel that holds more. */
const MOST_QUEUED = 4;

type Sent = { readonly index: number; readonly atMs: number };
type Arrival = { readonly index: number; readonly atMs: number; readonly timestamp?: number; readonly ssrc?: number };
type Result = { readonly sent: readonly Sent[]; readonly heldMs: readonly number[] };

/** What is sent on of packets that come at these times, if it is looked at each millisecond. */
function playOut(arrivals: readonly Arrival[], isPause = (_: number) => false): Result {
  const playout = new Playout();
  const sent: Sent[] = [];
  const byTime = [...arrivals].sort((a, b) => a.atMs - b.atMs);
  const endMs = (byTime.at(-1)?.atMs ?? 0) + 1000;
  for (let nowMs = 0, at = 0; nowMs < endMs; nowMs++) {
    for (let next = playout.next(nowMs); next; next = playout.next(nowMs)) {
      sent.push({ index: next.readUInt32BE(0), atMs: nowMs });
    }
    for (let arrival = byTime[at]; arrival && arrival.atMs <= nowMs; arrival = byTime[++at]) {
      const { index, timestamp = 4_294_960_000 + 160 * index, ssrc = 1 } = arrival;
      const packet = Buffer.alloc(172);
      packet.writeUInt32BE(index);
      const position = { ssrc, sequence: index & 0xffff, timestamp: timestamp >>> 0 };
      const view = { ...emptyRtpView(), ...position, payloadStart: 12, payloadEnd: 172 };
      if (playout.audio(view, packet, () => isPause(index), nowMs)) sent.push({ index, atMs: nowMs });
    }
  }
  const cameAtMs = new Map(arrivals.map(({ index, atMs }) => [index, Math.ceil(atMs)]));
  return { sent, heldMs: sent.map(({ index, atMs }) => atMs - (cameAtMs.get(index) ?? 0)) };
}

/** What Asterisk's bridge makes of it: the frames that are heard, and null for 20 ms in which there was none. */
function bridged(sent: readonly Sent[], fromMs: number): (number | null)[] {
  const queue: number[] = [];
  const heard: (number | null)[] = [];
  const last = sent.at(-1)?.atMs ?? 0;
  for (let nowMs = 0, at = 0; nowMs < last - 500; nowMs++) {
    for (let each = sent[at]; each && each.atMs <= nowMs; each = sent[++at]) {
      if (queue.length > MOST_QUEUED) queue.length = 0;
      queue.push(each.index);
    }
    if (nowMs % FRAME_MS !== 7) continue;
    const frame = queue.shift() ?? null;
    if (nowMs >= fromMs) heard.push(frame);
  }
  return heard;
}

const every20Ms = (count: number, lateMs: (index: number) => number): Arrival[] => {
  let newestMs = 0;
  return Array.from({ length: count }, (_, index) => {
    newestMs = Math.max(newestMs, index * FRAME_MS + lateMs(index));
    return { index, atMs: newestMs };
  });
};
/** The network lets packets through only each so many ms. */
const inBursts = (count: number, everyMs: number): Arrival[] =>
  every20Ms(count, (index) => (everyMs - ((index * FRAME_MS) % everyMs)) % everyMs);
const random = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};

it('the bridge loses most of what comes in bursts if nothing holds it back', () => {
  const sent = inBursts(500, 300).map(({ index, atMs }) => ({ index, atMs }));
  expect(bridged(sent, 1000).filter((frame) => frame === null).length).toBeGreaterThan(200);
});

describe.each([100, 200, 300, 400])('a phone whose packets come each %i ms in bursts', (everyMs) => {
  it('is heard without a gap once the first burst was late, each packet once and in order', () => {
    const { sent, heldMs } = playOut(inBursts(1000, everyMs));
    expect(sent.map(({ index }) => index)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    const heard = bridged(sent, 1000);
    expect(heard).toEqual(heard.map((_, index) => (heard[0] ?? 0) + index));
    expect(Math.max(...heldMs)).toBeLessThanOrEqual(everyMs);
  });
});

it.each([200, 300])('packets that are up to %i ms late at random are heard without gaps', (mostMs) => {
  const next = random(mostMs);
  const { sent } = playOut(every20Ms(2000, () => next() * mostMs));
  const heard = bridged(sent, 10_000);
  expect(heard.filter((frame) => frame === null).length).toBeLessThanOrEqual(1);
});

describe('a punctual phone', () => {
  it.each([0, 5, 30])('whose packets are up to %i ms late waits for nothing, and nothing is left out', (mostMs) => {
    const next = random(1);
    const { heldMs } = playOut(
      every20Ms(2000, () => next() * mostMs),
      () => true,
    );
    expect(heldMs).toHaveLength(2000);
    expect(Math.max(...heldMs)).toBe(0);
  });

  it('waits for nothing after a pause in which it sent nothing, or with timestamps that jump', () => {
    for (const jump of [-80_000, -1600, 0, 1600, 8_000_000]) {
      const arrivals = every20Ms(200, (index) => (index < 100 ? 0 : 3000));
      const { heldMs } = playOut(
        arrivals.map((each) => ({ ...each, timestamp: 160 * each.index + (each.index < 100 ? 0 : 24_000 + jump) })),
      );
      expect(heldMs).toHaveLength(200);
      expect(Math.max(...heldMs), String(jump)).toBe(0);
    }
  });

  it('waits for nothing with timestamps that run twice as fast as the sound', () => {
    const { heldMs } = playOut(every20Ms(200, () => 0).map((each) => ({ ...each, timestamp: 320 * each.index })));
    expect(heldMs).toHaveLength(200);
    expect(Math.max(...heldMs)).toBe(0);
  });

  it('is not listened to for pauses, and another one is with each packet', () => {
    const asked: number[] = [];
    playOut(
      every20Ms(200, () => 30),
      (index) => asked.push(index) > 0,
    );
    expect(asked).toEqual([]);
    playOut(inBursts(200, 300), (index) => asked.push(index) > 0);
    expect(asked.length).toBeGreaterThan(180);
    expect(asked).toEqual(asked.map((_, at) => (asked[0] ?? 0) + at));
  });

  it('waits for nothing with another stream', () => {
    const { heldMs } = playOut(every20Ms(200, () => 0).map((each) => ({ ...each, ssrc: each.index < 100 ? 1 : 2 })));
    expect(Math.max(...heldMs)).toBe(0);
    expect(heldMs).toHaveLength(200);
  });
});

describe('after bursts', () => {
  /** Bursts each 300 ms for 3 s; punctual from then on. */
  const arrivals = every20Ms(1500, (index) => (index < 150 ? (300 - ((index * FRAME_MS) % 300)) % 300 : 0));

  it('a phone that is punctual again is held back no longer, once it has paused', () => {
    const { sent, heldMs } = playOut(arrivals, (index) => index >= 700 && index < 800);
    expect(heldMs[600]).toBeGreaterThan(200);
    expect(Math.max(...heldMs.slice(-700))).toBeLessThanOrEqual(20);
    // What was left out was in the pause.
    const missing = arrivals.filter(({ index }) => !sent.some((each) => each.index === index));
    expect(missing.length).toBeGreaterThan(8);
    for (const { index } of missing) expect(index >= 700 && index < 800).toBe(true);
  });

  it('a phone that does not pause loses nothing for 10 s, and then one packet per second until it is not held back', () => {
    expect(playOut(arrivals.slice(0, 600)).sent).toHaveLength(600);
    const { sent, heldMs } = playOut(
      every20Ms(2500, (index) => (arrivals[index] ? arrivals[index].atMs - index * FRAME_MS : 0)),
    );
    const kept = new Set(sent.map(({ index }) => index));
    const missing = Array.from({ length: 2500 }, (_, index) => index).filter((index) => !kept.has(index));
    expect(missing.length).toBeGreaterThan(8);
    for (const [at, index] of missing.entries()) expect(index - (missing[at - 1] ?? 0)).toBeGreaterThanOrEqual(50);
    expect(missing[0]).toBeGreaterThan(600);
    expect(Math.max(...heldMs.slice(-500))).toBeLessThanOrEqual(20);
  });

  it('a phone that stalls every 8 s keeps its depth, and loses nothing', () => {
    const { sent, heldMs } = playOut(every20Ms(3000, (index) => (index % 400 === 50 ? 300 : 0)));
    expect(sent).toHaveLength(3000);
    expect(Math.max(...heldMs)).toBeGreaterThan(200);
  });

  it('nothing is held back once it has begun anew, and what waits is given out', () => {
    const playout = new Playout();
    const view = (sequence: number) => {
      const position = { ssrc: 1, sequence, timestamp: 160 * sequence };
      return { ...emptyRtpView(), ...position, payloadStart: 12, payloadEnd: 172 };
    };
    const push = (sequence: number, nowMs: number) =>
      playout.audio(view(sequence), Buffer.alloc(172, sequence), () => false, nowMs);
    const atOnce = Array.from({ length: 15 }, (_, sequence) => push(sequence, 300));
    expect(atOnce.filter(Boolean)).toHaveLength(3);
    expect(playout.drain().map((packet) => packet[0])).toEqual(Array.from({ length: 12 }, (_, at) => at + 3));
    expect(playout.dueMs).toBe(Number.POSITIVE_INFINITY);
    for (let sequence = 15; sequence < 30; sequence++) expect(push(sequence, 20 * sequence)).toBe(true);
  });

  it('a phone whose bursts go on keeps its depth through pauses', () => {
    const { sent } = playOut(inBursts(1500, 300), () => true);
    const heard = bridged(sent, 1000);
    expect(heard.filter((frame) => frame === null)).toHaveLength(0);
  });
});

it('what comes too late by more than the bound is cut, and the rest goes on at that depth', () => {
  const { sent, heldMs } = playOut(inBursts(200, 1000));
  expect(Math.max(...heldMs)).toBeLessThanOrEqual(400);
  expect(sent.length).toBeGreaterThan(80);
  expect(sent.map(({ index }) => index)).toEqual(sent.map(({ index }) => index).sort((a, b) => a - b));
});

it('a late copy is left out, whether its original waits or was the last that was sent on', () => {
  const arrivals = inBursts(120, 300).flatMap((each) => {
    if (each.index === 67) return [each, { ...each, atMs: each.atMs + 0.5 }];
    return each.index === 63 ? [each, { ...each, atMs: each.atMs + 3 }] : [each];
  });
  expect(arrivals).toHaveLength(122);
  const { sent } = playOut(arrivals);
  expect(sent.map(({ index }) => index)).toEqual(Array.from({ length: 120 }, (_, index) => index));
});

it('a packet that was overtaken goes to its place, and other packets stay behind the audio before them', () => {
  const arrivals = inBursts(120, 300).map((each) => (each.index === 70 ? { ...each, atMs: each.atMs + 0.5 } : each));
  const { sent } = playOut(arrivals);
  expect(sent.map(({ index }) => index)).toEqual(Array.from({ length: 120 }, (_, index) => index));

  const playout = new Playout();
  const order: number[] = [];
  const packet = (mark: number) => Buffer.alloc(172, mark);
  for (let index = 0; index < 10; index++) {
    const position = { ssrc: 1, sequence: index, timestamp: 160 * index };
    const view = { ...emptyRtpView(), ...position, payloadStart: 12, payloadEnd: 172 };
    if (playout.audio(view, packet(index), () => false, 0)) order.push(index);
  }
  if (playout.other(packet(99), 0)) order.push(99);
  expect(playout.dueMs).toBe(20);
  for (let next = playout.next(1000); next; next = playout.next(1000)) order.push(next[20] ?? 0);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99]);
  expect(playout.other(packet(1), 1000)).toBe(true);
});
