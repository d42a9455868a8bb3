import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Gate, isCongested, NO_ADMISSION } from '../../../src/admission/gate.ts';

const WAIT_MS = 20_000;
const may = (id: string) => ({ call: id, mayExpire: true });

let gate: Gate<string>;

beforeEach(() => {
  gate = new Gate({ waitMs: WAIT_MS });
});

/** Lets in the calls that may come in. */
function admit(nowMs: number): string[] {
  const admitted: string[] = [];
  for (let call = gate.next(nowMs); call !== null; call = gate.next(nowMs)) admitted.push(call);
  return admitted;
}

/** So many calls at once. */
function come(count: number, nowMs = 0): string[] {
  const ids = Array.from({ length: count }, (_, index) => `c${index}`);
  for (const id of ids) gate.arrive(id, may(id), nowMs);
  return ids;
}

describe('calls that come', () => {
  it('2,000 in ten seconds, to an Asterisk that can do 100 a second, come in in order, and few at once', () => {
    const TOOK_MS = 10;
    const order: string[] = [];
    const expired: string[] = [];
    let queue: { id: string; untilMs: number }[] = [];
    let most = 0;
    for (let nowMs = 0; nowMs < 40_000; nowMs++) {
      if (nowMs < 10_000 && nowMs % 5 === 0) gate.arrive(`c${nowMs / 5}`, may(`c${nowMs / 5}`), nowMs);
      for (const { id } of queue.filter(({ untilMs }) => untilMs <= nowMs)) gate.settled(id, nowMs);
      queue = queue.filter(({ untilMs }) => untilMs > nowMs);
      for (const id of admit(nowMs)) {
        order.push(id);
        // One after the other.
        queue.push({ id, untilMs: Math.max(nowMs, queue.at(-1)?.untilMs ?? 0) + TOOK_MS });
      }
      const late = gate.nextExpired(nowMs);
      if (late !== null) expired.push(late);
      most = Math.max(most, queue.length);
    }
    expect(order).toEqual(Array.from({ length: 2000 }, (_, index) => `c${index}`));
    expect(expired).toEqual([]);
    expect(most).toBeLessThanOrEqual(8);
    expect(gate.isIdle).toBe(true);
  });

  it('wait when there is no room, and come in when another one is set up', () => {
    come(9);
    expect(admit(0)).toHaveLength(8);
    expect(gate.isWaiting('c8')).toBe(true);
    gate.left('c3', 10);
    expect(admit(10)).toEqual(['c8']);
  });

  it('go in one by one for a moment when they are the first, to see how long that takes', () => {
    come(11);
    admit(0);
    for (const id of ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']) {
      expect(admit(10)).toEqual([]);
      gate.settled(id, 10);
    }
    expect(admit(11)).toEqual(['c8']);
    gate.settled('c8', 21);
    expect(admit(21)).toEqual(['c9', 'c10']);
  });

  it('leave their room to others when they end, while they wait or on their way in', () => {
    come(11);
    admit(0);
    gate.left('c8', 1);
    gate.left('c0', 1);
    expect(admit(1)).toEqual(['c9']);
    expect(gate.has('c8')).toBe(false);
    expect(gate.has('c0')).toBe(false);
  });

  it('are counted as set up only once', () => {
    come(9);
    admit(0);
    gate.settled('c0', 1);
    gate.settled('c0', 1);
    gate.left('c0', 1);
    expect(gate.at(1)).toMatchObject({ perSecond: 1, waiting: 1 });
  });

  it('of which nothing is heard keep nobody out for ever', () => {
    come(16);
    admit(0);
    gate.tick(0, 14_999);
    expect(admit(14_999)).toEqual([]);
    gate.tick(0, 15_000);
    expect(admit(16_000)).toHaveLength(4);
  });

  it('are let in once each or expire, in order, whatever happens', () => {
    const step = fc.record({
      what: fc.constantFrom('come', 'admit', 'settle', 'leave', 'expire', 'wait'),
      which: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        gate = new Gate({ waitMs: 500 });
        let nowMs = 0;
        let next = 0;
        const served: number[] = [];
        for (const { what, which } of steps) {
          if (what === 'come') gate.arrive(String(next), may(String(next++)), nowMs);
          else if (what === 'admit') served.push(...admit(nowMs).map(Number));
          else if (what === 'settle') gate.settled(String(which), nowMs);
          else if (what === 'leave') gate.left(String(which), nowMs);
          else if (what === 'expire')
            served.push(...[gate.nextExpired(nowMs)].flatMap((id) => (id === null ? [] : Number(id))));
          else nowMs += which * 20;
        }
        expect(served).toEqual([...new Set(served)].sort((a, b) => a - b));
      }),
    );
  });
});

describe('a call that has waited for too long', () => {
  it('is to be sent away, the first one first', () => {
    come(10);
    admit(0);
    expect(gate.nextExpired(WAIT_MS - 1)).toBeNull();
    expect(gate.nextExpired(WAIT_MS)).toBe('c8');
    expect(gate.nextExpired(WAIT_MS)).toBe('c9');
    expect(gate.nextExpired(WAIT_MS)).toBeNull();
    expect(gate.has('c8')).toBe(false);
  });

  it('waits on if nobody else can take it', () => {
    come(8);
    admit(0);
    gate.arrive('answered', { call: 'answered', mayExpire: false }, 0);
    gate.arrive('other', may('other'), 0);
    expect(gate.nextExpired(WAIT_MS)).toBe('other');
    expect(gate.nextExpired(WAIT_MS)).toBeNull();
    gate.left('c0', WAIT_MS);
    expect(admit(WAIT_MS)).toEqual(['answered']);
  });
});

describe('what is told', () => {
  it('is who waits and for how long, and how many were let in during the last second', () => {
    come(10);
    admit(0);
    for (const id of ['c0', 'c1', 'c2']) gate.settled(id, 100);
    gate.settled('c3', 600);
    gate.refused();
    expect(gate.at(1050)).toEqual({ waiting: 2, longestMs: 1050, perSecond: 4, limit: 8, refused: 1 });
    expect(gate.at(1100)).toMatchObject({ perSecond: 1 });
    expect(isCongested({ ...gate.at(2000), room: null })).toBe(false);
    expect(isCongested({ ...gate.at(2001), room: null })).toBe(true);
  });

  it('is that others had better go elsewhere, where Asterisk has no room', () => {
    expect(isCongested({ ...NO_ADMISSION, room: 1 })).toBe(false);
    expect(isCongested({ ...NO_ADMISSION, room: 0 })).toBe(true);
  });

  it('is that there are too many, beyond a bound', () => {
    come(10_000);
    expect(gate.arrive('one more', may('one more'), 0)).toBe(false);
    expect(gate.has('one more')).toBe(false);
  });
});
