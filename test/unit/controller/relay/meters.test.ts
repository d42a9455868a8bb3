import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AriPort } from '../../../../src/ari/port.ts';
import { ObjectNames } from '../../../../src/controller/asterisk/object-names.ts';
import { Meters } from '../../../../src/controller/relay/meters.ts';
import type { RtpAddress } from '../../../../src/relay/protocol/protocol.ts';

const names = new ObjectNames('r');
const RELAY: RtpAddress = { host: '127.0.0.1', port: 4000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Meters with an Asterisk that refuses what `refuses` says. */
function meters({ relay = RELAY as RtpAddress | null, refuses = [] as string[] } = {}) {
  const requests: string[] = [];
  const link = { meters: relay, expectMeter: () => {} };
  const ari = new Proxy({} as AriPort, {
    get:
      (_, method: string) =>
      async (...args: unknown[]) => {
        requests.push(
          `${method} ${args
            .flat()
            .filter((arg) => typeof arg === 'string')
            .join(' ')}`,
        );
        if (refuses.includes(method)) throw new Error('refused');
      },
  });
  const measured: string[] = [];
  const all = new Meters({
    ari,
    names,
    link,
    logger: { debug: vi.fn() },
    onMeasured: (channelId) => measured.push(channelId),
  });
  const requested = () => requests.splice(0);
  return { all, link, requested, refuses, measured };
}

const level = (channelId: string, levelDbov: number) => [{ meter: names.meterId(channelId), levelDbov }];

describe('a meter', () => {
  it('is a channel that listens to the member and is sent to the relay', async () => {
    const { all, requested, measured } = meters();
    await all.set('a', true);
    expect(requested()).toEqual(['spyOn a']);
    await all.entered('a');
    expect(requested()).toEqual([
      'subscribeToChannels r r-meter-a',
      `setVariable r-meter-a ROSTRUM_METER ${names.meterId('a')},127.0.0.1:4000`,
      'continueInDialplan r-meter-a rostrum-meter',
    ]);
    expect(all.levelOf('a')).toBeNull();
    all.measured(level('a', -20));
    expect(all.levelOf('a')).toBe(-20);
    expect(measured).toEqual(['a']);
  });

  it('has an id that is a UUID and the same whenever it is asked for', () => {
    expect(names.meterId('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(names.meterId('a')).toBe(new ObjectNames('r').meterId('a'));
    expect(names.meterId('a')).not.toBe(names.meterId('b'));
  });

  it('is made once, however often it is wanted', async () => {
    const { all, requested } = meters();
    await all.set('a', true);
    await all.set('a', true);
    expect(requested()).toEqual(['spyOn a']);
  });

  it('ends when it is not wanted, and its level with it', async () => {
    const { all, requested, measured } = meters();
    await all.set('a', true);
    all.measured(level('a', -20));
    requested();
    await all.set('a', false);
    expect(requested()).toEqual(['hangUp r-meter-a']);
    all.measured(level('a', -20));
    expect(all.levelOf('a')).toBeNull();
    expect(measured).toEqual(['a']);
    all.channelGone(names.meter('a'), true);
    vi.advanceTimersByTime(60_000);
    expect(requested()).toEqual([]);
  });

  it('that is wanted again before the old one is gone is made when it is', async () => {
    const { all, requested } = meters();
    await all.set('a', true);
    await all.set('a', false);
    await all.set('a', true);
    expect(requested()).toEqual(['spyOn a', 'hangUp r-meter-a']);
    all.channelGone(names.meter('a'), true);
    vi.advanceTimersByTime(1000);
    expect(requested()).toEqual(['spyOn a']);
  });

  it('that has entered when nobody wants it ends', async () => {
    const { all, requested } = meters();
    await all.entered('a');
    expect(requested()).toEqual(['hangUp r-meter-a']);
  });

  it('that has ended by itself is made again, ever less often, until it has measured something', async () => {
    const { all, requested } = meters();
    await all.set('a', true);
    const made: number[] = [];
    for (let seconds = 0; seconds < 300; seconds++) {
      vi.advanceTimersByTime(1000);
      const spies = requested().length;
      if (spies > 0) all.channelGone(names.meter('a'), true);
      made.push(spies);
    }
    const tries = made.reduce((sum, count) => sum + count, 0);
    expect(tries).toBeGreaterThan(8);
    expect(tries).toBeLessThan(20);
    vi.advanceTimersByTime(30_000);
    all.measured(level('a', -20));
    requested();
    all.channelGone(names.meter('a'), true);
    vi.advanceTimersByTime(200);
    expect(requested()).toEqual(['spyOn a']);
  });

  it('that Asterisk refuses disturbs nobody', async () => {
    const { all, requested, refuses } = meters({ refuses: ['spyOn', 'setVariable', 'hangUp'] });
    await expect(all.set('a', true)).resolves.toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(requested()).toEqual(['spyOn a', 'spyOn a']);
    refuses.shift();
    await expect(all.entered('a')).resolves.toBeUndefined();
    expect(requested().at(-1)).toBe('hangUp r-meter-a');
    await expect(all.set('a', false)).resolves.toBeUndefined();
  });

  it('waits for a relay', async () => {
    const { all, link, requested } = meters({ relay: null });
    await all.set('a', true);
    vi.advanceTimersByTime(1000);
    expect(requested()).toEqual([]);
    link.meters = RELAY;
    vi.advanceTimersByTime(1000);
    expect(requested()).toEqual(['spyOn a']);
  });
});

describe('meters that are found', () => {
  it('are taken over where they are wanted, and ended where they are not', async () => {
    const { all, requested } = meters();
    await all.found(
      new Map([
        ['a', { waiting: false }],
        ['b', { waiting: false }],
      ]),
    );
    requested();
    all.measured(level('a', -20));
    expect(all.levelOf('a')).toBeNull();
    await all.set('a', true);
    await all.set('b', false);
    expect(requested()).toEqual(['hangUp r-meter-b']);
    expect(all.levelOf('a')).toBe(-20);
  });

  it('that nobody has sent to the relay yet are made anew', async () => {
    const { all, requested } = meters();
    await all.found(new Map([['a', { waiting: true }]]));
    expect(requested()).toEqual(['hangUp r-meter-a']);
    await all.set('a', true);
    all.channelGone(names.meter('a'), true);
    vi.advanceTimersByTime(200);
    expect(requested()).toEqual(['spyOn a']);
  });

  it('are not those whose end nobody has told: they are made again', async () => {
    const { all, requested } = meters();
    await all.set('a', true);
    requested();
    await all.found(new Map());
    vi.advanceTimersByTime(200);
    expect(requested()).toEqual(['spyOn a']);
  });
});
