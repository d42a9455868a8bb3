import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { mediaAddressOf } from '../../scripts/machine.ts';
import type { NodeView } from '../../src/api/schemas.ts';
import { parseInetSockets } from '../../src/base/proc-net.ts';
import type { Call } from '../kit/phone/call.ts';
import type { RostrumNode } from '../kit/rostrum-node.ts';

/** For tests with hundreds of calls, and for what calls leave behind. */

const WITHIN = { timeout: 20_000, interval: 50 };

/** What there is of calls in the controller, in Asterisk, in the relay and in the kernel. */
type Traces = {
  readonly callers: readonly string[];
  readonly channels: number;
  /** How many channels each bridge has. Empty ones of the audience are kept for the next crowd. */
  readonly bridges: Readonly<Record<string, number>>;
  readonly relayCalls: number;
  readonly ports: readonly string[];
};

/** Dials evenly at a rate, each call whether or not those before it were answered. */
export async function dialEvenly(count: number, perSecond: number, dial: (index: number) => Call): Promise<Call[]> {
  const startMs = performance.now();
  const calls: Call[] = [];
  for (let index = 0; index < count; index++) {
    const waitMs = startMs + (index * 1000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    calls.push(dial(index));
  }
  return calls;
}

/** The UDP ports that are bound on the addresses of a node: those that phones call, and that of Asterisk's RTP. */
export async function boundPorts(node: RostrumNode, ...moreHosts: string[]): Promise<string[]> {
  const { host, port: sipPort } = node.server;
  const addresses = [host, mediaAddressOf(host), ...moreHosts];
  const sockets = parseInetSockets(await readFile('/proc/net/udp', 'utf8'));
  const isOfCall = ({ address, port }: { address: string | null; port: number }) =>
    addresses.includes(address ?? '') && port !== sipPort;
  return sockets
    .filter(isOfCall)
    .map(({ address, port }) => `${address}:${port}`)
    .sort();
}

/** The calls whose RTP passes the relay, as it last reported. */
export async function relayCalls(node: RostrumNode): Promise<number> {
  const [self] = await node.api.get<NodeView[]>('/nodes');
  return self?.traffic?.calls?.calls ?? 0;
}

export const NO_TRACES: Traces = { callers: [], channels: 0, bridges: {}, relayCalls: 0, ports: [] };

export async function tracesOf(node: RostrumNode): Promise<Traces> {
  const [conferences, channels, bridges, calls, ports] = await Promise.all([
    node.list(),
    node.asterisk.cli('core show channels count'),
    node.asterisk.cli('bridge show all'),
    relayCalls(node),
    boundPorts(node),
  ]);
  const views = await Promise.all(conferences.map(({ name }) => node.show(name).catch(() => ({ members: [] }))));
  return {
    callers: views.flatMap(({ members }) => members.map(({ caller }) => caller.number)).sort(),
    channels: Number(/(\d+) active channel/.exec(channels)?.[1]),
    bridges: Object.fromEntries(
      [...bridgesIn(bridges)].filter(([id, count]) => count > 0 || !id.includes('-audience-')),
    ),
    relayCalls: calls,
    ports,
  };
}

/**
 * How many channels each of Rostrum's bridges has, by id.
 *
 * @param text what `bridge show all` prints: id, name (not in older versions), channels, type, technology, duration
 */
export function bridgesIn(text: string): Map<string, number> {
  const lines = text.matchAll(/^(rostrum-\S+)\s(?:.*\s)?(\d+)\s+\S+\s+\S+\s+[\d:]+$/gm);
  return new Map([...lines].map(([, id = '', channels]) => [id, Number(channels)]));
}

/** Audio that should have come by now, less what came: a packet that a busy machine delivers late is not missing. */
export function missedMs(call: Call): number {
  const { received, firstPacketMs } = call.stats();
  return performance.now() - (firstPacketMs ?? 0) - received * 20;
}

/** Waits until there is just what there was. */
export async function waitForTraces(node: RostrumNode, expected: Traces): Promise<void> {
  await expect.poll(() => tracesOf(node), WITHIN).toEqual(expected);
}
