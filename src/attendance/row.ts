import { z } from 'zod';
import { RESULTS } from '../conference/model/member.ts';

/** One member's attendance, as the API and the reports have it. */
export const attendanceRowSchema = z.object({
  conference: z.string(),
  startedAt: z.iso.datetime().describe('When the conference started; tells those of the same name apart'),
  memberId: z.number().int(),
  number: z.string(),
  name: z.string(),
  joinedAt: z.iso.datetime().nullable().describe('null if the caller was turned away'),
  leftAt: z.iso.datetime().nullable().describe('null while the member is there'),
  seconds: z.number().int().describe('How long the member was there, so far'),
  speakerSeconds: z.number().int().describe('How long of that as a speaker, muted or not'),
  roles: z
    .array(
      z.object({
        at: z.iso.datetime(),
        role: z.enum(['speaker', 'listener']),
        admin: z.boolean(),
        by: z.string().nullable().describe('Who has ordered it'),
      }),
    )
    .describe('The role when joining, and every change of it'),
  result: z
    .enum([...RESULTS, 'LOST'])
    .nullable()
    .describe(
      'How it ended. TRANSFERRED: the member went to another conference, or elsewhere. ' +
        'LOST: the member went while no controller was running; `leftAt` is when that was noticed',
    ),
  endedBy: z
    .string()
    .nullable()
    .describe('Who has ordered it: `operator anna`, `member 7` who has pressed a key, `a program`; null if nobody has'),
});

export type AttendanceRow = z.output<typeof attendanceRowSchema>;

export const nodeRowSchema = attendanceRowSchema.extend({
  node: z.string().nullable().describe('The node that the member has called; null where there is no cluster'),
});

/** A member in a report of the cluster. */
export type NodeRow = z.output<typeof nodeRowSchema>;
