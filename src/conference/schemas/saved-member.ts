import { z } from 'zod';
import { type ChannelSetup, type ChannelSetupKey, changedKeys, UNTOUCHED } from '../model/channel-setup.ts';
import { FLAGS, type MemberFlags } from '../model/flags.ts';
import type { Place, Result } from '../model/member.ts';
import type { SavedMember } from '../model/saved-member.ts';

const level = z.number().optional();

export const adjustedSchema = z.object({
  vadLevel: level,
  vadHoldMs: level,
  agcLevel: level,
  talkVolume: level,
  listenVolume: level,
});

export const placeSchema = z.discriminatedUnion('at', [
  z.object({ at: z.enum(['door', 'naming', 'greeting', 'waiting', 'arriving', 'floor', 'hold', 'away']) }),
  z.object({ at: z.literal('private'), room: z.number().int() }),
  z.object({
    at: z.literal('leaving'),
    result: z.custom<Result>((value) => typeof value === 'string'),
    unnoticed: z.literal(true).optional(),
    to: z.object({ context: z.string(), extension: z.string() }).optional(),
  }),
]);

const channelSetupSchema = z
  .object({
    answered: z.boolean(),
    bridge: z.custom<ChannelSetup['bridge']>((value) => typeof value === 'string'),
    relay: z.custom<ChannelSetup['relay']>((value) => typeof value === 'object'),
    voice: z.boolean(),
    hearing: z.boolean(),
    absorbKeys: z.boolean(),
    music: z.string().nullable(),
    silence: z.boolean(),
    talkDetect: z.object({ level: z.number(), holdMs: z.number() }).nullable(),
    gate: z.object({ level: z.number(), holdMs: z.number() }).nullable(),
    agcLevel: z.number().nullable(),
    denoise: z.boolean(),
    jitterBuffer: z.boolean(),
    talkVolume: z.number(),
    listenVolume: z.number(),
    metered: z.boolean(),
    mutedLevel: z.number().nullable(),
  } satisfies Record<ChannelSetupKey, z.ZodType>)
  .partial();

const storedSchema = z
  .object({
    conference: z.string(),
    profile: z.string(),
    id: z.number().int().min(1),
    joined: z.number(),
    flags: z.array(z.string()),
    place: placeSchema,
    adjusted: adjustedSchema,
    hand: z.number().nullable(),
    helpAskedAtMs: z.number().nullable().default(null),
    floorGivenAtMs: z.number().nullable().default(null),
    // Only what differs from a call that nobody has touched.
    setUp: channelSetupSchema.nullable().catch(null),
    name: z.string().nullable(),
    ownMute: z.boolean().default(false),
    phoneHold: z.boolean().default(false),
    settled: z.boolean(),
  })
  .transform(
    ({ profile, joined, flags, place, hand, setUp, name, ...same }): SavedMember => ({
      ...same,
      profileName: profile,
      joinedAtMs: joined,
      flags: Object.fromEntries(FLAGS.map((flag) => [flag, flags.includes(flag)])) as MemberFlags,
      place: place as Place,
      handRaisedAtMs: hand,
      setup: setUp && ({ ...UNTOUCHED, ...setUp } as ChannelSetup),
      spokenName: name,
    }),
  );

export function serializeMember(saved: SavedMember): string {
  const { profileName, joinedAtMs, flags, handRaisedAtMs, setup, spokenName, ...same } = saved;
  const stored: z.input<typeof storedSchema> = {
    ...same,
    profile: profileName,
    joined: joinedAtMs,
    flags: FLAGS.filter((flag) => flags[flag]),
    hand: handRaisedAtMs,
    setUp: setup && Object.fromEntries(changedKeys(UNTOUCHED, setup).map((key) => [key, setup[key]])),
    name: spokenName,
  };
  return JSON.stringify(stored);
}

/** @returns the saved member, or null if the text is not one (a channel that was never a member has an empty variable) */
export function parseMember(text: string): SavedMember | null {
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
