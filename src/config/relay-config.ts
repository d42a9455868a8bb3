import { isIPv4 } from 'node:net';
import { availableParallelism, type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { z } from 'zod';
import type { TrunkOptions } from '../relay/protocol/media-messages.ts';
import { isAnyAddress } from '../udp/socket-address.ts';
import { type clusterConfigSchema, hostPort } from './cluster-config.ts';

/** The section `relay` of `rostrum.yaml`. */
export const relayConfigSchema = z
  .strictObject({
    sources: z
      .enum(['signalled', 'any'])
      .default('signalled')
      .describe(
        'From where phones may send: the addresses of their SDP and SIP, or any, for carriers that send from elsewhere',
      ),
    threads: z.number().int().min(1).max(64).optional().describe('Threads for audio; without it, one a CPU, less one'),
    socket: z.string().optional().describe('Unix socket by which the controller reaches the relay'),
  })
  .prefault({});

export type RelayConfig = {
  sources: 'signalled' | 'any';
  threads: number;
  socketPath: string;
  /** Null for a node by itself. */
  trunk: TrunkOptions | null;
};

/** Where other nodes' relays find that of this one. */
export type TrunkAddress = { host: string; port: number; multicast: { group: string; port: number } | null };

type TrunkSection = z.output<typeof clusterConfigSchema>['trunk'];

/** @param beside makes a path absolute */
export function relayConfigOf(
  { sources, threads, socket }: z.output<typeof relayConfigSchema>,
  defaultSocket: string,
  beside: (path: string) => string,
): Omit<RelayConfig, 'trunk'> {
  return {
    sources,
    threads: threads ?? Math.max(1, availableParallelism() - 1),
    socketPath: socket ? beside(socket) : defaultSocket,
  };
}

export function trunkOptionsOf(
  { listen, multicast, rekeySeconds, redundancy, codec }: TrunkSection,
  nodeId: string,
): TrunkOptions {
  const { group, ttl, interface: interfaceAddress } = multicast ?? {};
  return {
    nodeId,
    bind: hostPort(listen),
    multicast: group && interfaceAddress ? { group: hostPort(group), ttl: ttl ?? 1, interfaceAddress } : null,
    rekeyIntervalMs: rekeySeconds * 1000,
    redundancy,
    codec,
  };
}

export function trunkAddressOf({ listen, address, multicast }: TrunkSection): TrunkAddress {
  const bound = hostPort(listen);
  const found = isAnyAddress(bound.host) ? { ...bound, host: firstAddress(isIPv4(bound.host) ? 4 : 6) } : bound;
  const known = address ? hostPort(address) : found;
  const group = multicast && hostPort(multicast.group);
  return { ...known, multicast: group ? { group: group.host, port: group.port } : null };
}

/** The address of this host, as others reach it; loopback where there is no network. */
export function firstAddress(version: 4 | 6 = 4): string {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const isReached = (found: NetworkInterfaceInfo) =>
    found.family === `IPv${version}` && !found.internal && !found.address.startsWith('fe80:');
  return addresses.find(isReached)?.address ?? (version === 4 ? '127.0.0.1' : '::1');
}

/** All addresses of this host. */
export function localAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address));
}
