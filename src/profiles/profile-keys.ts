import { z } from 'zod';
import { withoutDefault } from '../yaml/known-keys.ts';
import { conferenceProfileSchema, type TakesEffect } from './conference-schema.ts';
import { controlsProfileSchema } from './controls-schema.ts';

export const profileSchema = z.discriminatedUnion('kind', [conferenceProfileSchema, controlsProfileSchema], {
  error: 'kind must be "conference" or "controls"',
});

export type ProfileKind = 'conference' | 'controls';

/** A key that has a value, such as `limits.speakers`; `limits` has none of its own. */
export type ProfileKey = {
  readonly path: readonly string[];
  readonly schema: z.ZodType;
  readonly description: string;
  readonly takesEffect: TakesEffect;
  /** Its value is never shown. */
  readonly secret: boolean;
  /** The value that counts where no profile says anything. */
  readonly standard: unknown;
  /** Whether nothing at all may count. */
  readonly optional: boolean;
  /** The schema of an entry, for a map whose entries have names of their own and are inherited one by one. */
  readonly entry: z.ZodType | null;
};

/** Every key of each kind of profile, in the order of the schema; `kind` is not one of them. */
export const PROFILE_KEYS: Readonly<Record<ProfileKind, readonly ProfileKey[]>> = {
  conference: keysOf(conferenceProfileSchema, []),
  controls: keysOf(controlsProfileSchema, []),
};

/** A value in a profile; entries of maps each count as one. */
export type ProfileEntry = { readonly path: readonly string[]; readonly key: ProfileKey; readonly value: unknown };

/** The entries of a profile, in the order of its schema. */
export function entriesOf(kind: ProfileKind, profile: object): ProfileEntry[] {
  return PROFILE_KEYS[kind].flatMap((key): ProfileEntry[] => {
    const value = valueAt(profile, key.path);
    if (value === undefined) return [];
    if (!key.entry || !isMap(value)) return [{ path: key.path, key, value }];
    return Object.entries(value).map(([name, entry]) => ({ path: [...key.path, name], key, value: entry }));
  });
}

/** The key to which a path belongs: the path itself, or the map of which it is an entry. */
export function findKey(kind: ProfileKind, path: readonly string[]): ProfileKey | undefined {
  return PROFILE_KEYS[kind].find((key) => {
    const longest = key.path.length + (key.entry ? 1 : 0);
    return path.length >= key.path.length && path.length <= longest && key.path.every((step, i) => step === path[i]);
  });
}

/** Whether keys stand below this path: `limits`, and maps such as `sound.prompts`. */
export function isSection(kind: ProfileKind, path: readonly string[]): boolean {
  return PROFILE_KEYS[kind].some(
    (key) =>
      (key.path.length > path.length || (key.entry && key.path.length === path.length)) &&
      path.every((step, i) => step === key.path[i]),
  );
}

export function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const step of path) {
    if (!isMap(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function keysOf(schema: z.ZodObject, above: readonly string[]): ProfileKey[] {
  return Object.entries(schema.shape).flatMap(([name, child]): ProfileKey[] => {
    const path = [...above, name];
    const inner = withoutDefault(child as z.ZodType);
    if (inner instanceof z.ZodObject) return keysOf(inner, path);
    if (inner instanceof z.ZodLiteral) return [];
    return [keyOf(path, child as z.ZodType, inner)];
  });
}

function keyOf(path: readonly string[], schema: z.ZodType, inner: z.ZodType): ProfileKey {
  const { takesEffect, secret = false, description = '' } = schema.meta() ?? {};
  if (!takesEffect) throw new Error(`${path.join('.')} does not say when a change counts`);
  const standard = schema.safeParse(undefined);
  return {
    path,
    schema,
    description,
    takesEffect,
    secret,
    standard: standard.data,
    optional: schema instanceof z.ZodOptional,
    entry: inner instanceof z.ZodRecord ? (inner.valueType as z.ZodType) : null,
  };
}
