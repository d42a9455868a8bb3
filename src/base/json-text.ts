/**
 * A value as JSON (RFC 8259) that commands no terminal: callers choose their names, and control and direction characters are
 * escaped here even where JSON allows them as they are. A parser reads the same value.
 * @param indent spaces for each level; without it, one line
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
