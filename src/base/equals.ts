/**
 * Whether two values of plain data are equal, as JSON has it: in objects the order of keys does not count, and a key
 * whose value is undefined is as good as none. Parts that are the same object need no closer look, and mostly they are.
 */
export function equals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const one = a as Record<string, unknown>;
  const other = b as Record<string, unknown>;
  for (const key of Object.keys(one)) if (!equals(one[key], other[key])) return false;
  for (const key of Object.keys(other)) if (one[key] === undefined && other[key] !== undefined) return false;
  return true;
}
