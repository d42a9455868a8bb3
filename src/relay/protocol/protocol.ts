import { z } from 'zod';
import { GAIN_STEPS_MAX, GAIN_STEPS_MIN } from '../../audio/gain.ts';
import { canonicalHost } from '../../udp/socket-address.ts';

/**
 * The protocol between controller and relay, over the relay's unix socket: JSON, one message per line. The controller
 * sends the wanted state; the relay applies it and reports. Repeating a request is harmless, which is how both sides
 * recover: after connecting, the relay reports its state and the controller sends everything.
 */

const port = z.number().int().min(1).max(65_535);
const host = z.union([z.ipv4(), z.ipv6()]).transform(canonicalHost);
const address = z.object({ host, port });
const conference = z.string().min(1).max(64);
const channelId = z.string().min(1).max(256);

/** The limit of meters at the same time. */
export const MOST_METERS = 1000;

export type RtpAddress = z.output<typeof address>;

const nodeId = z.string().min(1).max(32);

/** Another node of the cluster, as far as the trunk is concerned. */
const trunkPeer = z.object({
  nodeId,
  /** The address for packets to this node alone; null if it accepts none. */
  address: address.nullable(),
  /** Whether it receives the multicast group that both are configured with. */
  multicast: z.boolean(),
});
export type TrunkPeerSpec = z.output<typeof trunkPeer>;

const uint32 = z.number().int().min(0).max(0xffffffff);
/** A key under which a node sends; see `trunk/trunk-peer.ts`. */
const announcementSchema = z.object({
  epoch: uint32,
  /** In base64. */
  key: z.base64().length(44),
  fromCounter: z.object({ high: uint32, low: uint32 }),
});
export type AnnouncementText = z.output<typeof announcementSchema>;

/** The floor of a conference as the relay sees it: an RTP stream to and from Asterisk. */
const floorSpec = z.object({
  conference,
  /** The address that Asterisk sends from, once it is known. Packets from elsewhere are dropped. */
  asterisk: address.nullable(),
  /** The port that the relay had before it was restarted. */
  port: port.nullable(),
  /** Comfort noise for listeners; null for none. */
  noiseDbov: z.number().min(-90).max(-30).nullable(),
  /** Whether the comfort noise is sent to Asterisk as well. */
  floorNoise: z.boolean(),
  /** The rate of the audio to and from Asterisk and other nodes. A change restarts the floor. */
  sampleRateHz: z.union([z.literal(8000), z.literal(16_000)]),
  /** The nodes with which this conference is shared. */
  nodes: z.array(nodeId).max(1024),
});
export type FloorSpec = z.output<typeof floorSpec>;

/** How a listener hears a conference. */
const hearing = z.object({
  conference,
  /** Steps of 3 dB. */
  volume: z.number().int().min(GAIN_STEPS_MIN).max(GAIN_STEPS_MAX),
  /** Whether the comfort noise of the conference is added. */
  noise: z.boolean(),
  /** Whether silence replaces the conference. Packets and prompts continue. */
  deaf: z.boolean(),
  packetMs: z.union([z.literal(20), z.literal(40), z.literal(60)]),
});
export type CallHearing = z.output<typeof hearing>;

/** These parts of a call have been added since. A call of a version before has their defaults. */
const addedToCalls = z.object({
  /** The host that the phone's SIP comes from. A phone elsewhere gets audio only once something comes from there. */
  signalling: host.nullable().default(null),
  /**
   * The phone's audio is passed on to Asterisk only from this level on (mean amplitude of 16-bit samples), until it has
   * been softer for `holdMs`; silence replaces the rest. Null passes all.
   */
  gate: z
    .object({ level: z.number().min(1).max(32_767), holdMs: z.number().min(0).max(60_000) })
    .nullable()
    .default(null),
  /** Asterisk looks for keys in the audio of this phone, so all of it passes. */
  tones: z.boolean().default(false),
  /** The mean amplitude from which it is reported that the phone talks; null if nobody asks. */
  talkLevel: z.number().min(0).nullable().default(null),
});
const ADDED_TO_CALLS = addedToCalls.parse({});

/** A call whose RTP passes through the relay. */
const callSpec = z.object({
  ...addedToCalls.shape,
  channelId,
  /** The address that the phone sends to: Asterisk has signalled it, and the relay opens it. */
  local: address,
  /** Asterisk's own address for this call. */
  asterisk: address,
  /** The address in the phone's description (SDP). Behind NAT, the phone sends from another one. */
  phone: address.nullable(),
  /** The addresses that the phone may send from, of the IP version of `local`; an empty list allows any. */
  sources: z.array(host).max(8),
  /** The codec of the call; null for one that the relay does not encode. */
  codec: z.enum(['PCMU', 'PCMA', 'G722']).nullable(),
  /** Null while all RTP passes between phone and Asterisk. Otherwise the relay sends the audio and only DTMF passes. */
  hearing: hearing.nullable(),
  /** The address that the phone has sent from, for a relay that has restarted since. */
  source: address.nullable(),
  /** What the relay adds to the sequence numbers of the phone; known to relays only. */
  sequenceOffset: z.number().int().min(0).max(0xffff).optional(),
});
export type CallSpec = z.output<typeof callSpec>;

/** Gives a call that comes from a relay, perhaps of an earlier version, all parts that calls have in this one. */
export function completeCall(call: CallSpec): CallSpec {
  return { ...ADDED_TO_CALLS, ...call };
}

const callStatistics = z.object({
  /** RTP packets of the phone. The count is an estimate while the kernel drops most packets of a listener. */
  packetsReceived: z.number(),
  packetsLost: z.number(),
  jitterMs: z.number(),
  packetsSent: z.number(),
  /** The phone reports these by RTCP; null if it does not. */
  packetsLostByPhone: z.number().nullable(),
  jitterAtPhoneMs: z.number().nullable(),
  roundTripMs: z.number().nullable(),
  /** The time since the last packet of the phone. */
  silentSeconds: z.number(),
});
export type CallStatistics = z.output<typeof callStatistics>;

const trunkStats = z.object({
  sent: z.number(),
  sendErrors: z.number(),
  /** Frames that were not sent, by reason. A relay of another version may not report them. */
  refused: z.record(z.string(), z.number()).default({}),
  /** Packets that were dropped, by reason; see docs/trunk-protocol.md. */
  dropped: z.record(z.string(), z.number()),
  /** By node: packets accepted, and frames of all conferences by outcome. */
  nodes: z.record(
    z.string(),
    z.object({
      packets: z.number(),
      frames: z.number(),
      late: z.number(),
      concealed: z.number(),
      /** The longest present delay of a frame; 0 if none waits. */
      delayMs: z.number(),
    }),
  ),
});
export type TrunkStatsReport = z.output<typeof trunkStats>;

/** The sums of all calls since the relay started. */
const callSums = z.object({
  calls: z.number(),
  /** The calls that get a conference from the relay. */
  listeners: z.number(),
  /** Packets of phones that were dropped, by reason. */
  dropped: z.record(z.string(), z.number()),
  /** The packets lost on the way to phones, and the worst jitter, by the reports of present phones. */
  packetsLostByPhones: z.number(),
  worstJitterAtPhonesMs: z.number(),
});
export type CallSums = z.output<typeof callSums>;

export const relayRequestSchema = z.discriminatedUnion('type', [
  /** The whole wanted state; floors and calls that are not listed end. */
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
  /** Asterisk is about to connect for this meter. */
  z.object({ type: z.literal('expect-meter'), meter: z.string().max(64) }),
  /** A `call-statistics` report follows. */
  z.object({ type: z.literal('ask-statistics'), channelId }),
  /** All other nodes; a node that is not listed is forgotten, with its keys. */
  z.object({ type: z.literal('peers'), peers: z.array(trunkPeer) }),
  /** This node must know our keys: an `announce` to it follows. */
  z.object({ type: z.literal('announce-to'), nodeId }),
  z.object({ type: z.literal('peer-key'), nodeId, announcement: announcementSchema }),
  z.object({ type: z.literal('key-acknowledged'), nodeId, epoch: uint32 }),
  /** Sends the whole state to this unix socket, and ends this process: see `succession.ts`. */
  z.object({ type: z.literal('hand-over'), path: z.string().max(256) }),
  /** Ends this process: another one replaces it without taking over. */
  z.object({ type: z.literal('end') }),
  z.object({ type: z.literal('ping') }),
]);
export type RelayRequest = z.output<typeof relayRequestSchema>;

export const relayReportSchema = z.discriminatedUnion('type', [
  /** The first message of a connection: the state of the relay. */
  z.object({
    type: z.literal('hello'),
    pid: z.number(),
    /** The driver of the sockets: libc, or Node.js's dgram. */
    sockets: z.enum(['libc', 'dgram']),
    /** The terms of a handover to another process; null if it cannot hand over. */
    handsOver: z.object({ version: z.number(), threads: z.number() }).nullable().default(null),
    /** The other nodes that it knows. */
    peers: z.array(trunkPeer).default([]),
    calls: z.array(callSpec),
    /** The address that meters connect to; null while there is none. */
    meters: address.nullable(),
  }),
  /** Asterisk can send to the floor at this address. */
  z.object({ type: z.literal('floor'), conference, local: address }),
  z.object({ type: z.literal('floor-failed'), conference, message: z.string() }),
  /** The port of a call is open. */
  z.object({ type: z.literal('call-open'), channelId }),
  z.object({ type: z.literal('call-failed'), channelId, message: z.string() }),
  /** A phone sends from this address. It is null if the phone has described another, and nothing has come from there. */
  z.object({ type: z.literal('call-source'), channelId, source: address.nullable() }),
  /** The sequence numbers of a phone have begun again: see `CallSpec`. The controller does not need it. */
  z.object({ type: z.literal('call-renumbered'), channelId, sequenceOffset: z.number() }),
  /** A key is pressed at a phone, in packets (RFC 4733) that Asterisk gets next. */
  z.object({ type: z.literal('call-key'), channelId, digit: z.string().length(1) }),
  /** A phone sends another codec than that of the call: it may have described its audio again. */
  z.object({ type: z.literal('call-codec'), channelId }),
  /** A phone has sent nothing for long, and may be gone. Reported again at each interval. */
  z.object({ type: z.literal('call-silent'), channelId, seconds: z.number() }),
  /** A phone talks, and is asked for by `talkLevel`. Reported again at intervals while it does. */
  z.object({ type: z.literal('call-talks'), channelId }),
  z.object({ type: z.literal('call-statistics'), channelId, statistics: callStatistics.nullable() }),
  /** A key of ours, for one node or (null) for all. */
  z.object({ type: z.literal('announce'), to: nodeId.nullable(), announcement: announcementSchema }),
  /** Packets under this key of another node are accepted from now on. */
  z.object({ type: z.literal('key-installed'), nodeId, epoch: uint32 }),
  /** The statistics of the trunk, about every 2 s. */
  z.object({ type: z.literal('trunk'), stats: trunkStats }),
  /** The sums of all calls, about every 2 s. */
  z.object({ type: z.literal('calls'), sums: callSums }),
  /** Meters connect to this address from now on. */
  z.object({ type: z.literal('meters'), address }),
  /** The levels of meters that have changed. */
  z.object({
    type: z.literal('levels'),
    levels: z.array(z.object({ meter: z.string(), levelDbov: z.number() })).max(MOST_METERS),
  }),
  z.object({ type: z.literal('pong') }),
]);
export type RelayReport = z.output<typeof relayReportSchema>;
