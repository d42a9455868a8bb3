import { ApiClient } from '../../api/client.ts';
import type { MemberOrder } from '../../api/orders.ts';
import type { ConferenceSummary, ConferenceView, MemberListView, StatusView } from '../../api/schemas.ts';
import type { ClientOptions } from '../options/common.ts';
import { type ConferenceListOptions, type MemberListOptions, memberQuery, positionOf } from '../options/list.ts';
import type { ShowWhat } from '../options/show-words.ts';
import { statusExit } from '../terminal/exit-codes.ts';
import { print, terminalLimit, terminalWidth } from '../terminal/print.ts';
import { printOrWatch } from '../terminal/watch.ts';
import { conferenceListText, conferenceText, selectConferences } from '../text/conference-text.ts';
import type { Position } from '../text/list-text.ts';
import { memberListText } from '../text/member-text.ts';
import { statusText } from '../text/node-text.ts';

/** `rostrum status [--health]`: fails where something is wrong; with `health`, only where no call works. */
export async function status({ socket, json, health }: ClientOptions & { health?: true }): Promise<void> {
  const view = await new ApiClient({ socketPath: socket }).get<StatusView>('/status');
  print(view, json, () => statusText(view, terminalWidth()));
  process.exitCode = statusExit(view.problems, health === true);
}

/** `rostrum list` */
export async function list(options: ConferenceListOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  await printOrWatch(options, positionOf(options, terminalLimit(options.watch)), {
    read: async (position) => {
      const all = await client.get<ConferenceSummary[]>('/conferences');
      const { inLobby } = await client.get<StatusView>('/status');
      return { ...selectConferences(all, options, position), inLobby };
    },
    forPeople: (found, position) => conferenceListText(found, position, terminalWidth()),
    forPrograms: ({ conferences }) => conferences,
    entries: ({ conferences, matching }) => ({ shown: conferences.length, matching }),
  });
}

/** `rostrum show [status|members|hands] <conference>`; see `show-words.ts`. */
export async function show(what: ShowWhat, conference: string, options: MemberListOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const path = `/conferences/${encodeURIComponent(conference)}`;
  const order = options.sort ?? (options.json ? undefined : 'speakers');
  const filtered = memberQuery(options, {}) !== '';
  const position = positionOf(options, terminalLimit(options.watch));
  const membersText = (view: MemberListView, at: Position) => memberListText(view, at, terminalWidth());
  const entries = ({ members, matching }: MemberListView) => ({ shown: members.length, matching });
  const readMembers = (of: MemberListOptions, by: MemberOrder | undefined) => (at: Position) =>
    client.get<MemberListView>(`${path}/members${memberQuery(of, at, by)}`);
  const forPrograms = ({ members }: MemberListView) => members;
  switch (what) {
    case 'everything':
      return printOrWatch(options, position, {
        read: (at) => client.get<ConferenceView>(`${path}${memberQuery(options, at, order)}`),
        forPeople: (view, at) => [conferenceText(view, terminalWidth()), membersText(view, at)].join('\n'),
        entries,
      });
    case 'status':
      return printOrWatch(options, position, {
        read: () => client.get<ConferenceView>(`${path}?limit=0`),
        forPeople: (view) => conferenceText(view, terminalWidth()),
        forPrograms: ({ members: _, matching: __, ...rest }) => rest,
      });
    case 'members':
      return printOrWatch(options, position, {
        read: readMembers(options, order),
        forPeople: membersText,
        forPrograms,
        entries,
      });
    case 'hands':
      return printOrWatch(options, position, {
        read: readMembers({ ...options, hand: true }, options.sort ?? 'hand'),
        forPeople: (view, at) => (view.matching === 0 && !filtered ? 'no hands are raised' : membersText(view, at)),
        forPrograms,
        entries,
      });
  }
}
