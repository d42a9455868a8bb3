import { ApiClient } from '../../api/client.ts';
import type { ConferenceSummary, ConferenceView, MemberListView, StatusView } from '../../api/schemas.ts';
import type { ClientOptions } from '../options/common.ts';
import { type ListOptions, type MemberListOptions, memberQuery, positionOf } from '../options/list.ts';
import type { ShowWhat } from '../options/show-words.ts';
import { statusExit } from '../terminal/exit-codes.ts';
import { print, terminalLimit, terminalWidth } from '../terminal/print.ts';
import { printOrWatch } from '../terminal/watch.ts';
import { conferenceListText, conferenceText, selectConferences } from '../text/conference-text.ts';
import { memberListText } from '../text/member-text.ts';
import { statusText } from '../text/node-text.ts';

/** `rostrum status [--health]`: fails where something is wrong; with `health`, only where no call works. */
export async function status({ socket, json, health }: ClientOptions & { health?: true }): Promise<void> {
  const view = await new ApiClient({ socketPath: socket }).get<StatusView>('/status');
  print(view, json, () => statusText(view));
  process.exitCode = statusExit(view.problems, health === true);
}

export async function list(options: ListOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const position = positionOf(options, terminalLimit(options.watch));
  const read = async () => selectConferences(await client.get<ConferenceSummary[]>('/conferences'), options, position);
  await printOrWatch(
    options,
    read,
    (found) => conferenceListText(found, position, terminalWidth()),
    ({ conferences }) => conferences,
  );
}

/** `rostrum show [status|members|hands] <conference>`; see `show-words.ts`. */
export async function show(what: ShowWhat, conference: string, options: MemberListOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const path = `/conferences/${encodeURIComponent(conference)}`;
  const position = positionOf(options, terminalLimit(options.watch));
  const order = options.json ? undefined : 'speakers';
  const filtered = memberQuery(options, {}) !== '';
  const membersText = (view: MemberListView) => memberListText(view, position, terminalWidth());
  switch (what) {
    case 'everything':
      return printOrWatch(
        options,
        () => client.get<ConferenceView>(`${path}${memberQuery(options, position, order)}`),
        (view) => [conferenceText(view), membersText(view)].join('\n'),
      );
    case 'status':
      return printOrWatch(
        options,
        () => client.get<ConferenceView>(`${path}?limit=0`),
        conferenceText,
        ({ members: _, matching: __, ...rest }) => rest,
      );
    case 'members':
      return printOrWatch(
        options,
        () => client.get<MemberListView>(`${path}/members${memberQuery(options, position, order)}`),
        membersText,
        ({ members }) => members,
      );
    case 'hands':
      return printOrWatch(
        options,
        () => client.get<MemberListView>(`${path}/members${memberQuery({ ...options, hand: true }, position, 'hand')}`),
        (view) => (view.matching === 0 && !filtered ? 'no hands are raised' : membersText(view)),
        ({ members }) => members,
      );
  }
}
