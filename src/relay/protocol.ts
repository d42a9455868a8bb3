import { z } from 'zod';
import { GAIN_STEPS_MAX, GAIN_STEPS_MIN } from '../audio/gain.ts';

/**
 * What controller and relay tell each other over the relay's unix socket: JSON, one message a line. The controller states
 * what is wanted, and the relay brings it about and reports. Stating something again is harmless, which is how either
 * side recovers: after connecting, the relay reports what it has and the controller states everything.
 */

const port = z.number().int().min(1).max(65_535);
const address = z.object({ host: z.ipv4(), port });
const conference = z.string().min(1).max(64);
const legId = z.string().min(1).max(128);

/** Meters at the same time. */
export const MOST_METERS = 1000;

/** An address and a port. */
export type RtpAddress = z.output<typeof address>;

const nodeId = z.string().min(1).max(32);

/** Another node of the cluster, as far as the trunk is concerned. */
const trunkPeer = z.object({
  nodeId,
  /** Where its own packets go; null if it takes none. */
  address: address.nullable(),
  /** Whether it takes those of the multicast group that both have been set up with. */
  multicast: z.boolean(),
});
export type TrunkPeerWish = z.output<typeof trunkPeer>;

const uint32 = z.number().int().min(0).max(0xffffffff);
/** A key under which a node sends; see `trunk/trunk-peer.ts`. */
export const announcementSchema = z.object({
  epoch: uint32,
  /** In base64. */
  key: z.base64().length(44),
  fromCounter: z.object({ high: uint32, low: uint32 }),
});
export type AnnouncementText = z.output<typeof announcementSchema>;

/** The RTP of one leg, agreed upon by SIP. */
const legState = z.object({
  /** Ours. */
  port,
  /** Where the other side wants its audio, as it says; behind NAT it is where it comes from. */
  remote: address,
  /** Where Asterisk wanted it at first; while the other side is there, audio and keys pass through Asterisk. */
  asterisk: address,
  codec: z.enum(['PCMU', 'PCMA']),
  payloadType: z.number().int().min(0).max(127),
  eventPayloadType: z.number().int().min(0).max(127).nullable(),
});
export type LegState = z.output<typeof legState>;

/** Whether the relay talks with the phone itself, and not with Asterisk. */
export function isDirect({ remote, asterisk }: Pick<LegState, 'remote' | 'asterisk'>): boolean {
  return remote.host !== asterisk.host || remote.port !== asterisk.port;
}

/** The floor of a conference as the relay sees it: an RTP stream to and from Asterisk. */
const floorWish = z.object({
  conference,
  /** Where Asterisk sends from, once that is known: nobody else is listened to. */
  asterisk: address.nullable(),
  /** The port that the relay had before it was restarted. */
  port: port.nullable(),
  /** Comfort noise for listeners; null for none. */
  noiseDbov: z.number().min(-90).max(-30).nullable(),
  /** Whether it is sent to Asterisk as well. */
  floorNoise: z.boolean(),
  /** Of what is exchanged with Asterisk and other nodes. A floor for which it changes begins anew. */
  sampleRateHz: z.union([z.literal(8000), z.literal(16_000)]),
  /** The nodes with which this conference is shared. */
  nodes: z.array(nodeId).max(1024),
});
export type FloorWish = z.output<typeof floorWish>;

/** A listener to whom the relay sends the floor's sound. */
const listenerWish = z.object({
  legId,
  conference,
  /** Steps of 3 dB. */
  volume: z.number().int().min(GAIN_STEPS_MIN).max(GAIN_STEPS_MAX),
  /** Whether he gets comfort noise, where the conference has some. */
  noise: z.boolean(),
  /** His leg, if it was up before the relay was restarted. */
  leg: legState.nullable(),
});
export type ListenerWish = z.output<typeof listenerWish>;

const trunkStats = z.object({
  sent: z.number(),
  sendErrors: z.number(),
  /** Frames that were not sent, by reason. A relay of another version may not tell. */
  refused: z.record(z.string(), z.number()).default({}),
  /** Packets that were not taken, by reason; see docs/trunk-protocol.md. */
  dropped: z.record(z.string(), z.number()),
  /** By node: packets taken, and frames of all conferences by what became of them. */
  nodes: z.record(
    z.string(),
    z.object({
      packets: z.number(),
      frames: z.number(),
      late: z.number(),
      concealed: z.number(),
      /** The longest that a frame waits at present; 0 if none does. */
      delayMs: z.number(),
    }),
  ),
});
export type TrunkStatsReport = z.output<typeof trunkStats>;

/** What the relay has seen of listeners' legs since it was started; see `sip/leg-counters.ts` and `relay/rtp-drops.ts`. */
const legStats = z.object({
  /** Legs in a call. */
  calls: z.number(),
  sip: z.object({
    requests: z.number(),
    accepted: z.number(),
    refused: z.number(),
    ended: z.number(),
    repeated: z.number(),
    retransmitted: z.number(),
    unanswered: z.number(),
    sendErrors: z.number(),
    ownerErrors: z.number(),
    /** Datagrams that were not taken, by reason. */
    dropped: z.record(z.string(), z.number()),
  }),
  /** Packets to listeners' ports that were not taken, by reason. */
  rtp: z.object({ dropped: z.record(z.string(), z.number()) }),
});
export type LegStatsReport = z.output<typeof legStats>;

export const relayRequestSchema = z.discriminatedUnion('type', [
  /** Everything that is wanted; what is not named ends. */
  z.object({
    type: z.literal('everything'),
    floors: z.array(floorWish),
    listeners: z.array(listenerWish),
    peers: z.array(trunkPeer),
  }),
  z.object({ type: z.literal('floor'), floor: floorWish }),
  z.object({ type: z.literal('end-floor'), conference }),
  z.object({ type: z.literal('listener'), listener: listenerWish }),
  z.object({ type: z.literal('end-listener'), legId }),
  /** All other nodes; one that is not named is forgotten, with its keys. */
  z.object({ type: z.literal('peers'), peers: z.array(trunkPeer) }),
  /** This node must know our keys: an `announce` to it follows. */
  z.object({ type: z.literal('announce-to'), nodeId }),
  z.object({ type: z.literal('peer-key'), nodeId, announcement: announcementSchema }),
  z.object({ type: z.literal('key-acknowledged'), nodeId, epoch: uint32 }),
  /** Are you there? */
  z.object({ type: z.literal('ping') }),
]);
export type RelayRequest = z.output<typeof relayRequestSchema>;

export const relayReportSchema = z.discriminatedUnion('type', [
  /** The first message of a connection: what the relay is doing. */
  z.object({
    type: z.literal('hello'),
    pid: z.number(),
    /** Where listeners' legs are to be called. */
    sip: address,
    /** The other nodes that it has been told of. */
    peers: z.array(trunkPeer).default([]),
    legs: z.array(z.object({ legId, leg: legState })),
    /** Where meters connect to; null while there is nothing. */
    meters: address.nullable(),
  }),
  /** A floor can be sent to here. */
  z.object({ type: z.literal('floor'), conference, local: address }),
  z.object({ type: z.literal('floor-failed'), conference, message: z.string() }),
  /** A leg is up, or its other side has moved. */
  z.object({ type: z.literal('leg'), legId, leg: legState }),
  /** By Asterisk, or because its port is somebody else's since a restart. */
  z.object({ type: z.literal('leg-ended'), legId }),
  z.object({ type: z.literal('key'), legId, key: z.string().length(1) }),
  /** A key of ours, for one node or (null) for all. */
  z.object({ type: z.literal('announce'), to: nodeId.nullable(), announcement: announcementSchema }),
  /** Packets under this key of another node are taken from now on. */
  z.object({ type: z.literal('key-installed'), nodeId, epoch: uint32 }),
  /** How the trunk is doing, about each 2 s. */
  z.object({ type: z.literal('trunk'), stats: trunkStats }),
  /** How legs are doing, about each 2 s. */
  z.object({ type: z.literal('legs'), stats: legStats }),
  /** Meters connect to here from now on. */
  z.object({ type: z.literal('meters'), address }),
  /** How loud it is at meters where that has changed. */
  z.object({
    type: z.literal('levels'),
    levels: z.array(z.object({ meter: z.string(), levelDbov: z.number() })).max(MOST_METERS),
  }),
  z.object({ type: z.literal('pong') }),
]);
export type RelayReport = z.output<typeof relayReportSchema>;
