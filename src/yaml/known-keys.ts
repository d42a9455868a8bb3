import { z } from 'zod';
import { didYouMean } from '../base/nearest.ts';

/** A step is the name of a key, or the place in a list. */
type Path = readonly (string | number)[];

/**
 * The key that may have been meant by an unknown one, as the end of a sentence; empty if there is nothing like it.
 * @param schema of the whole file
 * @param path of the key
 */
export function hintOfKey(schema: z.ZodType, path: Path): string {
  const typed = String(path.at(-1));
  const above = path.slice(0, -1);
  const alike = didYouMean(typed, namesIn(schemasAt(schema, above)));
  if (alike !== '') return alike;
  const name = typed.split('.').at(-1) ?? '';
  const place = sectionsWith(name, schema, [])[0];
  return place === undefined || place.join('.') === above.join('.') ? '' : `; "${name}" stands ${placeText(place)}`;
}

function placeText(section: readonly string[]): string {
  return section.length === 0 ? 'in no section' : `below "${section.join('.')}"`;
}

/** The schemas of what stands at a path: several where a union allows several. */
function schemasAt(schema: z.ZodType, [step, ...below]: Path): z.ZodType[] {
  const inner = withoutDefault(schema);
  if (inner instanceof z.ZodUnion) {
    return inner.options.flatMap((option) =>
      schemasAt(option as z.ZodType, step === undefined ? [] : [step, ...below]),
    );
  }
  if (step === undefined) return [inner];
  const child = childOf(inner, step);
  return child ? schemasAt(child, below) : [];
}

function childOf(schema: z.ZodType, step: string | number): z.ZodType | null {
  if (schema instanceof z.ZodObject) {
    return typeof step === 'string' && Object.hasOwn(schema.shape, step) ? (schema.shape[step] as z.ZodType) : null;
  }
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  return schema instanceof z.ZodRecord ? (schema.valueType as z.ZodType) : null;
}

function namesIn(schemas: readonly z.ZodType[]): string[] {
  return schemas.flatMap((schema) => {
    if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
    return schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum
      ? schema.keyType.options.map(String)
      : [];
  });
}

/** The sections that have a key of this name, the outer ones first. */
function sectionsWith(name: string, schema: z.ZodType, section: readonly string[]): (readonly string[])[] {
  const objects = schemasAt(schema, []).filter((each) => each instanceof z.ZodObject);
  const here = namesIn(objects).includes(name) ? [section] : [];
  const below = objects.flatMap(({ shape }) =>
    Object.entries(shape).flatMap(([key, child]) => sectionsWith(name, child as z.ZodType, [...section, key])),
  );
  return [...here, ...below];
}

/** The schema of a value that is there. */
export function withoutDefault(schema: z.ZodType): z.ZodType {
  const wrapped = schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional;
  return wrapped ? withoutDefault(schema.unwrap() as z.ZodType) : schema;
}
