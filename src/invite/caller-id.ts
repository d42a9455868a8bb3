/** The caller id that the person who is called sees; either part may be empty. */
export type CallerId = { readonly number: string; readonly name: string };

const CALLER_ID = /^(?:"?([^"<>,;\\\p{C}]{1,64}?)"?\s*<(\+?[0-9*#]{1,32})>|(\+?[0-9*#]{1,32}))$/u;

/** Reads `5551` or `Conference <5551>`; null for anything else. */
export function parseCallerId(text: string): CallerId | null {
  const found = CALLER_ID.exec(text.trim());
  if (!found) return null;
  return { name: (found[1] ?? '').trim(), number: found[2] ?? found[3] ?? '' };
}

/** As Asterisk reads it: `"Conference" <5551>`. */
export function formatCallerId({ number, name }: CallerId): string {
  return name === '' ? `<${number}>` : `"${name}" <${number}>`;
}
