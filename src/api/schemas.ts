import { z } from 'zod';
import { NODE_ID } from '../base/node-id.ts';
import { FLAGS, parseFlags } from '../conference/model/flags.ts';
import { CONFERENCE_NAME } from '../conference/model/join-arguments.ts';
import { parseMemberAddress } from '../conference/model/member-address.ts';
import { commandSchema } from '../conference/schemas/command-schema.ts';
import { PROBLEM_SUBJECTS, SEVERITIES } from '../controller/health.ts';
import { MEMBER_ORDERS } from './orders.ts';

/** The admin API's messages: one definition for server, command line and documentation. */

const playbackSchema = z
  .object({ id: z.string(), media: z.array(z.string()), paused: z.boolean(), volume: z.number().int() })
  .nullable();

export const memberSchema = z.object({
  id: z.number().int(),
  node: z.string().nullable().describe('The node that the member has called; null where there is no cluster'),
  address: z.string().describe('How commands given on this node name the member: 7, or 7@lyon on another node'),
  caller: z.object({ number: z.string(), name: z.string() }),
  role: z.enum(['speaker', 'listener']),
  admin: z.boolean(),
  mute: z.boolean(),
  deaf: z.boolean(),
  vad: z.boolean().describe('Others are told when the member talks'),
  agc: z.boolean().describe('The loudness of the voice is brought to agcLevel'),
  cng: z.boolean().describe('The member hears comfort noise, where the profile has some'),
  quiet: z.boolean().describe('The others do not hear that the member joins or leaves'),
  ghost: z.boolean().describe('The member does not count, and the others are not told of them'),
  mandatory: z.boolean().describe('The conference ends after the last mandatory member has left'),
  presence: z.enum(['joining', 'present', 'leaving']),
  place: z
    .enum(['door', 'naming', 'greeting', 'waiting', 'arriving', 'floor', 'hold', 'private', 'away', 'leaving'])
    .describe('Where the member is; presence is the short form of it'),
  path: z
    .enum(['bridge', 'relay'])
    .nullable()
    .describe(
      "Where the member hears the conference as a listener: at the relay, or in Asterisk's bridge; null for members of other nodes",
    ),
  pathReason: z.string().nullable().describe('Why the path is `bridge`; null where it is not'),
  privateWith: z.number().int().nullable().describe('The other member of the private talk'),
  talking: z.boolean(),
  phoneHold: z.boolean().describe('The phone has put the call on hold; nobody hears what it sends'),
  levelDbov: z
    .number()
    .nullable()
    .describe('How loud the member is just now, as received; null where it is not measured'),
  handRaisedAt: z.iso.datetime().nullable(),
  helpAskedAt: z.iso.datetime().nullable(),
  talkVolume: z.number().int().describe('How loud the member is heard, in steps of 3 dB'),
  listenVolume: z.number().int().describe('How loud the member hears, in steps of 3 dB'),
  vadLevel: z.number().int().describe('Loudness from which the member counts as talking'),
  vadHoldMs: z.number().int().describe('Pause after which the member no longer counts as talking'),
  agcLevel: z.number().int().describe('Loudness to which the voice is brought'),
  playback: playbackSchema.describe('What is being played to this member alone; null for members of other nodes'),
  joinedAt: z.iso.datetime(),
  channel: z.string().describe("The channel's id in Asterisk"),
});

/** A member who is asked for alone. */
export const memberStatusSchema = memberSchema.extend({
  media: z
    .object({
      codec: z.string(),
      packetsReceived: z.number().int(),
      packetsLost: z.number().int(),
      packetsSent: z.number().int(),
      packetsLostBySide: z.number().int().describe('Lost of the packets sent, as the phone reports'),
      roundTripMs: z.number(),
      jitterMs: z.number().nullable().describe('Of what the phone sends; null where the relay does not pass it'),
      jitterAtPhoneMs: z.number().nullable().describe('Of what the phone gets, as it reports; null if it does not'),
      silentSeconds: z.number().nullable().describe('Since anything came from the phone'),
    })
    .nullable()
    .describe('The RTP of the call, as the relay or Asterisk sees it; null if neither can be asked'),
});

export type MemberStatusView = z.output<typeof memberStatusSchema>;

const countsSchema = z
  .object({
    members: z.number().int(),
    speakers: z.number().int(),
    waiting: z.number().int().describe('Waiting for a moderator'),
    ghosts: z.number().int().describe('Members with the flag ghost, who are not among `members`'),
    atDoor: z.number().int().describe('Callers who are asked for a PIN, and are no members yet'),
    talking: z.number().int(),
  })
  .describe('Members who have been admitted');

export const conferenceSummarySchema = z.object({
  name: z.string(),
  profile: z.string(),
  status: z.enum(['running', 'ending', 'empty', 'ended']),
  nodes: z.array(z.string()).describe('The nodes that have it, this one first; none where there is no cluster'),
  members: z.number().int().describe('All calls on all nodes, those at the door and on the way out as well'),
  speakers: z.number().int(),
  counts: countsSchema,
  locked: z.boolean(),
  mutedAll: z.enum(['all', 'non-admins']).nullable().describe('Members who join are muted as well'),
  recording: z
    .object({
      name: z.string(),
      file: z.string().describe("Its file, in Asterisk's directory of recordings"),
      directory: z.string().nullable().describe('This directory; null where another node records'),
      node: z.string().nullable().describe('The node that records; null where there is no cluster'),
      paused: z.boolean(),
      startedAt: z.iso.datetime(),
    })
    .nullable(),
  playback: playbackSchema,
  music: z.boolean().describe('Music for everybody, under what is said'),
  hands: z
    .array(z.union([z.number().int(), z.string()]))
    .describe('Members with a raised hand, the first to raise it first: 7, or 7@lyon on another node'),
  helps: z
    .array(z.union([z.number().int(), z.string()]))
    .describe('Members who ask for help, the first to ask first; as in hands'),
  startedAt: z.iso.datetime(),
  endsAt: z.iso.datetime().nullable().describe('When its time is over; null without a limit'),
});

/** The members that were asked for, and how many there are. */
export const memberListSchema = z.object({
  total: z.number().int().describe('All calls on all nodes, those at the door and on the way out as well'),
  counts: countsSchema,
  matching: z.number().int().describe('How many of them the filters let through, on all pages'),
  members: z.array(memberSchema).describe('In order of joining unless another order was asked for'),
});

export const conferenceSchema = conferenceSummarySchema.omit({ members: true }).extend(memberListSchema.shape);

/** Of a URL. */
export const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Of a URL. */
export function wholeNumber(from: number) {
  return z
    .string()
    .regex(/^\d{1,6}$/, 'expected a whole number')
    .transform(Number)
    .refine((number) => number >= from, `expected at least ${from}`);
}

/** A choice of members. */
export const memberQuerySchema = z
  .strictObject({
    search: z.string().min(1).max(100).describe('A part of the number, the name or the address; case does not count'),
    role: z.enum(['speaker', 'listener', 'admin']),
    hand: yesOrNo.describe('Whether the hand is raised'),
    help: yesOrNo.describe('Whether the member asks for help'),
    muted: yesOrNo,
    talking: yesOrNo,
    waiting: yesOrNo.describe('For a moderator'),
    path: z.enum(['relay', 'bridge']).describe('Members of this node only'),
    order: z
      .enum(MEMBER_ORDERS)
      .describe(
        'By joining, or the last to join first; speakers and moderators, then raised hands and members who ask for help, then the others; by name; by number; members who talk first; the loudest first; by the raising of hands; by asking for help',
      ),
    limit: wholeNumber(0).describe('Members on a page; 0 is for counts alone'),
    page: wholeNumber(1).describe('The first one is 1'),
    offset: wholeNumber(0).describe('Members before the first one, in place of a page'),
  })
  .partial()
  .refine(({ limit, page }) => page === undefined || limit !== undefined, {
    path: ['page'],
    message: 'there are pages only where there is a limit',
  })
  .refine(({ limit, page, offset }) => offset === undefined || (limit !== undefined && page === undefined), {
    path: ['offset'],
    message: 'an offset goes with a limit, and not with a page',
  });

const admissionSchema = z
  .object({
    waiting: z.number().int().describe('Calls that wait unanswered, and ring'),
    longestMs: z.number().int().describe('For how long the first of them has waited'),
    perSecond: z.number().int().describe('Calls that were let in during the last second'),
    limit: z.number().int().describe('Calls that may be on their way in at once, as of now'),
    refused: z
      .number()
      .int()
      .describe(
        'Calls that were refused because they had waited for too long, or found no room, since the controller was started',
      ),
    room: z
      .number()
      .int()
      .nullable()
      .describe('Calls for which Asterisk still may open files; null if that is not known, or there is no limit'),
  })
  .describe('Calls that come in');

export const statusSchema = z.object({
  version: z.string(),
  pid: z.number().int(),
  asterisk: z.object({ connected: z.boolean(), version: z.string().nullable() }),
  relay: z.object({
    connected: z.boolean(),
    pid: z.number().int().nullable(),
    sockets: z
      .enum(['libc', 'dgram'])
      .nullable()
      .describe("How it reaches the network: through libc, or Node.js's own sockets, which cost three times the CPU"),
  }),
  problems: z
    .array(
      z.object({
        about: z.enum(PROBLEM_SUBJECTS).describe('The part of the node'),
        severity: z
          .enum(SEVERITIES)
          .describe(
            'failure: no new call works at this node; warning: calls work, and somebody has to see to something',
          ),
        detail: z.string().describe('What it is and what to do; mistakes in files have a line each'),
      }),
    )
    .describe('Everything that is not as it should be, failures first'),
  conferences: z.number().int(),
  members: z.number().int().describe('Members who have been admitted'),
  atDoor: z.number().int().describe('Callers who are asked for a PIN, and are no members yet'),
  inLobby: z.number().int().describe('Callers who are asked for the number of a conference, and have none yet'),
  admission: admissionSchema,
});

export const flagsRequestSchema = z.strictObject({
  flags: z
    .array(z.string())
    .min(1)
    .max(32)
    .superRefine((words, context) => {
      const parsed = parseFlags(words);
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
    })
    .describe(`Changes: + or - and one of ${FLAGS.join(', ')}`),
});

export const commandRequestSchema = z.strictObject({ command: commandSchema });

/** The result of a command: the member that it is about while there, or that it has turned out to mean; otherwise the conference. */
export const commandResponseSchema = z.union([
  z.strictObject({
    member: memberSchema,
    movedTo: z.string().optional().describe('The conference in which the member is now, and has this number'),
  }),
  z.strictObject({ conference: conferenceSchema }),
]);

const errorSchema = z.object({ code: z.string(), message: z.string() });

/** Mistakes in files, also one by one. */
export const configErrorSchema = errorSchema.extend({
  problems: z.array(
    z.object({
      file: z.string(),
      line: z.number().int(),
      column: z.number().int(),
      path: z.string(),
      message: z.string(),
    }),
  ),
});

/** The answers of a route: its own where it succeeds, and the same as every other where it fails. */
export function answers<Schema extends z.ZodType>(success: Schema) {
  return { 200: success, '4xx': errorSchema, '5xx': errorSchema };
}

export const conferencePathSchema = z.object({ conference: z.string() });
export const memberPathSchema = conferencePathSchema.extend({
  member: z.string().transform((text, context) => {
    const address = parseMemberAddress(text);
    if (address) return address;
    context.addIssue({ code: 'custom', message: 'expected a member number, or one with its node such as 7@lyon' });
    return z.NEVER;
  }),
});

export const nodePathSchema = z.object({ node: z.string().regex(NODE_ID, 'expected the name of a node') });

export const nodeSchema = z.object({
  id: z.string(),
  state: z.enum(['self', 'up', 'silent', 'gone']).describe('A silent node is gone after its lifetime'),
  since: z.iso.datetime().describe('Since when it is in this state'),
  version: z.string().nullable(),
  sip: z.string().nullable().describe('Where phones reach it'),
  rttMs: z.number().nullable().describe('Round trip between the controllers'),
  conferences: z.number().int(),
  members: z.number().int().describe('Members who have been admitted'),
  calls: z.number().int().describe('All calls of its conferences: ghosts and callers who are asked for a PIN as well'),
  load: z.number().nullable().describe('1 is all that its processors can do'),
  capacity: z.number().int().nullable().describe('Calls that it takes; null without a limit'),
  draining: z.boolean().describe('New calls are sent to other nodes'),
  table: z
    .string()
    .nullable()
    .describe('The same for nodes whose tables of conferences are the same; null if it is not known'),
  admission: admissionSchema,
  problems: z.number().int().nullable().describe('How many problems its status lists; null if it does not say'),
  audio: z
    .object({
      packets: z.number().int().describe('Taken from it'),
      frames: z.number().int().describe('20 ms each, in all conferences, silence descriptors included'),
      late: z.number().int().describe('Came too late to be heard'),
      concealed: z.number().int().describe('Did not come in time: something like the ones before was heard instead'),
      delayMs: z.number().describe('The longest that a frame waits at present'),
    })
    .nullable()
    .describe('Packets that the relay of this node gets from it; null for this node, and before the relay has told'),
  traffic: z
    .object({
      trunk: z
        .object({
          sent: z.number().int(),
          sendErrors: z.number().int(),
          refused: z.record(z.string(), z.number()).describe('Frames that were not sent, by reason'),
          dropped: z.record(z.string(), z.number()).describe('Packets that were not taken, by reason'),
        })
        .nullable()
        .describe('Between relays; null before this one has told, and without a cluster'),
      calls: z
        .object({
          calls: z.number().int().describe('Calls whose RTP passes through the relay'),
          listeners: z.number().int().describe('Of these, listeners who get a conference from the relay'),
          dropped: z.record(z.string(), z.number()).describe('Packets of phones that were not taken, by reason'),
          packetsLostByPhones: z.number().describe('On the way to the phones of present calls, as they report'),
          worstJitterAtPhonesMs: z.number().describe('The worst that a present phone reports'),
        })
        .nullable()
        .describe('Between phones and the relay; null before the relay has told'),
      events: z
        .object({
          sent: z.number().int(),
          received: z.number().int(),
          refused: z.record(z.string(), z.number()).describe('Connections and messages, by reason'),
          malformed: z.number().int(),
          unknown: z.number().int(),
          oversized: z.number().int(),
          failed: z.number().int(),
        })
        .nullable()
        .describe('The channel between controllers; null without a cluster'),
    })
    .nullable()
    .describe('Counted by this node only, since its relay or its controller was started'),
});

/** Where a caller of a conference is to go, for SBCs. */
export const routeQuerySchema = z.strictObject({
  conference: z.string().regex(CONFERENCE_NAME, 'expected the name of a conference'),
});

export const routeSchema = z.object({
  conference: z.string(),
  node: z.string(),
  sip: z.string().nullable().describe('Where phones reach the node; null if cluster.sip does not say so'),
  reason: z
    .enum(['placement', 'kept', 'full', 'draining', 'congested', 'only-here'])
    .describe(
      'Placement prefers it; the table of conferences keeps the conference to it; the node that was asked is full, draining, or has calls waiting or no files for more; it is draining, but the only one',
    ),
});

export type RouteView = z.output<typeof routeSchema>;
export type NodeView = z.output<typeof nodeSchema>;
export type MemberView = z.output<typeof memberSchema>;
export type MemberListView = z.output<typeof memberListSchema>;
export type MemberQuery = z.output<typeof memberQuerySchema>;
export type ConferenceSummary = z.output<typeof conferenceSummarySchema>;
export type ConferenceView = z.output<typeof conferenceSchema>;
export type StatusView = z.output<typeof statusSchema>;
export type CommandResponse = z.output<typeof commandResponseSchema>;
