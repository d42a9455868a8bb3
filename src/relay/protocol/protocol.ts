import { z } from 'zod';
import { GAIN_STEPS_MAX, GAIN_STEPS_MIN } from '../../audio/gain.ts';

/**
 * What controller and relay tell each other over the relay's unix socket: JSON, one message a line. The controller states
 * what is wanted, and the relay brings it about and reports. Stating something again is harmless, which is how either
 * side recovers: after connecting, the relay reports what it has and the controller states everything.
 */

const port = z.number().int().min(1).max(65_535);
const address = z.object({ host: z.ipv4(), port });
const conference = z.string().min(1).max(64);
const channelId = z.string().min(1).max(256);

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
export type TrunkPeerSpec = z.output<typeof trunkPeer>;

const uint32 = z.number().int().min(0).max(0xffffffff);
/** A key under which a node sends; see `trunk/trunk-peer.ts`. */
export const announcementSchema = z.object({
  epoch: uint32,
  /** In base64. */
  key: z.base64().length(44),
  fromCounter: z.object({ high: uint32, low: uint32 }),
});
export type AnnouncementText = z.output<typeof announcementSchema>;

/** The floor of a conference as the relay sees it: an RTP stream to and from Asterisk. */
const floorSpec = z.object({
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
export type FloorSpec = z.output<typeof floorSpec>;

/** What a listener gets of a conference. */
const hearing = z.object({
  conference,
  /** Steps of 3 dB. */
  volume: z.number().int().min(GAIN_STEPS_MIN).max(GAIN_STEPS_MAX),
  /** With comfort noise, where the conference has some. */
  noise: z.boolean(),
  /** Silence in place of the conference. */
  deaf: z.boolean(),
  packetMs: z.union([z.literal(20), z.literal(40), z.literal(60)]),
});
export type CallHearing = z.output<typeof hearing>;

/** A call whose RTP passes through the relay. */
const callSpec = z.object({
  channelId,
  /** The port that Asterisk has told the phone, on the address of this host that the phone knows: to be opened here. */
  local: address,
  /** Where Asterisk itself has that port. */
  asterisk: address,
  /** Where the phone wants its sound, as it has said; behind NAT it is another address. */
  phone: address.nullable(),
  /** Addresses from which the phone may send; from any where there is none. */
  sources: z.array(z.ipv4()).max(8),
  /** Of the call; null for one that the relay does not encode. */
  codec: z.enum(['PCMU', 'PCMA', 'G722']).nullable(),
  /** Null while everything passes between phone and Asterisk. Otherwise only keys pass, and the relay sends the sound. */
  hearing: hearing.nullable(),
  /** From where the phone has sent, for a relay that has been started since. */
  source: address.nullable(),
});
export type CallSpec = z.output<typeof callSpec>;

const callStatistics = z.object({
  /** RTP packets of the phone: estimated while the kernel drops most of what a listener sends. */
  packetsReceived: z.number(),
  packetsLost: z.number(),
  jitterMs: z.number(),
  packetsSent: z.number(),
  /** As the phone reports by RTCP; null where it does not. */
  packetsLostByPhone: z.number().nullable(),
  jitterAtPhoneMs: z.number().nullable(),
  roundTripMs: z.number().nullable(),
  /** Since anything came from the phone. */
  silentSeconds: z.number(),
});
export type CallStatistics = z.output<typeof callStatistics>;

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

/** All calls together, since the relay was started. */
const callSums = z.object({
  calls: z.number(),
  /** Of these, listeners who get a conference from the relay. */
  listeners: z.number(),
  /** Packets of phones that were dropped, by reason. */
  dropped: z.record(z.string(), z.number()),
  /** As the phones of present calls report: packets lost on the way to them, and the worst jitter. */
  packetsLostByPhones: z.number(),
  worstJitterAtPhonesMs: z.number(),
});
export type CallSums = z.output<typeof callSums>;

export const relayRequestSchema = z.discriminatedUnion('type', [
  /** Everything that is wanted; what is not named ends. */
  z.object({
    type: z.literal('everything'),
    floors: z.array(floorSpec),
    calls: z.array(callSpec),
    peers: z.array(trunkPeer),
  }),
  z.object({ type: z.literal('floor'), floor: floorSpec }),
  z.object({ type: z.literal('end-floor'), conference }),
  z.object({ type: z.literal('call'), call: callSpec }),
  z.object({ type: z.literal('end-call'), channelId }),
  /** A `call-statistics` report follows. */
  z.object({ type: z.literal('ask-statistics'), channelId }),
  /** All other nodes; one that is not named is forgotten, with its keys. */
  z.object({ type: z.literal('peers'), peers: z.array(trunkPeer) }),
  /** This node must know our keys: an `announce` to it follows. */
  z.object({ type: z.literal('announce-to'), nodeId }),
  z.object({ type: z.literal('peer-key'), nodeId, announcement: announcementSchema }),
  z.object({ type: z.literal('key-acknowledged'), nodeId, epoch: uint32 }),
  /** Everything is to be sent to this unix socket, and then this process is to end: see `succession.ts`. */
  z.object({ type: z.literal('hand-over'), path: z.string().max(256) }),
  /** This process is to end, since another one takes its place and cannot take over. */
  z.object({ type: z.literal('end') }),
  /** Are you there? */
  z.object({ type: z.literal('ping') }),
]);
export type RelayRequest = z.output<typeof relayRequestSchema>;

export const relayReportSchema = z.discriminatedUnion('type', [
  /** The first message of a connection: what the relay is doing. */
  z.object({
    type: z.literal('hello'),
    pid: z.number(),
    /** How it reaches the network: through libc, or Node.js's own sockets. */
    sockets: z.enum(['libc', 'dgram']),
    /** How it can hand over to another process; null if it cannot. */
    handsOver: z.object({ version: z.number(), threads: z.number() }).nullable().default(null),
    /** The other nodes that it has been told of. */
    peers: z.array(trunkPeer).default([]),
    calls: z.array(callSpec),
    /** Where meters connect to; null while there is nothing. */
    meters: address.nullable(),
  }),
  /** A floor can be sent to here. */
  z.object({ type: z.literal('floor'), conference, local: address }),
  z.object({ type: z.literal('floor-failed'), conference, message: z.string() }),
  /** The port of a call is open. */
  z.object({ type: z.literal('call-open'), channelId }),
  /** It cannot be opened. */
  z.object({ type: z.literal('call-failed'), channelId, message: z.string() }),
  /** A phone sends from here. */
  z.object({ type: z.literal('call-source'), channelId, source: address }),
  /** Nothing has come from a phone for long: perhaps it is gone. Told again each time that this has passed. */
  z.object({ type: z.literal('call-silent'), channelId, seconds: z.number() }),
  z.object({ type: z.literal('call-statistics'), channelId, statistics: callStatistics.nullable() }),
  /** A key of ours, for one node or (null) for all. */
  z.object({ type: z.literal('announce'), to: nodeId.nullable(), announcement: announcementSchema }),
  /** Packets under this key of another node are taken from now on. */
  z.object({ type: z.literal('key-installed'), nodeId, epoch: uint32 }),
  /** How the trunk is doing, about each 2 s. */
  z.object({ type: z.literal('trunk'), stats: trunkStats }),
  /** How calls are doing, about each 2 s. */
  z.object({ type: z.literal('calls'), sums: callSums }),
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
