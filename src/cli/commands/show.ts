import { ApiClient } from '../../api/client.ts';
import type { ConferenceSummary, ConferenceView, MemberView, StatusView } from '../../api/schemas.ts';
import { table } from '../table.ts';

export type ClientOptions = { socket: string; json?: true };

export async function status({ socket, json }: ClientOptions): Promise<void> {
  const view = await new ApiClient({ socketPath: socket }).get<StatusView>('/status');
  const { asterisk } = view;
  print(view, json, () =>
    [
      `controller   Rostrum ${view.version}, process ${view.pid}`,
      `Asterisk     ${asterisk.connected ? `connected, version ${asterisk.version}` : `not connected: ${asterisk.problem}`}`,
      `conferences  ${view.conferences}`,
      `members      ${view.members}`,
    ].join('\n'),
  );
}

export async function list({ socket, json }: ClientOptions): Promise<void> {
  const conferences = await new ApiClient({ socketPath: socket }).get<ConferenceSummary[]>('/conferences');
  print(conferences, json, () =>
    conferences.length === 0
      ? 'no conferences'
      : table(
          ['CONFERENCE', 'PROFILE', 'STATUS', 'MEMBERS', 'SPEAKERS', 'SINCE'],
          conferences.map((c) => [c.name, c.profile, c.status, c.members, c.speakers, time(c.startedAt)]),
        ),
  );
}

export async function show(name: string, { socket, json }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  const conference = await client.get<ConferenceView>(`/conferences/${encodeURIComponent(name)}`);
  print(conference, json, () =>
    [
      `conference ${conference.name}, profile ${conference.profile}, ${conference.status}, since ${time(conference.startedAt)}: ` +
        `${conference.members.length} members, ${conference.speakers} speakers`,
      memberTable(conference.members),
    ].join('\n'),
  );
}

export function memberTable(members: readonly MemberView[]): string {
  return table(
    ['MEMBER', 'NUMBER', 'NAME', 'ROLE', 'FLAGS', 'PRESENCE', 'SINCE'],
    members.map((member) => [
      member.id,
      member.caller.number || '-',
      member.caller.name || '-',
      member.role,
      (['admin', 'mute', 'deaf'] as const).filter((flag) => member[flag]).join(' ') || '-',
      member.presence,
      time(member.joinedAt),
    ]),
  );
}

/** Prints for programs or for people. */
export function print(value: unknown, json: true | undefined, forPeople: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(value, null, 2) : forPeople()}\n`);
}

function time(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}
