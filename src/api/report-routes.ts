import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { attendanceReport, reportQuerySchema } from '../attendance/report.ts';
import { attendanceRowSchema } from '../attendance/row.ts';
import type { RouteDeps } from './deps.ts';
import { conferencePathSchema, errors } from './schemas.ts';

/** Reports: which members were where, and when. */
export function reportRoutes({ controller, attendance }: RouteDeps): FastifyPluginCallbackZod {
  const isRunning = (name: string, startedAt: string) =>
    controller.conferences.get(name)?.startedAtMs === Date.parse(startedAt);
  return (app, _options, done) => {
    app.get(
      '/conferences/:conference/report',
      {
        schema: {
          params: conferencePathSchema,
          querystring: reportQuerySchema,
          response: { 200: z.array(attendanceRowSchema), ...errors },
        },
      },
      ({ params, query }) => attendanceReport(attendance, params.conference, query, { nowMs: Date.now(), isRunning }),
    );
    done();
  };
}
