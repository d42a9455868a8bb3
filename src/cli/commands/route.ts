import { ApiClient } from '../../api/client.ts';
import type { RouteView } from '../../api/schemas.ts';
import type { ClientOptions } from '../options/common.ts';
import { print } from '../terminal/print.ts';
import { routeText } from '../text/route-text.ts';

/** `rostrum route <conference>` */
export async function route(conference: string, { socket, json }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  const view = await client.get<RouteView>(`/route?conference=${encodeURIComponent(conference)}`);
  print(view, json, () => routeText(view));
}
