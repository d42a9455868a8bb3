import { expect, it } from 'vitest';
import { Pacing } from '../../../src/rtp/pacing.ts';

const begin = () => {
  const pacing = new Pacing({ frameMs: 20, frameSamples: 160 }, 0);
  expect(pacing.arrived(0, 20)).toBe(true);
  return pacing;
};

it('a frame that a busy machine sends late is played late, and those after it as well', () => {
  const pacing = begin();
  expect(pacing.overdue(90)).toBe(false);
  for (const frame of [1, 2, 3]) expect(pacing.arrived(160 * frame, 95)).toBe(true);
});

it('where nothing comes any more, frames are made up, as many as there should be', () => {
  const pacing = begin();
  let made = 0;
  for (let nowMs = 25; nowMs <= 1100; nowMs += 5) while (pacing.overdue(nowMs)) made++;
  expect(made).toBe(53);
});

it('a frame in whose place one was made up is left out, unless the sender goes on with another clock', () => {
  const pacing = begin();
  while (pacing.overdue(100));
  expect(pacing.arrived(160, 101)).toBe(false);
  expect(pacing.arrived(3 * 160, 102)).toBe(false);
  expect(pacing.arrived(4 * 160, 103)).toBe(true);
  expect(pacing.arrived(5_000_000, 140)).toBe(true);
  expect(pacing.arrived(5_000_160, 160)).toBe(true);
});
