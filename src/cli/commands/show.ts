import { ApiClient } from '../../api/client.ts';
import type { ConferenceSummary, ConferenceView, MemberView, StatusView } from '../../api/schemas.ts';
import { admissionText } from '../admission-text.ts';
import { conferenceTable, conferenceText } from '../conference-text.ts';
import { memberTable } from '../member-text.ts';
import type { ClientOptions, WatchOptions } from '../options.ts';
import { print, terminalWidth } from '../print.ts';
import { printOrWatch } from '../print-or-watch.ts';
import type { ShowWhat } from '../show-words.ts';

export async function status({ socket, json }: ClientOptions): Promise<void> {
  const view = await new ApiClient({ socketPath: socket }).get<StatusView>('/status');
  const { asterisk } = view;
  print(view, json, () =>
    [
      `controller   Rostrum ${view.version}, process ${view.pid}`,
      `Asterisk     ${asterisk.connected ? `connected, version ${asterisk.version}` : `not connected: ${asterisk.problem}`}`,
      `conferences  ${view.conferences}`,
      `members      ${view.members}`,
      `arriving     ${admissionText(view.admission)}`,
    ].join('\n'),
  );
}

export async function list(options: WatchOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const read = () => client.get<ConferenceSummary[]>('/conferences');
  await printOrWatch(options, read, (conferences) => conferenceTable(conferences, terminalWidth()));
}

/** `rostrum show [status|members|hands] <conference>`; see `show-words.ts`. */
export async function show(what: ShowWhat, conference: string, options: WatchOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const path = `/conferences/${encodeURIComponent(conference)}`;
  const read = () => client.get<ConferenceView>(path);
  switch (what) {
    case 'everything':
      return printOrWatch(options, read, (view) =>
        [conferenceText(view), memberTable(view.members, terminalWidth())].join('\n'),
      );
    case 'status':
      return printOrWatch(options, read, conferenceText, ({ members: _, ...rest }) => rest);
    case 'members':
      return printOrWatch(
        options,
        async () => (await read()).members,
        (members) => memberTable(members, terminalWidth()),
      );
    case 'hands':
      return printOrWatch(
        options,
        () => client.get<MemberView[]>(`${path}/hands`),
        (members) => (members.length === 0 ? 'no hands are raised' : memberTable(members, terminalWidth())),
      );
  }
}
