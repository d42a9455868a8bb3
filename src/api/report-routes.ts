import { z } from 'zod';
import { attendanceReport, reportQuerySchema } from '../attendance/report.ts';
import { attendanceRowSchema } from '../attendance/row.ts';
import { steadyNow } from '../timing/steady-now.ts';
import type { RouteApp, RouteDeps } from './deps.ts';
import { answers, conferencePathSchema } from './schemas.ts';

/** Reports: which members were where, and when. */
export function reportRoutes(app: RouteApp, { controller, attendance }: RouteDeps): void {
  const isRunning = (name: string, startedAt: string) =>
    controller.conferences.get(name)?.startedAtMs === Date.parse(startedAt);
  const schema = {
    params: conferencePathSchema,
    querystring: reportQuerySchema,
    response: answers(z.array(attendanceRowSchema)),
  };
  app.get('/conferences/:conference/report', { schema }, ({ params, query }) =>
    attendanceReport(attendance, params.conference, query, { nowMs: steadyNow(), isRunning }),
  );
}
