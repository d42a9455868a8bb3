import { printable } from '../../base/printable.ts';

/** Scripts and symbols whose characters take two columns of a terminal (Unicode TR 11, the common ones). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** The text if it fits into so many columns, else its beginning and `…`. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let left = columns - 1;
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    kept += character;
  }
  return columns > 0 ? `${kept.trimEnd()}…` : '';
}

/** Lines of at most so many columns; a word that is longer has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of printable(text).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Beside a head, a text is not made narrower than this, unless the terminal is. */
const NARROWEST = 24;

/**
 * A text behind its head, such as a name. Where it takes several lines, they begin below it, or almost at the left where
 * there is too little room for that.
 * @param indent where further lines begin
 */
export function hanging(head: string, text: string, columns: number, indent = widthOf(head)): string {
  const blanks = columns - indent < NARROWEST ? Math.min(2, indent) : indent;
  const [first = '', ...more] = wrap(head + text, columns);
  const below = more.length === 0 ? [] : wrap(more.join(' '), columns - blanks);
  return [first.trimEnd(), ...below.map((line) => ' '.repeat(blanks) + line)].join('\n');
}

function columnsOf(character: string): number {
  if (/\p{M}/u.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
