import { z } from 'zod';
import { ACTIONS, parseAction } from '../dtmf/actions/catalogue.ts';
import { DIGITS, MAX_SEQUENCE_LENGTH } from '../dtmf/collector.ts';
import { profileName } from './conference-schema.ts';

const live = { takesEffect: 'live' } as const;

const sequence = z
  .string()
  .regex(
    new RegExp(`^[${DIGITS}]{1,${MAX_SEQUENCE_LENGTH}}$`),
    `a key sequence is 1 to ${MAX_SEQUENCE_LENGTH} of ${DIGITS}`,
  );

const actionCall = z
  .string()
  .superRefine((text, context) => {
    const parsed = parseAction(text);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
  })
  .meta({ pattern: `^(${ACTIONS.map(({ name }) => name).join('|')})(:.*)?$` });

export const controlsProfileSchema = z
  .strictObject({
    kind: z.literal('controls'),
    extends: profileName.optional().describe('A controls profile whose keys count as well').meta(live),
    description: z.string().optional().describe('A text for people; shown by `rostrum profile`').meta(live),
    pauseSeconds: z
      .number()
      .min(0.2)
      .max(10)
      .default(2)
      .describe('How long to wait for the next key where a longer sequence is still possible')
      .meta(live),
    passThrough: z
      .boolean()
      .default(false)
      .describe('Keys are passed on to the other members, those with an action too')
      .meta(live),
    keys: z
      .record(
        sequence,
        z.union([actionCall, z.array(actionCall).min(1).max(10)], {
          error: 'an action is a word such as "mute", or a list of such words',
        }),
      )
      .default({})
      .describe('Key sequence to action, or to a list of actions')
      .meta(live),
  })
  .describe('What the telephone keys do');

export type ControlsProfile = z.output<typeof controlsProfileSchema>;
