import { z } from 'zod';
import type { SavedConference } from '../model/saved-conference.ts';

export const recordingSchema = z
  .object({
    name: z.string(),
    number: z.number().int().default(1),
    chosen: z.boolean().default(false),
    format: z.string(),
    startedAtMs: z.number(),
    paused: z.boolean(),
    restarts: z.number(),
  })
  .nullable();

export const playbackSchema = z
  .object({ id: z.string(), media: z.array(z.string()), paused: z.boolean(), volume: z.number() })
  .nullable();

/** The text of a `SavedConference`, also as the version before has written it. */
const savedSchema = z
  .object({
    startedAtMs: z.number(),
    nextMemberId: z.number().int().min(1),
    locked: z.boolean(),
    mutedAll: z.enum(['all', 'non-admins']).nullable(),
    recording: recordingSchema,
    musicOn: z.boolean(),
    recorded: z.boolean().default(false),
    playback: playbackSchema,
    missingSinceMs: z.number().nullable().optional(),
    mostAdmins: z.number().int().optional(),
    adminLeftAtMs: z.number().nullable().default(null),
    adminSeen: z.boolean().default(false),
    mandatorySeen: z.boolean().default(false),
    desertedAtMs: z.number().nullable().default(null),
    warned: z.boolean(),
    ending: z.enum(['ENDED', 'TIME']).nullable().default(null),
  })
  .transform(
    ({
      adminLeftAtMs,
      adminSeen,
      missingSinceMs = adminLeftAtMs,
      mostAdmins = Number(adminSeen),
      ...same
    }): SavedConference => ({
      ...same,
      missingSinceMs,
      mostAdmins,
    }),
  );

/** The text can be read by the version before, too: an upgrade may be taken back. */
export function serializeConference(saved: SavedConference): string {
  const { missingSinceMs: adminLeftAtMs, mostAdmins } = saved;
  return JSON.stringify({ ...saved, adminLeftAtMs, adminSeen: mostAdmins > 0 } satisfies Record<
    keyof z.input<typeof savedSchema>,
    unknown
  >);
}

/** @returns null if the text is not a saved conference */
export function parseConference(text: string): SavedConference | null {
  try {
    return savedSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
