import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { NODE_ID } from '../base/node-id.ts';
import { PLACEMENTS } from '../cluster/placement.ts';
import { isAnyAddress } from '../udp/socket-address.ts';
import { natsConfigSchema } from './nats-config.ts';

const ADDRESS = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;
const address = z
  .string()
  .regex(ADDRESS, { error: 'expected host:port', abort: true })
  .refine(isHost, { error: 'expected host:port, and this host is no IP address', abort: true })
  .refine(isPort, 'a port is 1 to 65535');
const ipv4Address = ipAddressOf(
  'an IPv4 address',
  (text) => /^[\d.]+:\d{1,5}$/.test(text) && isIPv4(hostPort(text).host),
);
const ipAddress = ipAddressOf(
  'an IP address',
  (text) => ADDRESS.test(text) && (text.startsWith('[') ? isIPv6 : isIPv4)(hostPort(text).host),
);

/** The section `cluster` of `rostrum.yaml`. Without a secret, the node is by itself. */
export const clusterConfigSchema = z
  .strictObject({
    nodeId: z
      .string()
      .regex(NODE_ID, 'a node name is up to 32 letters, digits, "_" and "-"')
      .optional()
      .describe('The name of this node; without it, that of the machine'),
    secretFile: z
      .string()
      .optional()
      .describe('File with the secret that all nodes share, from `rostrum keygen`; without it, the node is by itself'),
    transport: z
      .enum(['mesh', 'nats'])
      .default('mesh')
      .describe('How controllers reach each other: directly, or through a NATS server'),
    listen: address.default('0.0.0.0:7400').describe('Where the other controllers reach this one, with mesh'),
    peers: z.array(address).max(200).default([]).describe('Where this one reaches the others, with mesh'),
    nats: natsConfigSchema,
    trunk: z
      .strictObject({
        listen: ipAddress
          .default('0.0.0.0:7500')
          .describe('Where the relays of other nodes send audio to this one, UDP'),
        address: ipAddress
          .refine((text) => !isAnyAddress(hostPort(text).host), 'nobody can send there: name an address of this node')
          .optional()
          .describe('The same as other nodes see it; without it, the address of the relay and this port'),
        multicast: z
          .strictObject({
            group: ipv4Address.describe('Address and port of the group, the same on all nodes that are to use it'),
            ttl: z.number().int().min(0).max(255).default(1).describe('How many routers packets may pass'),
            interface: z.ipv4('expected an IPv4 address').describe('Address of this host by which it is reached'),
          })
          .optional()
          .describe('Sends one packet to all nodes of a network instead of one to each'),
        codec: z.enum(['PCMU', 'PCMA', 'L16']).default('PCMU').describe('How audio is encoded between nodes'),
        redundancy: z
          .union([z.literal(0), z.literal(1), z.literal(2)], { error: 'redundancy is 0, 1 or 2' })
          .default(0)
          .describe('Earlier frames that each packet carries, so that lost packets are not missed'),
        rekeySeconds: z.number().min(1).max(86_400).default(900).describe('Each key is used for so long'),
      })
      .refine(({ listen, multicast }) => multicast === undefined || !listen.startsWith('['), {
        path: ['multicast'],
        message: 'multicast needs an IPv4 address in listen',
      })
      .prefault({}),
    lifetimeSeconds: z
      .number()
      .min(1)
      .max(3600)
      .default(15)
      .describe('A node that is silent for so long is gone, with its members'),
    capacity: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Calls that this node takes before new ones are sent to others; without it, no limit'),
    placement: z.enum(PLACEMENTS).default('here-first').describe('The rule by which new calls are sent to nodes'),
    sip: z
      .string()
      .regex(/^sips?:\S{1,250}$/, 'expected a URI such as sip:192.0.2.1:5060')
      .optional()
      .describe('Where phones reach this node; without it, no calls are sent here'),
    routeListen: address
      .optional()
      .describe('Where SBCs ask over HTTP which node takes a caller: GET /route?conference=3000; without it, nowhere'),
  })
  .refine(
    ({ secretFile, peers, transport }) => secretFile !== undefined || (peers.length === 0 && transport === 'mesh'),
    { path: ['secretFile'], message: 'a cluster needs a secret: make one with "rostrum keygen"' },
  )
  .refine(({ transport, nats }) => transport !== 'nats' || nats.url !== undefined, {
    path: ['nats', 'url'],
    message: 'transport nats needs the URL of a NATS server',
  })
  .prefault({});

function ipAddressOf(expected: string, isOne: (text: string) => boolean) {
  return z
    .string()
    .refine(isOne, { error: `expected ${expected} and a port`, abort: true })
    .refine(isPort, 'a port is 1 to 65535');
}

/** A text that looks like an IP address must be one; anything else is a name, for DNS to know. */
function isHost(text: string): boolean {
  const { host } = hostPort(text);
  if (text.startsWith('[')) return isIPv6(host);
  return isIPv4(host) || !/^[\d.]+$/.test(host);
}

function isPort(text: string): boolean {
  const { port } = hostPort(text);
  return port >= 1 && port <= 65_535;
}

/** @param text host:port, where an IPv6 address is in brackets */
export function hostPort(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
