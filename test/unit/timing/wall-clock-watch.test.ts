import { beforeEach, expect, it } from 'vitest';
import { WallClockWatch } from '../../../src/timing/wall-clock-watch.ts';

const HOUR_MS = 3_600_000;

let steadyMs: number;
let wallMs: number;
let told: number;
let watch: WallClockWatch;

beforeEach(() => {
  steadyMs = 1_000_000;
  wallMs = 5_000_000;
  told = 0;
  watch = new WallClockWatch({ wallNow: () => wallMs, steadyNow: () => steadyMs, onSet: () => told++ });
  watch.start();
  return () => watch.stop();
});

function pass(ms: number, setByMs = 0): void {
  steadyMs += ms;
  wallMs += ms + setByMs;
  watch.look();
}

it.each([-HOUR_MS, -500, 500, HOUR_MS])('a clock that was set by %i ms is noticed, once', (setByMs) => {
  pass(1000);
  expect(told).toBe(0);
  pass(1000, setByMs);
  expect(told).toBe(1);
  pass(1000);
  expect(told).toBe(1);
});

it('a clock that drifts is noticed when it has drifted far, and each hour', () => {
  for (let second = 0; second < 40; second++) pass(1000, 10);
  expect(told).toBe(0);
  for (let second = 0; second < 20; second++) pass(1000, 10);
  expect(told).toBe(1);
  pass(HOUR_MS - 20_000);
  expect(told).toBe(1);
  pass(20_000);
  expect(told).toBe(2);
});
