/**
 * Whether two plain objects of one type are equal. Fields that are the same object need no closer look, and mostly they are;
 * others are compared as JSON.
 */
export function haveSameFields<T extends object>(a: T, b: T): boolean {
  const keys = Object.keys(b) as (keyof T)[];
  return keys.every((key) => a[key] === b[key] || JSON.stringify(a[key]) === JSON.stringify(b[key]));
}
