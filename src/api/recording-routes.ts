import { z } from 'zod';
import { recordingsOfNodes } from '../controller/cluster/cluster-recordings.ts';
import type { RouteApp, RouteDeps } from './deps.ts';
import { orderedBy } from './ordered-by.ts';
import { MOST_LISTED, recordingListQuerySchema, recordingListSchema, recordingViewSchema } from './record-schemas.ts';
import { answers } from './schemas.ts';

/** Recordings: those of all nodes in a list, and the files of this one. */
export function recordingRoutes(app: RouteApp, { cluster, records, recordingKeeper }: RouteDeps): void {
  const list = { querystring: recordingListQuerySchema, response: answers(recordingListSchema) };
  app.get('/recordings', { schema: list }, ({ query: { search = '', limit = MOST_LISTED, page = 1 } }) =>
    recordingsOfNodes(records, { search, limit, page }),
  );

  const params = z.object({ file: z.string().max(160) });
  app.get('/recordings/:file', { schema: { params } }, async ({ params }, reply) => {
    const { file, content, bytes } = await recordingKeeper.open(params.file);
    reply.header('content-length', bytes).header('rostrum-file', file).type('application/octet-stream');
    return reply.send(content);
  });

  const removal = { params, response: answers(recordingViewSchema) };
  app.delete('/recordings/:file', { schema: removal }, async ({ params, headers }) => ({
    ...(await recordingKeeper.remove(params.file, `ordered by ${orderedBy(headers)}`)),
    node: cluster.nodeId,
  }));
}
