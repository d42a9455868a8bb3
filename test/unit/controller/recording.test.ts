import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AriError } from '../../../src/ari/errors.ts';
import { FakeAsterisk } from './fake-asterisk.ts';

let asterisk: FakeAsterisk;

beforeEach(async () => {
  vi.useFakeTimers();
  asterisk = new FakeAsterisk();
  asterisk.call('a');
  await vi.advanceTimersByTimeAsync(100);
  const recorded = asterisk.controller.command('3000', { type: 'record', name: 'tape' });
  await vi.advanceTimersByTimeAsync(200);
  await recorded;
});
afterEach(() => {
  asterisk.controller.stop();
  vi.useRealTimers();
});

/** Asterisk refuses a request so many times, with these statuses in turn. */
function refuse(method: string, times: number, statuses: readonly number[]): void {
  let left = times;
  asterisk.answers.set(method, () => {
    if (left-- > 0) throw new AriError('refused', 'not now', { status: statuses[left % statuses.length] ?? 0 });
  });
}

describe('a recording that Asterisk has not begun yet', () => {
  it.each([
    ['paused', 'pauseRecording', { type: 'pause-recording', paused: true }],
    ['stopped', 'stopRecording', { type: 'stop-recording' }],
  ] as const)('is %s as soon as it has', async (_, method, command) => {
    refuse(method, 5, [404, 409]);
    const done = asterisk.controller.command('3000', command);
    await vi.advanceTimersByTimeAsync(500);
    await done;
    expect(asterisk.times(method)).toBe(6);
  });

  it.each([
    ['for a while where there is none', 404, 2000 / 20 + 2],
    ['not at all where Asterisk has another reason', 500, 1],
  ])('is waited for %s', async (_, status, most) => {
    refuse('pauseRecording', 1000, [status]);
    const paused = asterisk.controller
      .command('3000', { type: 'pause-recording', paused: true })
      .catch((error) => error);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await paused).toMatchObject({ code: 'asterisk-refused' });
    expect(asterisk.times('pauseRecording')).toBeLessThanOrEqual(most);
  });
});
