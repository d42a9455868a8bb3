import { z } from 'zod';
import { FLAGS, parseFlags } from '../conference/flags.ts';
import { ACTIONS } from '../dtmf/catalogue.ts';
import { KEYS, MAX_SEQUENCE_LENGTH } from '../dtmf/collector.ts';

/** Profile names appear in dialplans and on command lines. */
export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

const profileName = z.string().regex(PROFILE_NAME, 'a profile name is letters, digits, "_", "." and "-"');

const flagWord = z
  .string()
  .refine((word) => parseFlags([word]).ok, `a flag is "+" or "-" and one of ${FLAGS.join(', ')}`);

export const conferenceProfileSchema = z
  .strictObject({
    kind: z.literal('conference'),
    description: z.string().optional().describe('For people; shown by `rostrum profile`'),
    flags: z
      .array(flagWord)
      .default([])
      .describe('Flags of everyone who joins, e.g. [+mute]; flags given in the dialplan win over them'),
    controls: profileName.default('default-keys').describe('The controls profile that says what the telephone keys do'),
    idleSeconds: z.number().int().min(0).max(86_400).default(30).describe('An empty conference ends after this time'),
  })
  .describe('How a conference behaves');

const sequence = z
  .string()
  .regex(
    new RegExp(`^[${KEYS}]{1,${MAX_SEQUENCE_LENGTH}}$`),
    `a key sequence is 1 to ${MAX_SEQUENCE_LENGTH} of ${KEYS}`,
  );

const actionNames = ACTIONS.map((action) => action.name);
const noSuchAction = `no such action; there are ${actionNames.join(', ')}`;
const actionName = z.enum(actionNames, { error: noSuchAction });

export const controlsProfileSchema = z
  .strictObject({
    kind: z.literal('controls'),
    description: z.string().optional().describe('For people; shown by `rostrum profile`'),
    pauseSeconds: z
      .number()
      .min(0.2)
      .max(10)
      .default(2)
      .describe('How long to wait for the next key where a longer sequence is still possible'),
    keys: z
      .record(sequence, z.union([actionName, z.array(actionName).min(1).max(10)], { error: noSuchAction }))
      .default({})
      .describe('Key sequence to action, or to a list of actions'),
  })
  .describe('What the telephone keys do');

export const profileSchema = z.discriminatedUnion('kind', [conferenceProfileSchema, controlsProfileSchema], {
  error: 'kind must be "conference" or "controls"',
});

export type ConferenceProfile = z.output<typeof conferenceProfileSchema>;
export type ControlsProfile = z.output<typeof controlsProfileSchema>;
