import { z } from 'zod';

/**
 * What controller and relay tell each other over the relay's unix socket: JSON, one message a line. The controller states
 * what is wanted, and the relay brings it about and reports. Stating something again is harmless, which is how either
 * side recovers: after connecting, the relay reports what it has and the controller states everything.
 */

const port = z.number().int().min(1).max(65_535);
const address = z.object({ host: z.ipv4(), port });
const conference = z.string().min(1).max(64);
const legId = z.string().min(1).max(128);

/** An address and a port. */
export type RtpAddress = z.output<typeof address>;

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
});
export type FloorWish = z.output<typeof floorWish>;

/** A listener to whom the relay sends the floor's sound. */
const listenerWish = z.object({
  legId,
  conference,
  /** Steps of 3 dB. */
  volume: z.number().int().min(-8).max(8),
  /** Whether he gets comfort noise, where the conference has some. */
  noise: z.boolean(),
  /** His leg, if it was up before the relay was restarted. */
  leg: legState.nullable(),
});
export type ListenerWish = z.output<typeof listenerWish>;

export const relayRequestSchema = z.discriminatedUnion('type', [
  /** Everything that is wanted; what is not named ends. */
  z.object({ type: z.literal('everything'), floors: z.array(floorWish), listeners: z.array(listenerWish) }),
  z.object({ type: z.literal('floor'), floor: floorWish }),
  z.object({ type: z.literal('end-floor'), conference }),
  z.object({ type: z.literal('listener'), listener: listenerWish }),
  z.object({ type: z.literal('end-listener'), legId }),
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
    legs: z.array(z.object({ legId, leg: legState })),
  }),
  /** A floor can be sent to here. */
  z.object({ type: z.literal('floor'), conference, local: address }),
  z.object({ type: z.literal('floor-failed'), conference, message: z.string() }),
  /** A leg is up, or its other side has moved. */
  z.object({ type: z.literal('leg'), legId, leg: legState }),
  z.object({ type: z.literal('leg-ended'), legId }),
  z.object({ type: z.literal('key'), legId, key: z.string().length(1) }),
  z.object({ type: z.literal('pong') }),
]);
export type RelayReport = z.output<typeof relayReportSchema>;
