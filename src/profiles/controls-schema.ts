import { z } from 'zod';
import { profileName } from '../conference/schemas/command-schema.ts';
import { ACTIONS, parseAction } from '../dtmf/actions/catalogue.ts';
import { DIGITS, MAX_SEQUENCE_LENGTH } from '../dtmf/collector.ts';
import { live } from './conference-schema.ts';

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
    extends: live(profileName.optional(), 'A controls profile whose keys count as well'),
    description: live(z.string().optional(), 'A text for people; shown by `rostrum profile`'),
    pauseSeconds: live(
      z.number().min(0.2).max(10).default(2),
      'How long to wait for the next key where a longer sequence is still possible',
    ),
    passThrough: live(z.boolean().default(false), 'Keys are passed on to the other members, those with an action too'),
    keys: live(
      z
        .record(
          sequence,
          z.union([actionCall, z.array(actionCall).min(1).max(10)], {
            error: 'an action is a word such as "mute", or a list of such words',
          }),
        )
        .default({}),
      'Key sequence to action, or to a list of actions',
    ),
  })
  .describe('What the telephone keys do');

export type ControlsProfile = z.output<typeof controlsProfileSchema>;
