import type { Controls } from './conference.ts';

/** A key sequence and what it does, in words for callers. */
export type KeyInWords = {
  readonly sequence: string;
  readonly words: string;
  /** The caller is asked before. */
  readonly asks: boolean;
};

/** The keys of a controls profile in words, in the order of the profile: for prompts, key cards and documentation. */
export function keysInWords({ keys }: Controls): KeyInWords[] {
  return Object.entries(keys).flatMap(([sequence, actions]) => {
    const words = actions.map(({ summary }) => summary).join('; ');
    return actions.length > 0 ? [{ sequence, words, asks: actions.some(({ asks }) => asks) }] : [];
  });
}
