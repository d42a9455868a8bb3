/** A text of somebody else, such as the name of a caller: it commands no terminal, breaks no line and forges none. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
}
