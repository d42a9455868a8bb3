import { equals } from '../base/equals.ts';
import { isoTime } from '../base/iso-time.ts';
import type { Settings } from '../conference/model/conference.ts';
import { type ConferenceProfile, conferenceProfileSchema } from '../profiles/conference-schema.ts';
import { overlay } from '../profiles/inheritance.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { settingsOf } from '../profiles/settings.ts';
import type { ConferenceTable, TableEntry } from './conference-table.ts';
import { NO_TABLE } from './conference-table.ts';
import { type Opening, openingAt } from './opening-times.ts';

/** Why a call may not join a conference that would be there for it. */
export type Closed =
  /** The table does not have it, and says that others are refused. */
  | { readonly why: 'unlisted' }
  /** It opens later. */
  | { readonly why: 'early'; readonly opensMs: number; readonly zone: string }
  /** It does not open any more. */
  | { readonly why: 'over' };

/** Profiles and the table of conferences together: the settings of each conference. */
export class SettingsBook {
  readonly profiles: Profiles;
  readonly table: ConferenceTable;
  /** By conference and profile. Bounded by the table, and the profiles that dialplans name for its conferences. */
  readonly #settings = new Map<string, Settings>();
  /** By conference, and for how long that is so: it takes long to find out. Bounded by the table. */
  readonly #openings = new Map<string, { opening: Opening; fromMs: number; untilMs: number }>();
  /** The numbers of the table in order, so that the beginning of one is found at once. */
  #numbers: readonly string[] | null = null;

  constructor(profiles: Profiles, table: ConferenceTable = NO_TABLE) {
    this.profiles = profiles;
    this.table = table;
  }

  /**
   * The settings of a conference.
   * @param conference null for the lobby
   * @param profileName the profile that the dialplan names, which counts where the table names none
   * @returns null if there is no such profile
   */
  settingsFor(conference: string | null, profileName: string): Settings | null {
    const entry = this.#entry(conference);
    const name = entry?.profileName ?? profileName;
    if (!entry) return this.profiles.settings.get(name) ?? null;
    const key = `${entry.number} ${name}`;
    const known = this.#settings.get(key);
    if (known) return known;
    const profile = this.profiles.conferences.get(name);
    const settings = profile ? this.#settingsOf(entry, name, profile) : null;
    if (settings) this.#settings.set(key, settings);
    return settings;
  }

  /** Whether a conference has the same settings as by another book. */
  isSame(other: SettingsBook, conference: string, profileName: string): boolean {
    return equals(this.#sources(conference, profileName), other.#sources(conference, profileName));
  }

  /** Whether a conference is in the table. */
  isListed(conference: string): boolean {
    return this.table.entries.has(conference);
  }

  /** Whether a number of the table begins with these digits, and is longer. */
  isBeginning(digits: string): boolean {
    this.#numbers ??= [...this.table.entries.keys()].sort();
    let low = 0;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle] ?? '') <= digits) low = middle + 1;
      else high = middle;
    }
    return this.#numbers[low]?.startsWith(digits) ?? false;
  }

  /** The node that takes the calls of a conference as long as it can; null for any. */
  nodeOf(conference: string): string | null {
    return this.#entry(conference)?.node ?? null;
  }

  /** Whether a conference is open. @param wallMs since 1970, by the wall clock */
  openingOf(conference: string, wallMs: number): Opening {
    const known = this.#openings.get(conference);
    if (known && known.fromMs <= wallMs && wallMs < known.untilMs) return known.opening;
    const opening = openingAt(this.#entry(conference)?.times ?? null, wallMs);
    const untilMs = (opening.open ? opening.closesMs : opening.opensMs) ?? Number.POSITIVE_INFINITY;
    if (this.isListed(conference)) this.#openings.set(conference, { opening, fromMs: wallMs, untilMs });
    return opening;
  }

  /** Why nobody may join a conference; null if callers may. @param wallMs since 1970, by the wall clock */
  closed(conference: string, wallMs: number): Closed | null {
    if (this.table.unlisted === 'refuse' && !this.isListed(conference)) return { why: 'unlisted' };
    const times = this.#entry(conference)?.times ?? null;
    const opening = this.openingOf(conference, wallMs);
    if (times === null || opening.open) return null;
    return opening.opensMs === null ? { why: 'over' } : { why: 'early', opensMs: opening.opensMs, zone: times.zone };
  }

  #entry(conference: string | null): TableEntry | undefined {
    return conference === null ? undefined : this.table.entries.get(conference);
  }

  #settingsOf(entry: TableEntry, name: string, profile: ConferenceProfile): Settings | null {
    const effective = effectiveProfile(entry, profile);
    const { controls } = this.profiles;
    const keys = controls.get(effective.controls);
    const adminKeys = effective.adminControls ? controls.get(effective.adminControls) : keys;
    return keys && adminKeys ? settingsOf(name, effective, keys, adminKeys) : null;
  }

  /** The values that the settings of a conference are made of. */
  #sources(conference: string, profileName: string): unknown[] {
    const entry = this.#entry(conference);
    const { conferences, controls } = this.profiles;
    const profile = conferences.get(entry?.profileName ?? profileName);
    const own = entry?.own.values;
    const names = [own?.['controls'] ?? profile?.controls, own?.['adminControls'] ?? profile?.adminControls];
    return [entry, profile, ...names.map((name) => controls.get(String(name)))];
  }
}

/** As an operator reads it, after the name of the conference. */
export function closedInWords(closed: Closed): string {
  switch (closed.why) {
    case 'unlisted':
      return 'is not in the table of conferences';
    case 'early':
      return `is not open before ${isoTime(closed.opensMs)}`;
    case 'over':
      return 'is over, and does not open again';
  }
}

/** A profile as it counts for one conference. */
export function effectiveProfile({ own }: TableEntry, profile: ConferenceProfile): ConferenceProfile {
  return conferenceProfileSchema.parse(overlay(profile, own));
}
