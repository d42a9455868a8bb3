import { z } from 'zod';
import { nodeRowSchema } from '../attendance/row.ts';
import { conferenceName } from '../cluster/record.ts';
import { recordingSchema } from '../recordings/recording.ts';
import { wholeNumber, yesOrNo } from './schemas.ts';

/** The admin API's messages about what nodes have recorded. */

/** So many conferences that were held, or recordings, can be listed, and are without a limit. */
export const MOST_LISTED = 500;

/** A choice of what was recorded. */
const listed = {
  search: z.string().min(1).max(100).describe('A part of the name; case does not count'),
  limit: wholeNumber(1).describe('How many are on a page'),
  page: wholeNumber(1).describe('The first one is 1'),
};
const isListed = ({ limit = MOST_LISTED, page = 1 }: { limit?: number | undefined; page?: number | undefined }) =>
  limit * page <= MOST_LISTED;
const NOT_LISTED = {
  path: ['limit'],
  message: `only the newest ${MOST_LISTED} are listed: search for a part of the name`,
};

/** A choice of conferences of which there are reports. */
export const heldQuerySchema = z
  .strictObject({
    ...listed,
    conference: conferenceName.describe('Only those of this name'),
    ended: yesOrNo.describe('Whether those that are going on are left out'),
  })
  .partial()
  .refine(isListed, NOT_LISTED);

export const recordingListQuerySchema = z.strictObject(listed).partial().refine(isListed, NOT_LISTED);

const missingSchema = z
  .array(z.object({ node: z.string(), reason: z.string() }))
  .describe('The nodes whose records could not be had, and why');

const gapsSchema = z
  .array(z.string())
  .describe('What else is not in it, in words: files that cannot be read, and conferences beyond the newest');

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
  gaps: gapsSchema,
});

/** The attendance of conferences, of all nodes. */
export const reportSchema = z.object({ rows: z.array(nodeRowSchema), missing: missingSchema, gaps: gapsSchema });

export const recordingViewSchema = recordingSchema.extend({
  node: z.string().nullable().describe('The node that has it; null where there is no cluster'),
});

export const recordingListSchema = z.object({
  recordings: z.array(recordingViewSchema).describe('Those that are being made first, then the newest'),
  hasOlder: z.boolean().describe('Whether there may be older ones'),
  missing: missingSchema,
});

export type RecordingView = z.output<typeof recordingViewSchema>;
export type RecordingListView = z.output<typeof recordingListSchema>;
export type HeldConferenceView = z.output<typeof heldSchema>;
export type HeldListView = z.output<typeof heldListSchema>;
export type ReportView = z.output<typeof reportSchema>;
export type MissingNodes = z.output<typeof missingSchema>;
