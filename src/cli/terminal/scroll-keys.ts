/** The meanings of a terminal's keys where something is scrolled. */
export type Key = 'up' | 'down' | 'page-up' | 'page-down' | 'home' | 'end' | 'quit' | 'suspend';

/** The characters that terminals send (xterm's, and those of less), longer ones first. */
const KEYS: readonly (readonly [sequence: string, key: Key])[] = [
  ['\x1b[A', 'up'],
  ['\x1bOA', 'up'],
  ['k', 'up'],
  ['\x1b[B', 'down'],
  ['\x1bOB', 'down'],
  ['j', 'down'],
  ['\x1b[5~', 'page-up'],
  ['b', 'page-up'],
  ['\x1b[6~', 'page-down'],
  [' ', 'page-down'],
  ['\x1b[H', 'home'],
  ['\x1bOH', 'home'],
  ['\x1b[1~', 'home'],
  ['g', 'home'],
  ['\x1b[F', 'end'],
  ['\x1bOF', 'end'],
  ['\x1b[4~', 'end'],
  ['G', 'end'],
  ['q', 'quit'],
  ['\x03', 'quit'],
  ['\x1a', 'suspend'],
];

/** A sequence that means nothing here, so that its letters are not taken for keys. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals send
const OTHER_SEQUENCE = /^\x1b(?:\[[\d;?]*[ -/]*[@-~]?|O.?|.)?/s;

/** The keys in what a terminal has sent at once. */
export function keysIn(text: string): Key[] {
  const keys: Key[] = [];
  for (let rest = text; rest !== ''; ) {
    const known = KEYS.find(([sequence]) => rest.startsWith(sequence));
    if (known) keys.push(known[1]);
    rest = rest.slice(known?.[0].length ?? OTHER_SEQUENCE.exec(rest)?.[0].length ?? 1);
  }
  return keys;
}

/** The part of a list that a screen shows. */
export type Window = { readonly offset: number; readonly shown: number; readonly total: number };

/** The number of entries before the window after a key: never so many that it would have empty lines below. */
export function scrolled({ offset, shown, total }: Window, key: Key): number {
  const last = Math.max(0, total - shown);
  const page = Math.max(1, shown);
  const wanted: Partial<Record<Key, number>> = {
    up: offset - 1,
    down: offset + 1,
    'page-up': offset - page,
    'page-down': offset + page,
    home: 0,
    end: last,
  };
  return Math.min(Math.max(0, wanted[key] ?? offset), last);
}
