import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../../api/client.ts';
import type { StatusView } from '../../api/schemas.ts';
import type { ClientOptions } from '../options/common.ts';
import { print } from '../terminal/print.ts';

const POLL_MS = 50;
const CONTROLLER_MS = 30_000;

/** `rostrum upgrade`: ends when relay and controller are those of the version that is installed now. */
export async function upgrade({ socket, json }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  const before = await client.get<StatusView>('/status');
  await client.post('/upgrade');
  const after = await restarted(client, before);
  print({ before, after }, json, () =>
    [
      `relay       process ${after.relay.pid}, which has taken over from ${before.relay.pid}`,
      `controller  process ${after.pid}, Rostrum ${after.version}; before process ${before.pid}, Rostrum ${before.version}`,
    ].join('\n'),
  );
}

async function restarted(client: ApiClient, before: StatusView): Promise<StatusView> {
  const deadlineMs = performance.now() + CONTROLLER_MS;
  for (;;) {
    const status = await client.get<StatusView>('/status').catch((error: Error) => error);
    const isNew = !(status instanceof Error) && status.pid !== before.pid;
    if (isNew && status.relay.connected && status.asterisk.connected) return status;
    if (performance.now() > deadlineMs) {
      if (status instanceof Error) throw status;
      return status;
    }
    await sleep(POLL_MS);
  }
}
