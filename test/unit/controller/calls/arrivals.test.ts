import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger, transports } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriChannel } from '../../../../src/ari/port.ts';
import { Arrivals } from '../../../../src/controller/calls/arrivals.ts';
import { channelOf } from '../fake-asterisk.ts';

const WAIT_MS = 5000;

let arrivals: Arrivals;
/** What has happened to calls. */
let told: string[];
let logged: string[];
/** News of Asterisk that waits; null while it may be taken. */
let held: (() => void)[] | null;
let admitFails: Error | null;
let sendAway: () => Promise<boolean>;
let ring: () => Promise<void>;
/** For how many calls Asterisk has room. */
let room: { calls: number | null; callCame: () => void };

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  logged = [];
  held = null;
  admitFails = null;
  sendAway = async () => false;
  ring = async () => {};
  room = {
    calls: null,
    callCame: () => {
      if (room.calls) room.calls--;
    },
  };
  const transport = new transports.Console({
    level: 'info',
    log: ({ message }, next) => {
      logged.push(message);
      next();
    },
  });
  arrivals = new Arrivals(
    { waitMs: WAIT_MS },
    {
      ari: {
        ring: (channelId) => {
          told.push(`ring ${channelId}`);
          return ring();
        },
      },
      room,
      logger: createLogger({ transports: [transport] }),
      now: () => performance.now(),
      pass: (take) => (held ? held.push(take) : take()),
    },
  );
});
afterEach(() => {
  arrivals.stop();
  vi.useRealTimers();
});

function come(id: string, given: Partial<AriChannel> = {}): void {
  arrivals.receive({
    channel: { ...channelOf(id, []), dialled: '3000', ...given },
    admit: async () => {
      told.push(`admit ${id}`);
      if (admitFails) throw admitFails;
    },
    sendAway: () => {
      told.push(`away ${id}`);
      return sendAway();
    },
  });
}

/** So many calls, c0, c1, ...: the first eight come in. */
function crowd(count: number): void {
  for (let index = 0; index < count; index++) come(`c${index}`);
}

const toldOf = (what: string) => told.filter((each) => each.startsWith(what)).map((each) => each.split(' ')[1]);

describe('a call that comes', () => {
  it('comes in at once where there is room, and never rings', async () => {
    come('a');
    expect(told).toEqual(['admit a']);
    arrivals.settled('a', null);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual(['admit a']);
    expect(arrivals.has('a')).toBe(false);
    // Nothing is left to be looked after.
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rings once while it waits, and comes in when others have been set up, in order', async () => {
    crowd(20);
    await vi.advanceTimersByTimeAsync(190);
    expect(toldOf('ring')).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(toldOf('ring')).toHaveLength(12);
    await vi.advanceTimersByTimeAsync(2000);
    expect(toldOf('ring')).toEqual(Array.from({ length: 12 }, (_, index) => `c${index + 8}`));
    for (let index = 0; index < 20; index++) arrivals.settled(`c${index}`, null);
    expect(toldOf('admit')).toEqual(Array.from({ length: 20 }, (_, index) => `c${index}`));
  });

  it('rings only if nobody has answered it', async () => {
    crowd(8);
    come('answered', { dialled: null });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told.filter((each) => each.endsWith('answered'))).toEqual([]);
    expect(arrivals.has('answered')).toBe(true);
  });

  it('rings after others do, while Asterisk is slow', async () => {
    ring = () => new Promise((resolve) => setTimeout(resolve, 1000));
    crowd(18);
    await vi.advanceTimersByTimeAsync(1000);
    expect(toldOf('ring')).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(1000);
    expect(toldOf('ring')).toHaveLength(8);
  });

  it('is forgotten when the caller hangs up, and does not ring any more', async () => {
    crowd(10);
    arrivals.channelGone('c8');
    arrivals.channelGone('c0');
    await vi.advanceTimersByTimeAsync(300);
    expect(toldOf('admit')).not.toContain('c8');
    expect(toldOf('admit')).toContain('c9');
    expect(toldOf('ring')).toEqual([]);
  });

  it('leaves its room to the next one if it cannot be let in', async () => {
    admitFails = new Error('no');
    crowd(10);
    await vi.advanceTimersByTimeAsync(0);
    expect(toldOf('admit')).toHaveLength(10);
    expect(arrivals.has('c0')).toBe(false);
    expect(logged).toContain('call from 1: no');
  });

  it('leaves its room to the next one if Asterisk cannot set it up', () => {
    crowd(9);
    arrivals.settled('c3', new AriError('refused', 'no', { status: 500 }));
    expect(toldOf('admit')).toContain('c8');
  });
});

describe('while everything is reconciled with Asterisk', () => {
  it('nobody is let in; then those are who are still there', async () => {
    held = [];
    crowd(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual([]);
    arrivals.resync(new Set(['c0', 'c2']));
    const news = held;
    held = null;
    for (const take of news) take();
    expect(told).toEqual(['admit c0', 'admit c2']);
  });

  it('nobody is forgotten, though news that waited is dropped for a new connection', async () => {
    held = [];
    crowd(2);
    held = null;
    await vi.advanceTimersByTimeAsync(20);
    expect(told).toEqual(['admit c0', 'admit c1']);
  });
});

describe('where Asterisk has room for some calls only', () => {
  it('other calls are sent away at once, and the log says why, once a second', async () => {
    room.calls = 2;
    for (const id of ['a', 'b', 'c', 'd']) come(id);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['admit a', 'admit b', 'away c', 'away d']);
    expect(arrivals.admission).toMatchObject({ refused: 2, room: 0 });
    expect(logged).toEqual([expect.stringContaining('too few open files')]);
    await vi.advanceTimersByTimeAsync(1000);
    come('e');
    expect(logged).toHaveLength(2);
    expect(logged[1]).toContain('(2 so far)');
  });

  it('a file is left for each call that waits', () => {
    room.calls = 20;
    // Eight come in, and ten wait, of which five need as much as one more call.
    crowd(18);
    expect(arrivals.admission).toMatchObject({ waiting: 10, room: 0 });
    expect(toldOf('away')).toEqual([]);
    come('late');
    expect(toldOf('away')).toEqual(['late']);
  });

  it('a call that was answered already comes in all the same', () => {
    room.calls = 0;
    come('a', { dialled: null });
    expect(told).toEqual(['admit a']);
  });
});

describe('a call that has waited for too long', () => {
  it('is sent away, and counts as refused if no other node takes it', async () => {
    crowd(10);
    await vi.advanceTimersByTimeAsync(WAIT_MS - 50);
    expect(toldOf('away')).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(toldOf('away')).toEqual(['c8', 'c9']);
    expect(arrivals.admission).toMatchObject({ waiting: 0, refused: 2 });
  });

  it('does not count as refused if another node takes it', async () => {
    sendAway = async () => true;
    crowd(9);
    await vi.advanceTimersByTimeAsync(WAIT_MS + 50);
    expect(arrivals.admission).toMatchObject({ waiting: 0, refused: 0 });
  });

  it('waits once more if Asterisk does not answer', async () => {
    sendAway = async () => {
      throw new AriError('unreachable', 'no answer');
    };
    crowd(9);
    await vi.advanceTimersByTimeAsync(WAIT_MS + 50);
    expect(toldOf('away')).toEqual(['c8']);
    expect(arrivals.admission).toMatchObject({ waiting: 1, refused: 0 });
    arrivals.channelGone('c0');
    expect(toldOf('admit')).toContain('c8');
  });

  it('is sent away together with few others', async () => {
    sendAway = () => new Promise((resolve) => setTimeout(resolve, 1000, false));
    crowd(30);
    await vi.advanceTimersByTimeAsync(WAIT_MS + 500);
    expect(toldOf('away')).toHaveLength(4);
  });
});

describe('the log', () => {
  it('says once a second how many wait', async () => {
    crowd(20);
    await vi.advanceTimersByTimeAsync(3100);
    expect(logged).toEqual([
      'letting calls in: 12 wait, 0/s, the longest for 0.2 s',
      'letting calls in: 12 wait, 0/s, the longest for 1.2 s',
      'letting calls in: 12 wait, 0/s, the longest for 2.2 s',
    ]);
  });

  it('says nothing about calls that come in as they come', async () => {
    for (let index = 0; index < 200; index++) {
      come(`c${index}`);
      setTimeout(() => arrivals.settled(`c${index}`, null), 10);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(arrivals.admission).toMatchObject({ waiting: 0, perSecond: 50 });
    expect(logged).toEqual([]);
  });
});

describe('an event loop that is late', () => {
  it('lets fewer calls in at once', async () => {
    crowd(1);
    await vi.advanceTimersByTimeAsync(100);
    const { limit } = arrivals.admission;
    // The clock goes on, and timers do not run.
    vi.setSystemTime(Date.now() + 1000);
    vi.spyOn(performance, 'now').mockReturnValueOnce(performance.now() + 1000);
    await vi.advanceTimersByTimeAsync(20);
    expect(limit).toBe(8);
    expect(arrivals.admission.limit).toBe(5);
  });
});
