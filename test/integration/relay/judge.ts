import { expect } from 'vitest';
import type { Arrival, Line } from './line.ts';

export const WITHIN = { timeout: 8000, interval: 20 };

/** Resolves when a tone is as loud at a line as it should be. */
export const hears = (line: Line, freqHz: number, dbov = -20) =>
  expect.poll(() => Math.abs(line.level(freqHz) - dbov), WITHIN).toBeLessThan(1.5);

/** Resolves when a tone is not heard at a line any more. */
export const falls = (line: Line, freqHz: number) => expect.poll(() => line.level(freqHz), WITHIN).toBeLessThan(-55);

/** Resolves when nothing has come to a line for a while. */
export const isSilent = (line: Line) =>
  expect.poll(() => performance.now() - (line.arrivals.at(-1)?.atMs ?? 0), WITHIN).toBeGreaterThan(200);

/** Whether a packet to Asterisk only reminds it of where to send; it is nothing that was heard. */
export const isReminder = ({ payloadType, payload }: Arrival): boolean => payloadType === 13 && payload.length === 1;

/** How many packets do not have the sequence number after that of the packet before: some were lost, or came twice. */
export const missing = (arrivals: readonly Arrival[]): number =>
  arrivals.filter(({ sequence }, i) => i > 0 && sequence !== (((arrivals[i - 1]?.sequence ?? 0) + 1) & 0xffff)).length;

/** The longest time without a packet. */
export const longestGapMs = (arrivals: readonly Arrival[]): number =>
  Math.max(...arrivals.slice(1).map(({ atMs }, index) => atMs - (arrivals[index]?.atMs ?? 0)));

/** Checks packets of 20 ms: no sequence number and no timestamp is missing between the first and the last. */
export function expectNothingLost(arrivals: readonly Arrival[]): void {
  expect(arrivals.length).toBeGreaterThan(10);
  expect(missing(arrivals)).toBe(0);
  const steps = arrivals.slice(1).map(({ timestamp }, i) => (timestamp - (arrivals[i]?.timestamp ?? 0)) >>> 0);
  expect(new Set(steps)).toEqual(new Set([160]));
}

/** Whether packets are one stream: one SSRC, numbers without a gap, time that goes on. */
export function expectOneStream(arrivals: readonly Arrival[]): void {
  const [first] = arrivals;
  expect(new Set(arrivals.map(({ ssrc }) => ssrc)).size).toBe(1);
  const expected = arrivals.map((_, index) => ((first?.sequence ?? 0) + index) & 0xffff);
  expect(arrivals.map(({ sequence }) => sequence)).toEqual(expected);
  for (const [index, { timestamp, atMs }] of arrivals.entries()) {
    const elapsedMs = ((timestamp - (first?.timestamp ?? 0)) >>> 0) / 8;
    expect(Math.abs(elapsedMs - (atMs - (first?.atMs ?? 0))), `packet ${index}`).toBeLessThan(150);
  }
}
