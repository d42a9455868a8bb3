import { ApiClient, ApiClientError } from '../../api/client.ts';
import type { ConferenceSummary, ConferenceView, MemberStatusView, NodeView, StatusView } from '../../api/schemas.ts';
import type { PhoneSample, RunningNode } from '../checks/node.ts';

const TIMEOUT_MS = 5000;
/** A look at a call is a request to Asterisk. */
const MOST_SAMPLES = 20;

/** The controller's answer, or why there is none. */
export type NodeFacts =
  | { readonly running: true; readonly node: RunningNode; readonly samples: readonly PhoneSample[] }
  | { readonly running: false; readonly reason: string };

/**
 * Asks the controller at a unix socket.
 * @param nowMs as `Date.now`
 */
export async function readNode(socketPath: string, nowMs: number): Promise<NodeFacts> {
  try {
    return await askController(socketPath, nowMs);
  } catch (error) {
    if (!(error instanceof ApiClientError)) throw error;
    const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
    return { running: false, reason: `${socketPath} is not answered (${code ?? error.message})` };
  }
}

async function askController(socketPath: string, nowMs: number): Promise<NodeFacts> {
  const client = new ApiClient({ socketPath, timeoutMs: TIMEOUT_MS });
  const status = await client.get<StatusView>('/status');
  const peers = await client.get<NodeView[]>('/nodes');
  const members = await readOwnMembers(client);
  const calls = members.map(({ conference, member }) => ({
    name: `member ${member.id} of conference ${conference}`,
    path: member.path,
  }));
  const samples: PhoneSample[] = [];
  for (const { conference, member } of members.slice(0, MOST_SAMPLES)) {
    const path = `/conferences/${encodeURIComponent(conference)}/members/${member.id}`;
    // They may have left meanwhile.
    const view = await client.get<MemberStatusView>(path).catch(() => null);
    if (view === null) continue;
    samples.push({
      name: `member ${member.id} of conference ${conference}`,
      ageMs: nowMs - Date.parse(view.joinedAt),
      packetsReceived: view.media?.packetsReceived ?? null,
    });
  }
  return { running: true, node: { ...status, peers, calls }, samples };
}

/** The calls of this node, in all conferences. */
async function readOwnMembers(client: ApiClient) {
  const summaries = await client.get<ConferenceSummary[]>('/conferences');
  const own: { conference: string; member: ConferenceView['members'][number] }[] = [];
  for (const { name } of summaries) {
    // It may have ended meanwhile.
    const view = await client.get<ConferenceView>(`/conferences/${encodeURIComponent(name)}`).catch(() => null);
    // The path of members of other nodes is not known here.
    for (const member of view?.members ?? []) if (member.path !== null) own.push({ conference: name, member });
  }
  return own;
}
