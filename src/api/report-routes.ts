import { z } from 'zod';
import type { HeldConference } from '../attendance/merge-runs.ts';
import { reportQuerySchema } from '../attendance/report.ts';
import { attendanceRowSchema } from '../attendance/row.ts';
import type { RouteApp, RouteDeps } from './deps.ts';
import {
  type HeldConferenceView,
  heldListSchema,
  heldQuerySchema,
  MOST_LISTED,
  reportSchema,
} from './record-schemas.ts';
import { answers, conferencePathSchema } from './schemas.ts';

/** Reports: which conferences there were, and which members were where, and when. */
export function reportRoutes(app: RouteApp, { attendance, reports }: RouteDeps): void {
  const list = { querystring: heldQuerySchema, response: answers(heldListSchema) };
  app.get('/reports', { schema: list }, async ({ query }) => {
    const { conference = null, search = '', ended = false, limit = MOST_LISTED, page = 1 } = query;
    const { conferences, ...rest } = await reports.conferences({ conference, search, endedOnly: ended, limit, page });
    return { conferences: conferences.map(viewHeld), ...rest };
  });

  const ofConference = { params: conferencePathSchema, querystring: reportQuerySchema };
  const whole = { ...ofConference, response: answers(reportSchema) };
  app.get('/reports/:conference', { schema: whole }, ({ params, query }) => reports.report(params.conference, query));

  const own = { ...ofConference, response: answers(z.array(attendanceRowSchema)) };
  app.get('/conferences/:conference/report', { schema: own }, ({ params, query }) =>
    attendance.rows(params.conference, query),
  );
}

function viewHeld({ conference, startedAt, endedAt, runs }: HeldConference): HeldConferenceView {
  const sum = (of: (run: HeldConference['runs'][number]) => number) => runs.reduce((total, run) => total + of(run), 0);
  return {
    conference,
    startedAt,
    endedAt,
    nodes: [...new Set(runs.flatMap(({ node }) => node ?? []))],
    members: sum(({ members }) => members),
    turnedAway: sum(({ turnedAway }) => turnedAway),
  };
}
