import { z } from 'zod';
import type { AriBridge, AriChannel } from './port.ts';

/** The parts of ARI's JSON that we read. Unknown fields are ignored: Asterisk adds some with every release. */

/** States of a channel whose caller waits for an answer. */
const CALLING = new Set(['Ring', 'Ringing']);

export const channelSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.string().default(''),
    language: z.string().default(''),
    caller: z.object({ number: z.string(), name: z.string() }),
    dialplan: z.object({
      context: z.string().default(''),
      exten: z.string().default(''),
      app_name: z.string().default(''),
      app_data: z.string().default(''),
    }),
  })
  .transform(({ id, name, state, caller, language, dialplan }): AriChannel => {
    const [application = '', ...args] = dialplan.app_data.split(',');
    const stasis = dialplan.app_name === 'Stasis' ? { application, args } : null;
    const { context, exten } = dialplan;
    return { id, name, caller, language, context, dialled: CALLING.has(state) ? exten : null, stasis };
  });

export const channelListSchema = z.array(channelSchema);

export const applicationSchema = z.object({ channel_ids: z.array(z.string()) });
export const bridgeListSchema = z.array(
  z
    .object({ id: z.string(), channels: z.array(z.string()) })
    .transform(({ id, channels }): AriBridge => ({ id, channelIds: channels })),
);

/** Where in the dialplan a channel is. */
export const locationSchema = z
  .object({ dialplan: z.object({ context: z.string(), exten: z.string(), priority: z.number() }) })
  .transform(({ dialplan: { context, exten, priority } }) => ({ context, extension: exten, priority }));

/** The figures that people understand, of the many that Asterisk has. */
export const rtpStatisticsSchema = z
  .object({
    rxcount: z.number(),
    rxploss: z.number(),
    txcount: z.number(),
    txploss: z.number(),
    rtt: z.number().default(0),
  })
  .transform(({ rxcount, rxploss, txcount, txploss, rtt }) => ({
    packetsReceived: rxcount,
    packetsLost: rxploss,
    packetsSent: txcount,
    packetsLostBySide: txploss,
    // Asterisk counts in seconds.
    roundTripMs: Math.round(rtt * 1000),
  }));

/** Names of stored recordings. */
export const storedListSchema = z.array(z.object({ name: z.string() }).transform(({ name }) => name));

/** A stored recording: the file that Asterisk takes, of those of its name. */
export const storedSchema = z.object({ format: z.string() });

export const infoSchema = z.object({ system: z.object({ version: z.string() }) });
/** `maxfiles` of asterisk.conf, if it is set. */
export const maxFilesSchema = z
  .object({ config: z.object({ max_open_files: z.number().optional() }) })
  .transform(({ config }) => config.max_open_files ?? null);

/** A variable's value; null where there is none. */
export const variableSchema = z
  .object({ value: z.string().default('') })
  .nullable()
  .transform((answer) => answer?.value || null);

/** Options of an object of Asterisk's configuration, by name; of an option that is there several times, the last. */
export const objectSchema = z
  .array(z.object({ attribute: z.string(), value: z.string() }))
  .transform((options) => new Map(options.map(({ attribute, value }) => [attribute, value])));

/** The values of several variables. */
export const variablesSchema = z
  .object({ variables: z.record(z.string(), z.string()) })
  .transform(({ variables }) => variables);

const eventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('StasisStart'),
    args: z.array(z.string()),
    channel: channelSchema,
    /** The channel whose place this one takes: the end of an attended transfer. Asterisk may repeat it when the channel comes again. */
    replace_channel: z.object({ id: z.string() }).optional(),
  }),
  z.object({ type: z.literal('StasisEnd'), channel: channelSchema }),
  z.object({ type: z.literal('ChannelDestroyed'), channel: channelSchema, cause: z.number().default(0) }),
  z.object({ type: z.literal('ChannelDtmfReceived'), digit: z.string(), channel: channelSchema }),
  z.object({ type: z.literal('ChannelTalkingStarted'), channel: channelSchema }),
  z.object({ type: z.literal('ChannelTalkingFinished'), channel: channelSchema }),
  z.object({ type: z.literal('ChannelHold'), channel: channelSchema }),
  z.object({ type: z.literal('ChannelUnhold'), channel: channelSchema }),
  z.object({
    type: z.literal('PlaybackFinished'),
    playback: z.object({ id: z.string(), state: z.string().default('done') }),
  }),
  z.object({ type: z.literal('RecordingFinished'), recording: z.object({ name: z.string() }) }),
  z.object({ type: z.literal('RecordingFailed'), recording: z.object({ name: z.string() }) }),
  z.object({ type: z.literal('BridgeDestroyed'), bridge: z.object({ id: z.string() }) }),
  z.object({
    type: z.literal('ChannelTransfer'),
    referred_by: z.object({ source_channel: channelSchema }),
    refer_to: z.object({
      requested_destination: z.object({ destination: z.string().optional(), protocol_id: z.string().optional() }),
    }),
    /** How far it has come, as the application itself has said. */
    state: z.string().optional(),
  }),
  z.object({ type: z.literal('ChannelUserevent'), eventname: z.string() }),
  z.object({ type: z.literal('ApplicationReplaced') }),
]);

export type AriEvent = z.output<typeof eventSchema>;

/** The event types to ask Asterisk for: a join makes 28 events, of which we read one. */
export const EVENT_TYPES: readonly AriEvent['type'][] = eventSchema.options.map((option) => option.shape.type.value);

/** @returns null for an event of a type or shape that we do not know */
export function parseEvent(text: string): AriEvent | null {
  try {
    return eventSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
