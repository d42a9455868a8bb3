import { isoTime } from '../base/iso-time.ts';
import type { ConferenceEvent } from '../conference/model/events.ts';
import type { Caller } from '../conference/model/member.ts';
import { type AttendanceRecord, type Role, roleOf } from './record.ts';

/** An event with where and when it happened. */
export type Published = {
  readonly conference: string;
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly event: ConferenceEvent;
  /** Who has ordered it, in words. */
  readonly by?: string | undefined;
};

type WithoutCommon<T> = T extends unknown ? Omit<T, 'at' | 'conference' | 'startedAt' | 'by'> : never;
type Entry = WithoutCommon<AttendanceRecord>;

/** Caller ids come from the network, and may have any length there. */
const LONGEST_CALLER = 200;

/** Decides what of the events of conferences is kept as attendance. */
export class Journal {
  readonly #talking: boolean;
  /** The members' roles as last recorded, by run of a conference. Bounded by conferences and members that there are. */
  readonly #runs = new Map<string, Map<number, Role>>();

  constructor(options: { talking: boolean }) {
    this.#talking = options.talking;
  }

  /** Whether this run of a conference has begun, and has not ended yet, as far as this journal has seen. */
  isOpen(conference: string, startedAtMs: number): boolean {
    return this.#runs.has(runKey(conference, startedAtMs));
  }

  /** @returns what is to be recorded of an event: nothing, one record, or two */
  record({ conference, startedAtMs, atMs, event, by }: Published): AttendanceRecord[] {
    const key = runKey(conference, startedAtMs);
    const known = this.#runs.get(key);
    const roles = known ?? new Map<number, Role>();
    const entry = this.#entryOf(event, roles);
    if (!entry) return [];
    const common = { at: isoTime(atMs), conference, startedAt: isoTime(startedAtMs) };
    const records: AttendanceRecord[] = [{ ...common, ...(by !== undefined && { by }), ...entry }];
    if (!known && event.type !== 'started') records.unshift({ ...common, type: 'resumed' });
    if (event.type === 'ended') this.#runs.delete(key);
    else this.#runs.set(key, roles);
    return records;
  }

  #entryOf(event: ConferenceEvent, roles: Map<number, Role>): Entry | null {
    switch (event.type) {
      case 'started':
        return { type: 'started', profile: event.profileName };
      case 'joined':
      case 'adopted': {
        const { type, memberId } = event;
        const role = roleOf(event.flags);
        roles.set(memberId, role);
        return { type, memberId, ...named(event.caller), ...role };
      }
      case 'flags-changed': {
        const { memberId } = event;
        const role = roleOf(event.flags);
        const before = roles.get(memberId);
        // A member who is not in yet will join with this role.
        if (!before || (before.role === role.role && before.admin === role.admin)) return null;
        roles.set(memberId, role);
        return { type: 'role-changed', memberId, ...role };
      }
      case 'talking':
        return this.#talking ? { type: 'talking', memberId: event.memberId, talking: event.talking } : null;
      case 'moved':
      case 'hand':
      case 'help':
      case 'leaving':
      case 'recording':
      case 'ended':
        return event;
      case 'left':
        roles.delete(event.memberId);
        return event;
      case 'transferred':
        return { type: 'transferred', memberId: event.memberId, to: event.conference };
      case 'replaced':
        return { type: 'replaced', memberId: event.memberId, ...named(event.caller) };
      case 'turned-away': {
        const { type, memberId, result } = event;
        return { type, memberId, ...named(event.caller), result };
      }
      default:
        return null;
    }
  }
}

function runKey(conference: string, startedAtMs: number): string {
  return `${startedAtMs} ${conference}`;
}

function named({ number, name }: Caller): Caller {
  return { number: number.slice(0, LONGEST_CALLER), name: name.slice(0, LONGEST_CALLER) };
}
