import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import { Squaring } from '../../../../src/controller/asterisk/reconciler.ts';

const READING_MS = 100;
const unanswered = new AriError('unreachable', 'no answer');

let failure: Error | null;
let done: string[];
let squaring: Squaring;

beforeEach(() => {
  vi.useFakeTimers();
  failure = null;
  done = [];
  squaring = new Squaring({
    square: async () => {
      done.push('read');
      await new Promise((resolve) => setTimeout(resolve, READING_MS));
      if (failure) throw failure;
      done.push('squared');
    },
    logger: createLogger({ silent: true }),
  });
});
afterEach(() => {
  squaring.stop();
  vi.useRealTimers();
});

const take = (news: string) => () => void done.push(news);
const run = () => void squaring.run().catch(() => {});

describe('news of Asterisk', () => {
  it('is taken at once', () => {
    squaring.pass(take('a'));
    expect(done).toEqual(['a']);
  });

  it('waits while everything is squared, and is taken in order', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    for (const news of ['a', 'b']) squaring.pass(take(news));
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'squared', 'a', 'b']);
  });

  it('comes after a call that was let in here meanwhile, which may have ended', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    squaring.pass(take('its end'));
    squaring.admit(take('a call'));
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'squared', 'a call', 'its end']);
  });

  it('is taken between two times that everything is squared', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    run();
    squaring.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(3 * READING_MS);
    expect(done).toEqual(['read', 'squared', 'a', 'read', 'squared']);
  });

  it('is taken all the same when Asterisk cannot be read', async () => {
    failure = unanswered;
    run();
    await vi.advanceTimersByTimeAsync(10);
    squaring.pass(take('a'));
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'a']);
  });
});

describe('news of a new connection', () => {
  it('waits from before it is opened', async () => {
    squaring.hold();
    squaring.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'squared', 'a']);
  });

  it('is dropped with it when Asterisk cannot be read', async () => {
    failure = unanswered;
    squaring.hold();
    squaring.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(READING_MS);
    failure = null;
    squaring.hold();
    squaring.pass(take('b'));
    run();
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'read', 'squared', 'b']);
  });

  it('waits for what is read after it was opened', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    squaring.hold();
    squaring.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(2 * READING_MS);
    expect(done).toEqual(['read', 'squared', 'read', 'squared', 'a']);
  });
});

describe('a repair', () => {
  it('is tried until Asterisk answers', async () => {
    failure = unanswered;
    squaring.repairIfUnanswered(unanswered);
    await vi.advanceTimersByTimeAsync(3000);
    expect(done).toEqual(['read', 'read']);
    failure = null;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual(['read', 'read', 'read', 'squared']);
  });

  it('is not tried again when Asterisk refuses, nor when all has been stopped', async () => {
    failure = new AriError('refused', 'no', { status: 500 });
    squaring.repairIfUnanswered(unanswered);
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual(['read']);
    failure = unanswered;
    squaring.repairIfUnanswered(unanswered);
    await vi.advanceTimersByTimeAsync(1050);
    squaring.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual(['read', 'read']);
  });

  it('is not needed where everything is squared before, as after a new connection', async () => {
    squaring.repairIfUnanswered(unanswered);
    run();
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual(['read', 'squared']);
  });
});
