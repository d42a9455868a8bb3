import { z } from 'zod';
import { nodeConfigSchema } from './node-config.ts';

/** JSON Schema (draft 2020-12) of rostrum.yaml, for completion and checks in editors. */
export function nodeConfigJsonSchema(): object {
  return { title: 'rostrum.yaml', ...z.toJSONSchema(nodeConfigSchema, { io: 'input', unrepresentable: 'any' }) };
}
