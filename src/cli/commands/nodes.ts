import { ApiClient } from '../../api/client.ts';
import type { NodeView, RouteView } from '../../api/schemas.ts';
import type { ClientOptions, WatchOptions } from '../options/common.ts';
import { UsageError } from '../options/errors.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { printOrWatch } from '../terminal/watch.ts';
import { nodeTable, routeText } from '../text/node-text.ts';

/** `rostrum nodes` */
export async function nodes(options: WatchOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  await printOrWatch(options, {}, { read: () => client.get<NodeView[]>('/nodes'), forPeople });
}

/** `rostrum node flush <node>` */
export async function node(operation: string, id: string, options: ClientOptions): Promise<void> {
  if (operation !== 'flush') throw new UsageError(`unknown operation "${operation}": use flush`);
  await change(`/nodes/${encodeURIComponent(id)}/flush`, undefined, options);
}

/** `rostrum drain` */
export async function drain(options: ClientOptions): Promise<void> {
  await change('/drain', { draining: true }, options);
}

/** `rostrum undrain` */
export async function undrain(options: ClientOptions): Promise<void> {
  await change('/drain', { draining: false }, options);
}

/** `rostrum route <conference>` */
export async function route(conference: string, { socket, json }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  const view = await client.get<RouteView>(`/route?conference=${encodeURIComponent(conference)}`);
  print(view, json, () => routeText(view, terminalWidth()));
}

/** Changes something about the nodes, and prints how they are then. */
async function change(path: string, body: object | undefined, { socket, json }: ClientOptions): Promise<void> {
  const all = await new ApiClient({ socketPath: socket }).post<NodeView[]>(path, body);
  print(all, json, () => forPeople(all));
}

function forPeople(all: readonly NodeView[]): string {
  return nodeTable(all, terminalWidth());
}
