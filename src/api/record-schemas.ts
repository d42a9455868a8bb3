import { z } from 'zod';
import { attendanceRowSchema } from '../attendance/row.ts';
import { wholeNumber, yesOrNo } from './schemas.ts';

/** The admin API's messages about what nodes have recorded. */

/** So many conferences that were held can be listed, and are without a limit. */
export const MOST_HELD = 500;

/** A choice of conferences of which there are reports. */
export const heldQuerySchema = z
  .strictObject({
    search: z.string().min(1).max(100).describe('A part of the name; case does not count'),
    ended: yesOrNo.describe('Whether those that are going on are left out'),
    limit: wholeNumber(1).describe('Conferences on a page'),
    page: wholeNumber(1).describe('The first one is 1'),
  })
  .partial()
  .refine(({ limit = MOST_HELD, page = 1 }) => limit * page <= MOST_HELD, {
    path: ['limit'],
    message: `only the newest ${MOST_HELD} conferences are listed: search for a part of the name`,
  });

const missingSchema = z
  .array(z.object({ node: z.string(), reason: z.string() }))
  .describe('The nodes whose records could not be had, and why');

const heldSchema = z.object({
  conference: z.string(),
  startedAt: z.iso.datetime().describe('On the first of its nodes'),
  endedAt: z.iso.datetime().nullable().describe('On the last of its nodes; null while it is going on'),
  nodes: z.array(z.string()).describe('None where there is no cluster'),
  members: z.number().int().describe('How many calls were admitted, on all nodes'),
  turnedAway: z.number().int(),
});

export const heldListSchema = z.object({
  conferences: z.array(heldSchema).describe('The newest first'),
  hasOlder: z.boolean().describe('Whether there may be older ones'),
  missing: missingSchema,
});

const nodeRowSchema = attendanceRowSchema.extend({
  node: z.string().nullable().describe('The node that the member has called; null where there is no cluster'),
});

/** The attendance of conferences, of all nodes. */
export const reportSchema = z.object({ rows: z.array(nodeRowSchema), missing: missingSchema });

export type HeldConferenceView = z.output<typeof heldSchema>;
export type HeldListView = z.output<typeof heldListSchema>;
export type ReportView = z.output<typeof reportSchema>;
export type MissingNodes = z.output<typeof missingSchema>;
