import { z } from 'zod';
import { ACTIONS } from '../dtmf/catalogue.ts';
import { profileSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of a profile file, for completion and checks in editors. */
export function profileJsonSchema(): object {
  return {
    title: 'Rostrum profile',
    description: `Actions for keys: ${ACTIONS.map(({ name, summary }) => `${name} (${summary})`).join('; ')}`,
    ...z.toJSONSchema(profileSchema, { io: 'input' }),
  };
}
