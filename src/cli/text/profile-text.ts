import type { ProfileKey } from '../../profiles/profile-keys.ts';
import { TAKES_EFFECT_WORDS } from '../../profiles/takes-effect.ts';
import { tableOf } from './table.ts';

/** Profiles as people read them. */

export type ProfileRow = {
  readonly name: string;
  readonly kind: string;
  readonly extends: string | null;
  readonly description: string | null;
};

export function profileTable(profiles: readonly ProfileRow[], widthColumns: number): string {
  return tableOf(
    profiles,
    [
      ['PROFILE', ({ name }) => name, { readable: 24 }],
      ['KIND', ({ kind }) => kind, { spare: 2 }],
      ['EXTENDS', (each) => each.extends ?? '-', { spare: 1 }],
      ['DESCRIPTION', ({ description }) => description ?? '-', { readable: 40 }],
    ],
    widthColumns,
  );
}

/** A key of a profile, with its value. */
export type ProfileKeyRow = {
  key: string;
  value: unknown;
  source: 'own' | 'inherited' | 'default';
  /** The profile whose file has the value. */
  profile: string | null;
  takesEffect: ProfileKey['takesEffect'];
};

export function profileKeyTable(keys: readonly ProfileKeyRow[], widthColumns: number): string {
  return settingsTable(keys, from, widthColumns);
}

/** Settings with their values. @param from where a value comes from, in words */
export function settingsTable<Row extends Pick<ProfileKeyRow, 'key' | 'value' | 'takesEffect'>>(
  settings: readonly Row[],
  from: (row: Row) => string,
  widthColumns: number,
): string {
  return tableOf(
    settings,
    [
      ['KEY', ({ key }) => key, { readable: 30 }],
      ['VALUE', ({ value }) => inWords(value)],
      ['FROM', from, { spare: 2 }],
      ['A CHANGE COUNTS', ({ takesEffect }) => TAKES_EFFECT_WORDS[takesEffect], { spare: 1 }],
    ],
    widthColumns,
  );
}

function from({ source, profile }: ProfileKeyRow): string {
  return source === 'inherited' ? `${profile}.yaml` : source;
}

function inWords(value: unknown): string {
  if (value === null || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
