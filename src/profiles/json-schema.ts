import { z } from 'zod';
import { ACTIONS } from '../dtmf/actions/catalogue.ts';
import { PROMPT_NAMES, PROMPTS } from '../prompts/catalogue.ts';
import { PROFILE_KEYS, type ProfileKey, profileSchema } from './profile-keys.ts';
import { TAKES_EFFECT_WORDS } from './takes-effect.ts';

export type JsonSchema = { [key: string]: unknown };

/** JSON Schema (draft 2020-12) of a profile file, for completion and checks in editors. */
export function profileJsonSchema(): object {
  return {
    title: 'Rostrum profile',
    description: 'How a conference behaves, or what the telephone keys do',
    ...describedSchema(profileSchema),
  };
}

/** JSON Schema of something that has keys of profiles in it: these say in words what editors would not show. */
export function describedSchema(schema: z.ZodType): JsonSchema {
  const keys = new Map<unknown, ProfileKey>(
    Object.values(PROFILE_KEYS).flatMap((all) => all.map((k) => [k.schema, k])),
  );
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const key = keys.get(zodSchema);
      if (key) describeKey(key, jsonSchema as JsonSchema);
      else if (zodSchema instanceof z.ZodPrefault) allowNothing(jsonSchema as JsonSchema);
    },
  });
}

/** Says in words what editors would not show. */
function describeKey(key: ProfileKey, schema: JsonSchema): void {
  delete schema['takesEffect'];
  delete schema['secret'];
  const sentences = [`${key.description}.`, `A change counts ${TAKES_EFFECT_WORDS[key.takesEffect]}.`];
  if (key.optional && !['extends', 'description'].includes(key.path.join('.'))) {
    schema['type'] = [schema['type'], 'null'];
    sentences.push('null takes away an inherited one.');
  }
  if (key.entry) allowNothing(schema);
  if (key.path.at(-1) === 'keys') {
    sentences.push(`Actions: ${ACTIONS.map(describeAction).join('; ')}.`);
    schema['additionalProperties'] = orNull(schema['additionalProperties']);
  }
  if (key.path.at(-1) === 'prompts') {
    const media = orNull(schema['additionalProperties']);
    schema['properties'] = Object.fromEntries(
      PROMPT_NAMES.map((name) => [name, { ...describePrompt(name), ...media }]),
    );
    schema['additionalProperties'] = false;
    delete schema['propertyNames'];
  }
  schema['description'] = sentences.join(' ');
}

/** A section in which everything is commented out. */
function allowNothing(schema: JsonSchema): void {
  schema['type'] = [schema['type'], 'null'];
}

function orNull(schema: unknown): object {
  const { anyOf } = schema as { anyOf: object[] };
  return { anyOf: [...anyOf, { type: 'null' }] };
}

function describeAction({ name, argument, summary }: (typeof ACTIONS)[number]): string {
  return `${argument ? `${name}:${argument}` : name} (${summary})`;
}

function describePrompt(name: (typeof PROMPT_NAMES)[number]): { description: string } {
  const { summary, standard } = PROMPTS[name];
  return { description: `${summary}. Standard: ${standard.join(', ')}` };
}
