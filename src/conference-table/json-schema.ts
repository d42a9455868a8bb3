import { z } from 'zod';
import { describedSchema, type JsonSchema } from '../profiles/json-schema.ts';
import { headSchema, settingsSchema } from './table-schema.ts';

const tableSchema = z.strictObject({
  ...headSchema.shape,
  conferences: z
    .record(z.string(), settingsSchema.nullable())
    .nullable()
    .optional()
    .describe('The conferences, by number'),
});

/** JSON Schema (draft 2020-12) of a table of conferences, for completion and checks in editors. */
export function tableJsonSchema(): object {
  const schema = describedSchema(tableSchema);
  dropLobbyNumbers(schema);
  return {
    title: 'Rostrum table of conferences',
    description: 'The settings of single conferences: those of a profile that differ, opening times, and a node',
    ...schema,
  };
}

/** They say nothing about one conference. */
function dropLobbyNumbers(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  const { properties } = schema as JsonSchema;
  if (typeof properties === 'object' && properties !== null) delete (properties as JsonSchema)['lobbyNumbers'];
  for (const inner of Object.values(schema)) dropLobbyNumbers(inner);
}
