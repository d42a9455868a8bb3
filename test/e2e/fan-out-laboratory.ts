import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import type { RostrumNode } from '../kit/rostrum-node.ts';

/** For tests of listeners at the relay. */

/** What a tone sent at -20 dBov may lose on its way through G.711 and a mix. */
export const HEARD = { aboveDbov: -24, timeoutMs: 8000 };
export const NOT_HEARD_DBOV = -60;
/** What a move may cost: two packets, besides the one that is due. */
export const MOST_GAP_MS = 60;
/** A move takes some hundredths of a second; the machine may have other things to do. */
export const MOVED = { timeout: 8000, interval: 20 };

/** The numbers of the callers whose sound comes from the relay. */
export async function callersAtRelay(node: RostrumNode, conference = '3000'): Promise<string[]> {
  const { members } = await node.show(conference).catch(() => ({ members: [] }));
  return members.filter(({ path }) => path === 'relay').map(({ caller }) => caller.number);
}

/** Waits until just these callers hear the relay. */
export async function waitForRelay(node: RostrumNode, callers: readonly string[], conference = '3000'): Promise<void> {
  await expect.poll(() => callersAtRelay(node, conference), MOVED).toEqual([...callers]);
}

/** The machine may be busy with other things just when a test counts milliseconds. */
export const AGAIN = { retry: 2 };

/**
 * The longest time without a packet of each call since its statistics were reset, less what a call that was not touched
 * had to do without meanwhile: the machine may be busy.
 */
export function gapsMs(calls: readonly Call[], untouched?: Call): number[] {
  const usualMs = 20;
  const othersMs = untouched ? Math.max(0, untouched.stats().longestGapMs - 2 * usualMs) : 0;
  return calls.map((call) => call.stats().longestGapMs - othersMs);
}

/** What is left in Asterisk of listeners' ways to the relay. */
export async function remains(node: RostrumNode): Promise<string[]> {
  const [channels, bridges] = await Promise.all([
    node.asterisk.cli('core show channels concise'),
    node.asterisk.cli('bridge show all'),
  ]);
  const legs = channels.split('\n').filter((line) => line.includes('rostrum-relay'));
  return [...legs, ...bridges.split('\n').filter((line) => line.includes('-audience-'))];
}

/** A moment in which packets come. */
export const listen = (durationMs: number): Promise<void> => sleep(durationMs);
