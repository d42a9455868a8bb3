import type { OwnProfile } from '../profiles/profile-file.ts';
import type { OpeningTimes } from './opening-times.ts';

/** What happens to calls to conferences that are not in the table. */
export const UNLISTED = ['allow', 'refuse'] as const;

/** The settings of single conferences, as a file has them. */
export type ConferenceTable = {
  readonly unlisted: (typeof UNLISTED)[number];
  /** The zone of times that name none. */
  readonly timeZone: string | null;
  /** By number. */
  readonly entries: ReadonlyMap<string, TableEntry>;
  /** The same by their text, so that a text that has not changed is not parsed again. */
  readonly entriesByText: ReadonlyMap<string, TableEntry>;
};

/** The settings of one conference: those of a profile that differ, and some that profiles do not have. */
export type TableEntry = {
  /** The name of the conference, which callers dial if it is a number. */
  readonly number: string;
  /** For people. */
  readonly name: string | null;
  /** The profile; null for the one that the dialplan names. */
  readonly profileName: string | null;
  /** The node that takes its calls as long as it can; null for any. */
  readonly node: string | null;
  /** When it may be joined; null for always. */
  readonly times: OpeningTimes | null;
  readonly own: Pick<OwnProfile, 'values' | 'takenAway'>;
};

/** Of a node that has no table. */
export const NO_TABLE: ConferenceTable = {
  unlisted: 'allow',
  timeZone: null,
  entries: new Map(),
  entriesByText: new Map(),
};
