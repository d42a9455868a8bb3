import { z } from 'zod';
import { NODE_ID } from '../base/node-id.ts';
import { profileName } from '../conference/schemas/command-schema.ts';
import { conferenceProfileSchema } from '../profiles/conference-schema.ts';
import { PROFILE_KEYS } from '../profiles/profile-keys.ts';
import { UNLISTED } from './conference-table.ts';
import { timesSchema } from './times-schema.ts';
import { isTimeZone } from './wall-time.ts';

const timeZone = z
  .string()
  .refine(isTimeZone, 'a time zone is a name such as Europe/Berlin, America/New_York or UTC')
  .optional();

/** The table without its conferences. */
export const headSchema = z.strictObject({
  unlisted: z
    .enum(UNLISTED, { error: 'unlisted is "allow" or "refuse"' })
    .default('allow')
    .describe('What happens to calls to conferences that are not in this table'),
  timeZone: timeZone.describe('The time zone of all times that name none, such as Europe/Berlin'),
});

/** What an entry has besides the settings of a profile. */
export const entrySchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('A name for people'),
  profile: profileName.optional().describe('The conference profile; without it, the one that the dialplan names'),
  node: z
    .string()
    .regex(NODE_ID, 'a node is letters, digits, "_" and "-"')
    .optional()
    .describe('The node that takes all calls to this conference, as long as it is up and has room'),
  timeZone: timeZone.describe('The time zone of `times`, such as Europe/Berlin'),
  times: timesSchema.optional().describe('When the conference may be joined; without them, always'),
});

const { kind: _kind, extends: _extends, description: _description, ...overlayShape } = conferenceProfileSchema.shape;

/** The settings of a conference: what an entry has by itself, and those of a profile. */
export const settingsSchema = z.strictObject({ ...entrySchema.shape, ...overlayShape });

/** Keys of an entry that are those of the table, and not of a profile. */
export const ENTRY_KEYS: readonly string[] = Object.keys(entrySchema.shape);

/** Settings of a profile that say nothing about one conference. */
export const NOT_IN_ENTRIES: readonly (readonly string[])[] = [
  ['kind'],
  ['extends'],
  ['description'],
  ['access', 'lobbyNumbers'],
];

/** The settings that a conference may have, as dotted paths. */
export function settingsOfOne(): { key: string; description: string }[] {
  const own = Object.entries(entrySchema.shape).map(([key, schema]) => ({
    key,
    description: schema.description ?? '',
  }));
  const hidden = NOT_IN_ENTRIES.map((path) => path.join('.'));
  const overlaid = PROFILE_KEYS.conference
    .map(({ path, description }) => ({ key: path.join('.'), description }))
    .filter(({ key }) => !hidden.includes(key));
  return [...own, ...overlaid];
}
