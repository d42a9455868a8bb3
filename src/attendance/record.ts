import { z } from 'zod';
import type { MemberFlags } from '../conference/model/flags.ts';
import { RESULTS } from '../conference/model/member.ts';

/**
 * The records of a conference, one JSON object a line. A new kind of record is a new `type`; readers skip types that
 * they do not know, so that a file outlives upgrades in both directions.
 */

const common = {
  at: z.iso.datetime(),
  conference: z.string(),
  /** Tells conferences of the same name apart. */
  startedAt: z.iso.datetime(),
  /** Who has ordered it, in words: `operator anna`, `member 7`. */
  by: z.string().optional(),
};
const memberId = z.number().int().min(1);
const caller = { number: z.string(), name: z.string() };
const result = z.enum(RESULTS);
const role = { role: z.enum(['speaker', 'listener']), admin: z.boolean() };

const recordSchema = z.discriminatedUnion('type', [
  z.object({ ...common, type: z.literal('started'), profile: z.string() }),
  /** Another controller goes on with it: a member who is not adopted next has gone while there was none. */
  z.object({ ...common, type: z.literal('resumed') }),
  z.object({ ...common, type: z.literal('joined'), memberId, ...caller, ...role }),
  z.object({ ...common, type: z.literal('adopted'), memberId, ...caller, ...role }),
  z.object({ ...common, type: z.literal('role-changed'), memberId, ...role }),
  z.object({ ...common, type: z.literal('moved'), memberId, place: z.string() }),
  z.object({ ...common, type: z.literal('talking'), memberId, talking: z.boolean() }),
  z.object({ ...common, type: z.literal('hand'), memberId, raised: z.boolean() }),
  z.object({ ...common, type: z.literal('help'), memberId, asked: z.boolean() }),
  z.object({ ...common, type: z.literal('leaving'), memberId, result }),
  z.object({ ...common, type: z.literal('left'), memberId }),
  z.object({ ...common, type: z.literal('transferred'), memberId, to: z.string() }),
  z.object({ ...common, type: z.literal('replaced'), memberId, ...caller }),
  z.object({ ...common, type: z.literal('turned-away'), memberId, ...caller, result }),
  z.object({ ...common, type: z.literal('recording'), state: z.string(), name: z.string() }),
  z.object({ ...common, type: z.literal('ended') }),
]);

export type AttendanceRecord = Readonly<z.output<typeof recordSchema>>;

export type Role = { readonly role: 'speaker' | 'listener'; readonly admin: boolean };

export function roleOf({ speaker, admin }: Pick<MemberFlags, 'speaker' | 'admin'>): Role {
  return { role: speaker ? 'speaker' : 'listener', admin };
}

/** The line of a record, with its line end. */
export function serializeRecord(record: AttendanceRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** @returns null for a line that is cut off, damaged or of a type that we do not know */
export function parseRecord(line: string): AttendanceRecord | null {
  if (line.trim() === '') return null;
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** The records in a text; lines that are none, such as a cut-off last one, are left out. */
export function parseRecords(text: string): AttendanceRecord[] {
  return text.split('\n').flatMap((line) => parseRecord(line) ?? []);
}
