import { ApiClient } from '../../api/client.ts';
import type { NodeView } from '../../api/schemas.ts';
import type { ClientOptions, WatchOptions } from '../options/common.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { printOrWatch } from '../terminal/print-or-watch.ts';
import { nodeTable } from '../text/node-text.ts';

/** `rostrum nodes` */
export async function nodes(options: WatchOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  await printOrWatch(options, () => client.get<NodeView[]>('/nodes'), forPeople);
}

/** `rostrum node flush <node>` */
export async function flushNode(node: string, { socket, json }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  const left = await client.post<NodeView[]>(`/nodes/${encodeURIComponent(node)}/flush`);
  print(left, json, () => forPeople(left));
}

/** `rostrum drain`, `rostrum undrain` */
export async function drain(draining: boolean, { socket, json }: ClientOptions): Promise<void> {
  const all = await new ApiClient({ socketPath: socket }).post<NodeView[]>('/drain', { draining });
  print(all, json, () => forPeople(all));
}

function forPeople(all: readonly NodeView[]): string {
  return nodeTable(all, terminalWidth());
}
