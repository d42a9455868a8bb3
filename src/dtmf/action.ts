import type { Command } from '../conference/model/commands.ts';
import type { Conference } from '../conference/model/conference.ts';
import type { Member } from '../conference/model/member.ts';

/** Who pressed the key, where, and what the profile says after the action's name. */
export type ActionContext = {
  readonly member: Member;
  readonly conference: Conference;
  /** Empty where there is none. */
  readonly argument: string;
};

/**
 * Something that a caller can do with a key. One file per action in `actions/`; listing it in `catalogue.ts` makes it
 * known to controls profiles.
 */
export type Action = {
  /** The word in controls profiles. */
  readonly name: string;
  /** One line for documentation and for the JSON Schema of profiles. */
  readonly summary: string;
  /** What comes after the name and a colon, for documentation; left out where nothing does. */
  readonly argument?: string;
  /** What is wrong with an argument, or null. Needed only with `argument`. */
  readonly problem?: (argument: string) => string | null;
  /** What pressing the key means for this member, as commands to the conference. */
  readonly commands: (context: ActionContext) => Command[];
};
