import { describe, expect, it } from 'vitest';
import { mergeRuns, type NodeRun } from '../../../src/attendance/merge-runs.ts';

/** A run of conference 3000 on 5 January, from one minute after 10 to another. */
const run = (node: string, from: number, to: number | null, conference = '3000'): NodeRun => ({
  node,
  conference,
  startedAt: at(from),
  endedAt: to === null ? null : at(to),
  members: 1,
  turnedAway: 0,
  problem: null,
});
const at = (minute: number) => `2026-01-05T10:${String(minute).padStart(2, '0')}:00.000Z`;

const merged = (...runs: NodeRun[]) =>
  mergeRuns(runs).map(({ conference, startedAt, endedAt, runs: parts }) => [
    conference,
    startedAt,
    endedAt,
    parts.map(({ node }) => node),
  ]);

describe('runs on several nodes', () => {
  it('that overlap in time are one conference, from its first start to its last end', () => {
    expect(merged(run('oslo', 12, 20), run('lyon', 10, 15), run('rome', 19, 18))).toEqual([
      ['3000', at(10), at(20), ['lyon', 'oslo', 'rome']],
    ]);
  });

  it('are two conferences where one has ended before the other, the newest first', () => {
    expect(merged(run('lyon', 10, 15), run('oslo', 15, 20), run('lyon', 16, 17))).toEqual([
      ['3000', at(15), at(20), ['oslo', 'lyon']],
      ['3000', at(10), at(15), ['lyon']],
    ]);
  });

  it('go on as long as one of them does', () => {
    expect(merged(run('lyon', 10, null), run('oslo', 12, 15), run('rome', 50, 51))).toEqual([
      ['3000', at(10), null, ['lyon', 'oslo', 'rome']],
    ]);
  });

  it('of different names stay apart', () => {
    expect(merged(run('lyon', 10, 20), run('oslo', 11, 20, '4000'), run('rome', 12, 13))).toEqual([
      ['4000', at(11), at(20), ['oslo']],
      ['3000', at(10), at(20), ['lyon', 'rome']],
    ]);
  });
});
