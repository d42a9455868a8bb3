import { z } from 'zod';
import { FLAGS, parseFlags } from '../conference/flags.ts';

/** The admin API's messages: one definition for server, command line and documentation. */

export const memberSchema = z.object({
  id: z.number().int(),
  caller: z.object({ number: z.string(), name: z.string() }),
  role: z.enum(['speaker', 'listener']),
  admin: z.boolean(),
  mute: z.boolean(),
  deaf: z.boolean(),
  presence: z.enum(['joining', 'present', 'leaving']),
  joinedAt: z.iso.datetime(),
  channel: z.string().describe("The channel's id in Asterisk"),
});

export const conferenceSummarySchema = z.object({
  name: z.string(),
  profile: z.string(),
  status: z.enum(['running', 'empty']),
  members: z.number().int(),
  speakers: z.number().int(),
  startedAt: z.iso.datetime(),
});

export const conferenceSchema = conferenceSummarySchema.omit({ members: true }).extend({
  members: z.array(memberSchema).describe('In order of joining'),
});

export const statusSchema = z.object({
  version: z.string(),
  pid: z.number().int(),
  asterisk: z.object({ connected: z.boolean(), version: z.string().nullable(), problem: z.string().nullable() }),
  conferences: z.number().int(),
  members: z.number().int(),
});

export const flagsRequestSchema = z.strictObject({
  flags: z
    .array(z.string())
    .min(1)
    .max(32)
    .superRefine((words, context) => {
      const parsed = parseFlags(words);
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
    })
    .describe(`Changes: + or - and one of ${FLAGS.join(', ')}`),
});

export const errorSchema = z.object({ code: z.string(), message: z.string() });

export const conferencePathSchema = z.object({ conference: z.string() });
export const memberPathSchema = conferencePathSchema.extend({ member: z.coerce.number().int().min(1) });

export type MemberView = z.output<typeof memberSchema>;
export type ConferenceSummary = z.output<typeof conferenceSummarySchema>;
export type ConferenceView = z.output<typeof conferenceSchema>;
export type StatusView = z.output<typeof statusSchema>;
