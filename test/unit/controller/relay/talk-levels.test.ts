import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TalkLevels } from '../../../../src/controller/relay/talk-levels.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function talkLevels(levels: Record<string, number>) {
  const told: string[] = [];
  const talking = new TalkLevels({
    levelOf: (channelId) => levels[channelId] ?? null,
    report: (channelId, talk) => told.push(`${channelId} ${talk.talking} ${talk.levelDbov}`),
  });
  return { talking, told };
}

describe('that somebody talks', () => {
  it('is told at once where it is not measured how loud', () => {
    const { talking, told } = talkLevels({});
    talking.started('a');
    talking.finished('a');
    expect(told).toEqual(['a true null', 'a false null']);
  });

  it('is told with the first level that is measured after it has begun', () => {
    const levels = { a: -90, b: -50 };
    const { talking, told } = talkLevels(levels);
    talking.started('a');
    talking.measured('b');
    expect(told).toEqual([]);
    levels.a = -20;
    talking.measured('a');
    talking.measured('a');
    expect(told).toEqual(['a true -20']);
  });

  it('is told within 150 ms even where none comes', () => {
    const { talking, told } = talkLevels({ a: -20 });
    talking.started('a');
    vi.advanceTimersByTime(149);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['a true -20']);
  });

  it('is told without a level where that is of the silence before', () => {
    const { talking, told } = talkLevels({ a: -127 });
    talking.started('a');
    talking.finished('a');
    expect(told).toEqual(['a true null', 'a false -127']);
  });

  it('is told before the end of it, and not of a member who has gone', () => {
    const { talking, told } = talkLevels({ a: -20, b: -20 });
    talking.started('a');
    talking.finished('a');
    talking.started('b');
    talking.channelGone('b');
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['a true -20', 'a false -20']);
  });
});
