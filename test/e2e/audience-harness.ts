import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ExtraConfiguration } from '../../scripts/asterisk-instance.ts';
import type { StatusView } from '../../src/api/schemas.ts';
import type { Call } from '../kit/phone/call.ts';
import type { RostrumNode } from '../kit/rostrum-node.ts';

/** For tests of listeners. */

/** What a tone sent at -20 dBov may lose on its way through G.711 and a mix. */
export const HEARD = { aboveDbov: -24, timeoutMs: 8000 };
export const NOT_HEARD_DBOV = -60;
/** What a change may cost: two packets, besides the one that is due. */
export const MOST_GAP_MS = 60;

/** Endpoints as they were before there was an anchor: Asterisk's RTP is at the address that phones call. */
export const NOT_ANCHORED: NonNullable<ExtraConfiguration['set']> = [
  ['pjsip.conf', 'anonymous', 'media_address', ''],
  ['pjsip.conf', 'anonymous', 'bind_rtp_to_media_address', 'no'],
];

export async function relayPid(node: RostrumNode): Promise<number> {
  const { pid } = (await node.api.get<StatusView>('/status')).relay;
  if (!pid) throw new Error('no relay');
  return pid;
}

/** The numbers of the callers who hear the relay as listeners. */
export async function callersAtRelay(node: RostrumNode, conference = '3000'): Promise<string[]> {
  const { members } = await node.show(conference).catch(() => ({ members: [] }));
  return members.filter(({ path }) => path === 'relay').map(({ caller }) => caller.number);
}

/** Waits until just these callers are members whose calls pass the relay. */
export async function waitForRelay(node: RostrumNode, callers: readonly string[], conference = '3000'): Promise<void> {
  await expect.poll(() => callersAtRelay(node, conference)).toEqual([...callers]);
}

/**
 * The longest time without a packet of each call since its statistics were reset, less what a call that was not touched
 * had to do without meanwhile: the machine may be busy.
 */
export function gapsMs(calls: readonly Call[], untouched?: Call): number[] {
  const usualMs = 20;
  const othersMs = untouched ? Math.max(0, untouched.stats().longestGapMs - 2 * usualMs) : 0;
  return calls.map((call) => call.stats().longestGapMs - othersMs);
}

/** The channels that wait in the audience's bridges of Asterisk. */
export async function parked(node: RostrumNode): Promise<number> {
  const bridges = await node.asterisk.cli('bridge show all');
  const counts = bridges.split('\n').flatMap((line) => /-audience-\S+\s+(\d+)/.exec(line)?.[1] ?? []);
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

/** A moment in which packets come. */
export const listen = (durationMs: number): Promise<void> => sleep(durationMs);
