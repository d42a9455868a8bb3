import type { Command } from '../conference/commands.ts';
import type { Member } from '../conference/member.ts';

/**
 * Something that a caller can do with a key. One file per action in `actions/`; listing it in `catalogue.ts` makes it
 * known to controls profiles.
 */
export type Action = {
  /** The word in controls profiles. */
  readonly name: string;
  /** One line for documentation and for the JSON Schema of profiles. */
  readonly summary: string;
  /** What pressing the key means for this member, as commands to the conference. */
  readonly commands: (member: Member) => Command[];
};
