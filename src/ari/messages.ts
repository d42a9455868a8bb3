import { z } from 'zod';
import type { AriBridge, AriChannel } from './port.ts';

/** The parts of ARI's JSON that we read. Unknown fields are ignored: Asterisk adds some with every release. */

const channelSchema = z
  .object({
    id: z.string(),
    caller: z.object({ number: z.string(), name: z.string() }),
    dialplan: z.object({ app_name: z.string().default(''), app_data: z.string().default('') }),
  })
  .transform(({ id, caller, dialplan }): AriChannel => {
    const [application = '', ...args] = dialplan.app_data.split(',');
    return { id, caller, stasis: dialplan.app_name === 'Stasis' ? { application, args } : null };
  });

export const channelListSchema = z.array(channelSchema);

export const bridgeListSchema = z.array(
  z
    .object({ id: z.string(), channels: z.array(z.string()) })
    .transform(({ id, channels }): AriBridge => ({ id, channelIds: channels })),
);

export const infoSchema = z.object({ system: z.object({ version: z.string() }) });

/** A variable's value; null where there is none. */
export const variableSchema = z
  .object({ value: z.string().default('') })
  .nullable()
  .transform((answer) => answer?.value || null);

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('StasisStart'), args: z.array(z.string()), channel: channelSchema }),
  z.object({ type: z.literal('StasisEnd'), channel: channelSchema }),
  z.object({ type: z.literal('ChannelDestroyed'), channel: channelSchema }),
  z.object({ type: z.literal('ChannelDtmfReceived'), digit: z.string(), channel: channelSchema }),
  z.object({ type: z.literal('BridgeDestroyed'), bridge: z.object({ id: z.string() }) }),
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
