import { z } from 'zod';
import { PLACEMENTS } from '../cluster/placement.ts';
import { NODE_ID } from '../conference/member-address.ts';

const ADDRESS = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;
const address = z.string().regex(ADDRESS, 'expected host:port');

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
    nats: z
      .strictObject({
        url: z.url({ protocol: /^(nats|tls)$/, error: 'expected a URL such as nats://127.0.0.1:4222' }).optional(),
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
    placement: z.enum(PLACEMENTS).default('here-first').describe('Which node new calls are sent to'),
    sip: z
      .string()
      .regex(/^sips?:\S{1,250}$/, 'expected a URI such as sip:192.0.2.1:5060')
      .optional()
      .describe('Where phones reach this node; without it, no calls are sent here'),
  })
  .refine(({ secretFile, peers }) => secretFile !== undefined || peers.length === 0, {
    path: ['secretFile'],
    message: 'a cluster needs a secret: make one with "rostrum keygen"',
  })
  .refine(({ transport, nats }) => transport !== 'nats' || nats.url !== undefined, {
    path: ['nats', 'url'],
    message: 'transport nats needs the URL of a NATS server',
  })
  .prefault({});
