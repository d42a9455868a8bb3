import { availableParallelism, networkInterfaces } from 'node:os';
import { z } from 'zod';
import type { TrunkOptions } from '../relay/worker-messages.ts';
import type { clusterConfigSchema } from './cluster-config.ts';
import { hostPort } from './host-port.ts';

/** The section `relay` of `rostrum.yaml`. */
export const relayConfigSchema = z
  .strictObject({
    address: z
      .ipv4('expected an IPv4 address')
      .optional()
      .describe('Where phones send audio to the relay; without it, the first address of this host'),
    bindAddress: z
      .ipv4('expected an IPv4 address')
      .optional()
      .describe('The address of this host that it stands for, where that is another one'),
    ports: z
      .strictObject({
        first: z.number().int().min(1024).max(65_535),
        last: z.number().int().min(1024).max(65_535),
      })
      .refine(({ first, last }) => last - first >= 100, 'expected at least 100 ports')
      .default({ first: 33_000, last: 60_000 })
      .describe('UDP ports of audio, one for each listener who hears the relay and each conference'),
    sipPort: z
      .number()
      .int()
      .min(1024)
      .max(65_535)
      .default(5070)
      .describe('UDP port of 127.0.0.1 at which Asterisk calls the relay'),
    threads: z.number().int().min(1).max(64).optional().describe('Threads for audio; without it, one a CPU, less one'),
    socket: z.string().optional().describe('Unix socket by which the controller reaches the relay'),
  })
  .prefault({});

export type RelayConfig = {
  /** Where phones send to, and the address of this host that is bound. */
  address: string;
  bindAddress: string;
  ports: { first: number; last: number };
  /** Of 127.0.0.1. */
  sipPort: number;
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
  { address: given, bindAddress, threads, socket, ...rest }: z.output<typeof relayConfigSchema>,
  defaultSocket: string,
  beside: (path: string) => string,
): Omit<RelayConfig, 'trunk'> {
  const address = given ?? firstAddress();
  return {
    ...rest,
    address,
    bindAddress: bindAddress ?? address,
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

/** @param relayAddress where phones find the relay */
export function trunkAddressOf({ listen, address, multicast }: TrunkSection, relayAddress: string): TrunkAddress {
  const bound = hostPort(listen);
  const known = address ? hostPort(address) : bound.host === '0.0.0.0' ? { ...bound, host: relayAddress } : bound;
  const group = multicast && hostPort(multicast.group);
  return { ...known, multicast: group ? { group: group.host, port: group.port } : null };
}

/** Of this host, as others reach it; loopback where there is no network. */
function firstAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
