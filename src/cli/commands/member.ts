import { ApiClient } from '../../api/client.ts';
import type { MemberView } from '../../api/schemas.ts';
import { UsageError } from '../errors.ts';
import { type ClientOptions, memberTable, print } from './show.ts';

/** `rostrum member <conference> <member> status|kick|flags [±flag...]` */
export async function member(
  conference: string,
  id: string,
  action: string,
  words: readonly string[],
  { socket, json }: ClientOptions,
): Promise<void> {
  if (!/^\d+$/.test(id))
    throw new UsageError(`"${id}" is not a member number; "rostrum show ${conference}" lists them`);
  if (action !== 'flags' && words.length > 0)
    throw new UsageError(`"${words.join(' ')}": ${action} takes no more words`);
  const client = new ApiClient({ socketPath: socket });
  const path = `/conferences/${encodeURIComponent(conference)}/members/${id}`;
  const view = await carryOut(client, path, action, words);
  print(view, json, () => memberTable([view]));
}

function carryOut(client: ApiClient, path: string, action: string, words: readonly string[]): Promise<MemberView> {
  switch (action) {
    case 'status':
      return client.get(path);
    case 'kick':
      return client.post(`${path}/kick`);
    case 'flags':
      if (words.length === 0) throw new UsageError('flags: which? For example: +speaker -mute');
      return client.post(`${path}/flags`, { flags: words });
    default:
      throw new UsageError(`unknown action "${action}": use status, kick or flags`);
  }
}
