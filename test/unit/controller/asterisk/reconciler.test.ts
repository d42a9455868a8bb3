import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import { Reconciler } from '../../../../src/controller/asterisk/reconciler.ts';

const READING_MS = 100;
const unanswered = new AriError('unreachable', 'no answer');

let failure: Error | null;
let done: string[];
let reconciler: Reconciler;

beforeEach(() => {
  vi.useFakeTimers();
  failure = null;
  done = [];
  reconciler = new Reconciler({
    reconcile: async () => {
      done.push('read');
      await new Promise((resolve) => setTimeout(resolve, READING_MS));
      if (failure) throw failure;
      done.push('reconciled');
    },
    logger: createLogger({ silent: true }),
  });
});
afterEach(() => {
  reconciler.stop();
  vi.useRealTimers();
});

const take = (news: string) => () => void done.push(news);
const run = () => void reconciler.run().catch(() => {});

describe('news of Asterisk', () => {
  it('is taken at once', () => {
    reconciler.pass(take('a'));
    expect(done).toEqual(['a']);
  });

  it('waits while everything is reconciled, and is taken in order', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    for (const news of ['a', 'b']) reconciler.pass(take(news));
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'reconciled', 'a', 'b']);
  });

  it('comes after a call that was let in here meanwhile, which may have ended', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    reconciler.pass(take('its end'));
    reconciler.admit(take('a call'));
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'reconciled', 'a call', 'its end']);
  });

  it('is taken between two times that everything is reconciled', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    run();
    reconciler.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(3 * READING_MS);
    expect(done).toEqual(['read', 'reconciled', 'a', 'read', 'reconciled']);
  });

  it('is taken all the same when Asterisk cannot be read', async () => {
    failure = unanswered;
    run();
    await vi.advanceTimersByTimeAsync(10);
    reconciler.pass(take('a'));
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'a']);
  });
});

describe('news of a new connection', () => {
  it('waits from before it is opened', async () => {
    reconciler.hold();
    reconciler.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'reconciled', 'a']);
  });

  it('is dropped with it when Asterisk cannot be read', async () => {
    failure = unanswered;
    reconciler.hold();
    reconciler.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(READING_MS);
    failure = null;
    reconciler.hold();
    reconciler.pass(take('b'));
    run();
    await vi.advanceTimersByTimeAsync(READING_MS);
    expect(done).toEqual(['read', 'read', 'reconciled', 'b']);
  });

  it('waits for what is read after it was opened', async () => {
    run();
    await vi.advanceTimersByTimeAsync(10);
    reconciler.hold();
    reconciler.pass(take('a'));
    run();
    await vi.advanceTimersByTimeAsync(2 * READING_MS);
    expect(done).toEqual(['read', 'reconciled', 'read', 'reconciled', 'a']);
  });
});

describe('a repair', () => {
  it('is tried until Asterisk answers', async () => {
    failure = unanswered;
    reconciler.repairIfUnanswered(unanswered);
    await vi.advanceTimersByTimeAsync(3000);
    expect(done).toEqual(['read', 'read']);
    failure = null;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual(['read', 'read', 'read', 'reconciled']);
  });

  it('is not tried again when Asterisk refuses, nor when all has been stopped', async () => {
    failure = new AriError('refused', 'no', { status: 500 });
    reconciler.repairIfUnanswered(unanswered);
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual(['read']);
    failure = unanswered;
    reconciler.repairIfUnanswered(unanswered);
    await vi.advanceTimersByTimeAsync(1050);
    reconciler.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual(['read', 'read']);
  });

  it('is not needed where everything is reconciled before, as after a new connection', async () => {
    reconciler.repairIfUnanswered(unanswered);
    run();
    await vi.advanceTimersByTimeAsync(5000);
    expect(done).toEqual(['read', 'reconciled']);
  });
});
