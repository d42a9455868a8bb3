import { z } from 'zod';
import { type ChannelSetup, type ChannelSetupKey, changedKeys, channelSetupOf, UNTOUCHED } from './channel-setup.ts';
import type { Conference } from './conference.ts';
import { FLAGS, type Flag, type MemberFlags } from './flags.ts';
import type { Adjusted, Member, Place, Result } from './member.ts';

/**
 * What outlives the controller: kept on the member's channel in Asterisk as the variable `ROSTRUM_MEMBER`, as JSON.
 */
export type SavedMember = {
  readonly conference: string;
  readonly profileName: string;
  readonly id: number;
  readonly joinedAtMs: number;
  readonly flags: MemberFlags;
  readonly place: Place;
  readonly adjusted: Adjusted;
  readonly handRaisedAtMs: number | null;
  /** How the channel was set up; null where it was left alone. */
  readonly setup: ChannelSetup | null;
  readonly spokenName: string | null;
  /** False while the channel is being brought in line with this: whoever adopts it then must do that again. */
  readonly settled: boolean;
};

const level = z.number().optional();

export const adjustedSchema = z.object({ vadLevel: level, agcLevel: level, talkVolume: level, listenVolume: level });

export const placeSchema = z.discriminatedUnion('at', [
  z.object({ at: z.enum(['door', 'naming', 'greeting', 'waiting', 'arriving', 'floor', 'hold', 'away']) }),
  z.object({ at: z.literal('private'), room: z.number().int() }),
  z.object({
    at: z.literal('leaving'),
    result: z.custom<Result>((value) => typeof value === 'string'),
    unnoticed: z.literal(true).optional(),
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
    talkDetect: z.object({ level: z.number(), holdMs: z.number() }).nullable(),
    agcLevel: z.number().nullable(),
    denoise: z.boolean(),
    jitterBuffer: z.boolean(),
    talkVolume: z.number(),
    listenVolume: z.number(),
    metered: z.boolean(),
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
    // Only what differs from a call that nobody has touched.
    setUp: channelSetupSchema.nullable().catch(null),
    name: z.string().nullable(),
    settled: z.boolean(),
  })
  .transform(
    (stored): SavedMember => ({
      conference: stored.conference,
      profileName: stored.profile,
      id: stored.id,
      joinedAtMs: stored.joined,
      flags: Object.fromEntries(FLAGS.map((flag) => [flag, stored.flags.includes(flag)])) as MemberFlags,
      place: stored.place as Place,
      adjusted: stored.adjusted,
      handRaisedAtMs: stored.hand,
      setup: stored.setUp && ({ ...UNTOUCHED, ...stored.setUp } as ChannelSetup),
      spokenName: stored.name,
      settled: stored.settled,
    }),
  );

/** What is saved of a member. A member on the way to the floor is saved as being there. */
export function savedOf(member: Member, conference: Conference): Omit<SavedMember, 'settled'> {
  const { id, joinedAtMs, flags, place, adjusted, handRaisedAtMs, spokenName } = member;
  return {
    conference: conference.name,
    profileName: conference.settings.profileName,
    id,
    joinedAtMs,
    flags,
    place: place.at === 'arriving' ? { at: 'floor' } : place,
    adjusted,
    handRaisedAtMs,
    spokenName,
    setup: channelSetupOf(conference, member),
  };
}

export function serializeMember(saved: SavedMember): string {
  const { setup } = saved;
  const flags: Flag[] = FLAGS.filter((flag) => saved.flags[flag]);
  const { conference, profileName: profile, id, joinedAtMs: joined, place, adjusted, handRaisedAtMs: hand } = saved;
  const stored: z.input<typeof storedSchema> = {
    conference,
    profile,
    id,
    joined,
    flags,
    place,
    adjusted,
    hand,
    setUp: setup && Object.fromEntries(changedKeys(UNTOUCHED, setup).map((key) => [key, setup[key]])),
    name: saved.spokenName,
    settled: saved.settled,
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
