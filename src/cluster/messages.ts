import { z } from 'zod';
import { NO_ADMISSION } from '../admission/gate.ts';
import { printable } from '../base/printable.ts';
import { FLAGS } from '../conference/model/flags.ts';
import { commandSchema } from '../conference/schemas/command-schema.ts';
import { conferenceName as conference, conferenceRecordSchema, memberNumber, memberRecordSchema } from './record.ts';
import { recordQuestionSchema, recordsFoundSchema } from './record-questions.ts';

/** The messages that controllers send each other: the one definition of them. */

/** So many changes or members are in one message; more are sent in several. */
export const MOST_IN_MESSAGE = 500;

const count = z.number().int().min(0);
const uint32 = count.max(0xffffffff);
const port = z.number().int().min(1).max(65_535);

const stamp = { clock: count.max(Number.MAX_SAFE_INTEGER - 1), node: z.string().max(32) };
const locked = z.object({ value: z.boolean(), ...stamp });
const mutedAll = z.object({ value: z.enum(['all', 'non-admins']).nullable(), ...stamp });
const registers = z.object({ locked, mutedAll });

const change = z.discriminatedUnion('type', [
  /** The part of a conference without its members; sent first for a new one. */
  z.object({ type: z.literal('conference'), record: conferenceRecordSchema }),
  z.object({ type: z.literal('ended'), conference }),
  /** The member is new, or something about the member has changed. */
  z.object({ type: z.literal('member'), conference, member: memberRecordSchema }),
  z.object({ type: z.literal('talking'), conference, memberId: memberNumber, talking: z.boolean() }),
  z.object({ type: z.literal('left'), conference, memberId: memberNumber }),
  /** The settings of the conference on all nodes. */
  z.object({ type: z.literal('settings'), conference, registers }),
]);

/** How much a node has to do, about each 2 s. */
const status = z.object({
  type: z.literal('status'),
  conferences: count,
  members: count,
  /** 1 is all that its processors can do. */
  load: z.number().min(0),
  capacity: count.nullable(),
  draining: z.boolean(),
  /** Tells its table of conferences from others. A node of an older version says nothing about it. */
  table: z.string().max(64).nullable().default(null),
  /** Calls that come in there: see `Admission`. A node of an older version says nothing about them, or about the room. */
  admission: z
    .object({
      waiting: count,
      longestMs: count,
      perSecond: count,
      limit: count,
      refused: count,
      room: count.nullable().default(null),
    })
    .default(NO_ADMISSION),
  /** How many problems it has, failures and warnings; a node of an older version does not say. */
  problems: count.nullable().default(null),
});

const orderedBy = z.string().max(128).transform(printable).optional();
const meant = z.object({ conference, memberId: memberNumber, node: z.string().max(64).optional() });

const audience = z.enum(['all', 'non-admins']);
const broadcast = z.discriminatedUnion('type', [
  z.object({ type: z.literal('terminate'), result: z.enum(['ENDED', 'TIME']) }),
  z.object({ type: z.enum(['release', 'warned', 'lower-hands', 'help-asked']) }),
  z.object({ type: z.literal('kick-all'), audience }),
  z.object({ type: z.literal('set-flags-of-all'), audience, changes: z.partialRecord(z.enum(FLAGS), z.boolean()) }),
]);

const messageSchema = z.discriminatedUnion('type', [
  /** The first message to a peer. */
  z.object({
    type: z.literal('hello'),
    version: z.string().max(64),
    /** When the controller started: after a restart, its numbers begin at 1 again. */
    incarnation: z.number(),
    /** Where phones reach it; null if it is not configured. */
    sip: z.string().max(256).nullable(),
    /** Where its relay takes trunk packets. */
    trunk: z
      .object({
        host: z.union([z.ipv4(), z.ipv6()]),
        port,
        multicast: z.object({ group: z.string().max(64), port }).nullable(),
      })
      .nullable(),
  }),
  status,
  /** A key under which its relay sends; see `trunk/trunk-peer.ts`. */
  z.object({
    type: z.literal('media-key'),
    epoch: uint32,
    key: z.base64().length(44),
    fromCounter: z.object({ high: uint32, low: uint32 }),
  }),
  z.object({ type: z.literal('media-key-ack'), epoch: uint32 }),
  /** The relay was restarted, and knows no keys. */
  z.object({ type: z.literal('want-media-key') }),
  z.object({ type: z.literal('want-snapshot') }),
  /** Everything that a node owns, as it was after its delta `sequence`, in one or more parts. */
  z.object({
    type: z.literal('snapshot'),
    incarnation: z.number(),
    sequence: count,
    part: count,
    parts: z.number().int().min(1),
    changes: z.array(change).max(MOST_IN_MESSAGE),
  }),
  z.object({
    type: z.literal('delta'),
    incarnation: z.number(),
    sequence: count,
    changes: z.array(change).max(MOST_IN_MESSAGE),
  }),
  z.object({
    type: z.literal('command'),
    id: z.string().max(64),
    conference,
    command: commandSchema,
    /** It is about something of the receiver's own, and not to be passed on. */
    noForward: z.boolean(),
    /** Who has given it, in words. */
    by: orderedBy,
  }),
  z.object({
    type: z.literal('ack'),
    id: z.string().max(64),
    result: z.discriminatedUnion('ok', [
      /** The member that it has turned out to mean. */
      z.object({ ok: z.literal(true), meant: meant.optional() }),
      z.object({ ok: z.literal(false), code: z.string().max(64), message: z.string().max(1000) }),
    ]),
  }),
  z.object({ type: z.literal('broadcast'), conference, broadcast, by: orderedBy }),
  /** A caller has dialled a wrong PIN: see `admission/pin-gates.ts`. */
  z.object({
    type: z.literal('wrong-pin'),
    tried: z.object({ conference, number: z.string().max(256), network: z.string().max(64), members: count }),
  }),
  /** A question about what the node has recorded: attendance, and sound. */
  z.object({ type: z.literal('ask-records'), id: z.string().max(64), question: recordQuestionSchema }),
  /** The next part of the answer is wanted. */
  z.object({ type: z.literal('more-records'), id: z.string().max(64) }),
  /** A part of the answer: the first one at once, each other one when it is asked for. */
  z.object({
    type: z.literal('records'),
    id: z.string().max(64),
    result: z.discriminatedUnion('ok', [
      z.object({ ok: z.literal(true), found: recordsFoundSchema, isLast: z.boolean() }),
      z.object({ ok: z.literal(false), message: z.string().max(1000) }),
    ]),
  }),
]);

export type Message = z.output<typeof messageSchema>;
export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>;
export type Change = z.output<typeof change>;

/** @returns null if it is no message of ours, or one of a newer version */
export function parseMessage(json: unknown): Message | null {
  const parsed = messageSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}
