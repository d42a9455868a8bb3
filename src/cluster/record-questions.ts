import { z } from 'zod';
import { MAX_RUNS } from '../attendance/report.ts';
import { attendanceRowSchema } from '../attendance/row.ts';
import { runSummarySchema } from '../attendance/run-summary.ts';
import { recordingSchema } from '../recordings/recording.ts';
import { conferenceName } from './record.ts';

/** The questions that nodes ask each other about conferences that they have recorded. */

/** So many things are in one message; more are sent in several. */
export const MOST_IN_ANSWER = 500;
/** So many recordings are asked for at most. */
export const MOST_RECORDINGS = 1000;

export const recordQuestionSchema = z.discriminatedUnion('type', [
  /** The newest runs: of one conference, or of all with a text in their name. A damaged file is a run with a problem. */
  z.object({
    type: z.literal('runs'),
    conference: conferenceName.nullable(),
    search: z.string().max(100),
    /** The last runs that started at or before this time, and as many after it, instead of the newest. */
    around: z.iso.datetime().nullable(),
    limit: z.number().int().min(1).max(MAX_RUNS),
  }),
  /** The members of one run. */
  z.object({ type: z.literal('rows'), conference: conferenceName, startedAt: z.iso.datetime() }),
  /** The newest recordings with a text in their file or in the name of their conference. */
  z.object({
    type: z.literal('recordings'),
    search: z.string().max(100),
    limit: z.number().int().min(1).max(MOST_RECORDINGS),
  }),
]);

export type RecordQuestion = z.output<typeof recordQuestionSchema>;
export type QuestionOf<T extends RecordQuestion['type']> = Extract<RecordQuestion, { type: T }>;

/** A part of what was found: things of the kind that the question is about. */
export const recordsFoundSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('runs'), items: z.array(runSummarySchema).max(MOST_IN_ANSWER) }),
  z.object({ type: z.literal('rows'), items: z.array(attendanceRowSchema).max(MOST_IN_ANSWER) }),
  z.object({ type: z.literal('recordings'), items: z.array(recordingSchema).max(MOST_IN_ANSWER) }),
]);

export type RecordsFound = z.output<typeof recordsFoundSchema>;
/** The things that a question finds. */
export type Found<T extends RecordsFound['type']> = Extract<RecordsFound, { type: T }>['items'];
