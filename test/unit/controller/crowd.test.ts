import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AriError } from '../../../src/ari/errors.ts';
import { channelOf, FakeAsterisk } from './fake-asterisk.ts';

const ARGS = ['join', '3000', 'default'];
const LOBBY = ['lobby', 'default'];

let asterisk: FakeAsterisk;

beforeEach(() => {
  vi.useFakeTimers();
  asterisk = new FakeAsterisk();
});
afterEach(() => {
  asterisk.controller.stop();
  vi.useRealTimers();
});

/** A caller dials: nobody has answered yet. */
function dial(id: string, args: readonly string[] = ARGS): void {
  const channel = { ...channelOf(id, args), dialled: '3000' };
  asterisk.channels.push(channel);
  asterisk.controller.handle({ type: 'StasisStart', args: [...args], channel });
}

function dialMany(count: number, args?: readonly string[]): string[] {
  const ids = Array.from({ length: count }, (_, index) => `c${index}`);
  for (const id of ids) dial(id, args);
  return ids;
}

/** Asterisk takes so long for each request of this name. */
function slow(method: string, tookMs: number): void {
  asterisk.answers.set(method, () => new Promise((resolve) => setTimeout(resolve, tookMs)));
}

describe('200 calls at once', () => {
  it('become members in order, a few at a time, and hear ringing until then', async () => {
    slow('answer', 100);
    const ids = dialMany(200);
    expect(asterisk.members).toHaveLength(8);
    await vi.advanceTimersByTimeAsync(1000);
    const { waiting } = asterisk.controller.admission;
    expect(waiting).toBeGreaterThan(50);
    expect(asterisk.times('ring')).toBeGreaterThanOrEqual(waiting);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(asterisk.members).toEqual(ids);
    expect(asterisk.controller.admission).toMatchObject({ waiting: 0, refused: 0 });
    expect(asterisk.times('answer')).toBe(200);
  });

  it('are forgotten when they end, while they wait or on their way in', async () => {
    asterisk.answers.set('answer', () => new Promise(() => {}));
    dialMany(12);
    for (const id of ['c0', 'c8', 'c9']) asterisk.hangUp(id);
    await vi.advanceTimersByTimeAsync(100);
    expect(asterisk.members).toContain('c10');
    expect(asterisk.members).not.toContain('c8');
    expect(asterisk.controller.admission.waiting).toBe(1);
  });

  it('to the lobby are answered a few at a time', async () => {
    slow('answer', 100);
    dialMany(20, LOBBY);
    await vi.advanceTimersByTimeAsync(1);
    expect(asterisk.times('answer')).toBe(8);
    await vi.advanceTimersByTimeAsync(5000);
    expect(asterisk.times('answer')).toBe(20);
  });

  it('that are turned away leave their place to others', async () => {
    asterisk = new FakeAsterisk('limits: { members: 1 }\nsound: { prompts: { full: none } }');
    dialMany(50);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asterisk.times('answer')).toBe(1);
    expect(asterisk.controller.admission).toMatchObject({ waiting: 0 });
  });

  it('wait while Asterisk does not answer', async () => {
    asterisk.answers.set('answer', () => {
      throw new AriError('unreachable', 'no answer');
    });
    dialMany(50);
    await vi.advanceTimersByTimeAsync(900);
    expect(asterisk.members).toHaveLength(8);
    asterisk.answers.delete('answer');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asterisk.members).toHaveLength(50);
  });

  it('are refused one after the other when they have waited for 20 s', async () => {
    asterisk.answers.set('answer', () => new Promise(() => {}));
    dialMany(20);
    await vi.advanceTimersByTimeAsync(14_000);
    expect(asterisk.times('continueInDialplan')).toBe(0);
    await vi.advanceTimersByTimeAsync(7000);
    const refused = asterisk.requests.filter(({ args }) => args[2] === 'BUSY').map(({ args }) => args[0]);
    expect(refused.length).toBeGreaterThan(5);
    expect(asterisk.times('continueInDialplan')).toBe(refused.length);
    expect(asterisk.controller.admission.refused).toBe(refused.length);
  });
});

describe('calls that are found in Asterisk', () => {
  const find = (count: number) => {
    asterisk.controller.connecting();
    for (let index = 0; index < count; index++) {
      asterisk.channels.push({ ...channelOf(`c${index}`, ARGS), dialled: '3000' });
    }
    return asterisk.controller.resync();
  };

  it('are let in a few at a time, too', async () => {
    slow('answer', 100);
    void find(30);
    await vi.advanceTimersByTimeAsync(10);
    expect(asterisk.members).toHaveLength(8);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asterisk.members).toHaveLength(30);
    expect(asterisk.times('answer')).toBe(30);
  });

  it('come in once, though they are told of as well', async () => {
    void find(3);
    asterisk.controller.handle({
      type: 'StasisStart',
      args: ARGS,
      channel: { ...channelOf('c1', ARGS), dialled: '3000' },
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(asterisk.members).toEqual(['c0', 'c1', 'c2']);
    expect(asterisk.times('answer')).toBe(3);
  });

  it('and waited already, wait on: they are neither members nor gone', async () => {
    slow('answer', 1000);
    dialMany(12);
    asterisk.hangUp('c9');
    await vi.advanceTimersByTimeAsync(500);
    await asterisk.controller.resync();
    expect(asterisk.members).toHaveLength(8);
    expect(asterisk.controller.admission).toMatchObject({ waiting: 3, longestMs: 500 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asterisk.members).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c10', 'c11']);
  });

  it('and were answered are finished at once, however many wait', async () => {
    slow('answer', 1000);
    dialMany(12);
    asterisk.channels.push(channelOf('half', ARGS));
    await asterisk.controller.resync();
    expect(asterisk.members).toContain('half');
  });
});
