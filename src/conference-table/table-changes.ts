import { equals } from '../base/equals.ts';
import { entriesOf } from '../profiles/profile-keys.ts';
import type { KeyChange } from '../profiles/takes-effect.ts';
import type { ConferenceTable, TableEntry } from './conference-table.ts';

/** A change of the table. `name` is the number of a conference; for `table`, the table as a whole has changed. */
export type TableChange = {
  readonly kind: 'table' | 'listed';
  readonly name: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly keys: readonly KeyChange[];
};

/** The changes between two tables, in steps: thousands of conferences take long. */
export function* comparingTables(before: ConferenceTable, after: ConferenceTable): Generator<void, TableChange[]> {
  const changes: TableChange[] = [];
  const head = (['unlisted', 'timeZone'] as const).filter((key) => before[key] !== after[key]);
  if (head.length > 0) changes.push({ kind: 'table', name: 'table', change: 'changed', keys: head.map(live) });
  for (const number of [...new Set([...before.entries.keys(), ...after.entries.keys()])].sort()) {
    yield;
    const [old, now] = [before.entries.get(number), after.entries.get(number)];
    const keys = old && now && old !== now ? changedKeys(old, now) : [];
    if (!now) changes.push({ kind: 'listed', name: number, change: 'removed', keys });
    else if (!old) changes.push({ kind: 'listed', name: number, change: 'added', keys });
    else if (keys.length > 0) changes.push({ kind: 'listed', name: number, change: 'changed', keys });
  }
  return changes;
}

function changedKeys(old: TableEntry, now: TableEntry): KeyChange[] {
  const changes = new Map<string, KeyChange>();
  if (old.profileName !== now.profileName) changes.set('profile', live('profile'));
  for (const key of ['name', 'node', 'times'] as const) {
    if (!equals(old[key], now[key])) changes.set(key, live(key));
  }
  const before = valuesByPath(old);
  const after = valuesByPath(now);
  for (const [path, { takesEffect }] of [...before, ...after]) {
    if (!equals(before.get(path), after.get(path))) changes.set(path, { key: path, takesEffect });
  }
  return [...changes.values()];
}

/** The settings of a profile that an entry has, by dotted path; null for one that it takes away. */
function valuesByPath({ own }: TableEntry): Map<string, { value: unknown; takesEffect: KeyChange['takesEffect'] }> {
  const set = entriesOf('conference', own.values).map(
    ({ path, key, value }) => [path.join('.'), { value, takesEffect: key.takesEffect }] as const,
  );
  const taken = own.takenAway.map((path) => [path.join('.'), { value: null, takesEffect: 'live' as const }] as const);
  return new Map([...set, ...taken]);
}

function live(key: string): KeyChange {
  return { key, takesEffect: 'live' };
}
