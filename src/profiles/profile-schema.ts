import { z } from 'zod';
import { conferenceProfileSchema } from './conference-schema.ts';
import { controlsProfileSchema } from './controls-schema.ts';

export const profileSchema = z.discriminatedUnion('kind', [conferenceProfileSchema, controlsProfileSchema], {
  error: 'kind must be "conference" or "controls"',
});
