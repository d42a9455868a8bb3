import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, ApiClientError } from '../../api/client.ts';
import type {
  CommandResponse,
  ConferenceView,
  MemberListView,
  MemberStatusView,
  MemberView,
} from '../../api/schemas.ts';
import { didYouMeanOneOf } from '../../base/nearest.ts';
import { parseCommandWords } from '../../conference/command-line/parse-command.ts';
import { MEMBER_ACTIONS } from '../../conference/command-line/parse-member-command.ts';
import type { Command } from '../../conference/model/commands.ts';
import { formatMemberAddress, parseMemberAddress } from '../../conference/model/member-address.ts';
import type { ClientOptions } from '../options/common.ts';
import { UsageError } from '../options/errors.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { conferenceText, recordingText } from '../text/conference-text.ts';
import { adjustedText, membersNamed, memberTable, memberText } from '../text/member-text.ts';

type MemberResponse = Extract<CommandResponse, { member: MemberView }>;

/**
 * Sends a command, and prints what it has made of the member or the conference.
 * @param words as in `conference/command-line/parse-command.ts`
 */
export async function command(conference: string, words: readonly string[], options: ClientOptions): Promise<void> {
  const { socket, json } = options;
  const parsed = parseCommandWords(words, { memberId: null });
  if (!parsed.ok) throw new UsageError(parsed.message);
  const client = new ApiClient({ socketPath: socket });
  const path = `/conferences/${encodeURIComponent(conference)}`;
  if (parsed.command.type === 'kick') {
    // Answers with the member even if gone by then.
    const { memberId, node = null } = parsed.command;
    const address = encodeURIComponent(formatMemberAddress(memberId, node));
    const member = await client.post<MemberView>(`${path}/members/${address}/kick`);
    return print(member, json, () => memberTable([member], terminalWidth()));
  }
  const recorded = parsed.command.type === 'stop-recording' && !json ? await recordedFile(client, path) : [];
  const response = await client.post<CommandResponse>(`${path}/commands${json ? '' : '?limit=0'}`, {
    command: parsed.command,
  });
  if ('member' in response)
    return print(response.member, json, () => memberDoneText(conference, parsed.command, response));
  print(response.conference, json, () =>
    [...recorded, conferenceText(response.conference, terminalWidth())].join('\n'),
  );
}

/** The file of the recording that goes on; none if nothing is recorded. */
async function recordedFile(client: ApiClient, path: string): Promise<string[]> {
  const { recording } = await client.get<ConferenceView>(`${path}?limit=0`);
  return recording ? [`recorded to ${recordingText(recording)}`] : [];
}

/** A text about a member after a command. */
function memberDoneText(conference: string, command: Command, response: MemberResponse): string {
  const { member, movedTo } = response;
  if (movedTo !== undefined && 'memberId' in command) {
    const former = formatMemberAddress(command.memberId, command.node ?? null);
    return `member ${former} of ${conference} is member ${member.address} of ${movedTo} now`;
  }
  if (command.type === 'adjust') return adjustedText(member, command.setting);
  return memberTable([member], terminalWidth());
}

const POLL_MS = 100;
/** So many members are listed where a name is that of several. */
const MOST_NAMED = 5;

/** Waits until what is being played to a conference now is over. */
export async function playbackEnded(conference: string, { socket }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  // By another position it becomes another playback of the same media.
  const playing = async () => {
    const view = await client.get<ConferenceView>(`/conferences/${encodeURIComponent(conference)}?limit=0`);
    return view.playback?.media.join(' ');
  };
  const begun = await playing();
  while (begun !== undefined && (await playing()) === begun) await sleep(POLL_MS);
}

/**
 * The address of a member.
 * @param who a number of a member, such as `7` or `7@lyon`; a whole phone number; or a part of a name that only one member has
 */
async function addressOf(conference: string, who: string, { socket }: ClientOptions): Promise<string> {
  const client = new ApiClient({ socketPath: socket });
  const path = `/conferences/${encodeURIComponent(conference)}/members`;
  const given = parseMemberAddress(who);
  if (given) {
    const isThere = await client.get(`${path}/${encodeURIComponent(who)}`).catch((error: ApiClientError) => error);
    const isGone = isThere instanceof ApiClientError && isThere.code === 'no-such-member';
    if (!isGone || given.node !== undefined) return who;
  }
  const { members } = await client.get<MemberListView>(`${path}?search=${encodeURIComponent(who)}`);
  const named = membersNamed(who, members);
  const [only] = named;
  if (only && named.length === 1) return only.address;
  if (!only && given) return who;
  if (!only)
    throw new ApiClientError('no-such-member', `nobody in conference ${conference} has the number or name "${who}"`);
  const some = named.slice(0, MOST_NAMED).map(({ address, caller }) => `${address} (${caller.name || caller.number})`);
  const more = named.length > MOST_NAMED ? ` and ${named.length - MOST_NAMED} more` : '';
  throw new UsageError(`"${who}" may be ${some.join(', ')}${more}: give the number of the member`);
}

/** `rostrum member <conference> <member> status`, or a command to the member. */
export async function member(
  conference: string,
  [id, action, ...more]: readonly [member: string, action: string, ...string[]],
  options: ClientOptions,
): Promise<void> {
  if (action !== 'status') {
    if (!MEMBER_ACTIONS.some((name) => name === action)) {
      throw new UsageError(`unknown action "${action}"${didYouMeanOneOf(action, ['status', ...MEMBER_ACTIONS])}`);
    }
    return command(conference, ['member', await addressOf(conference, id, options), action, ...more], options);
  }
  if (more.length > 0) throw new UsageError(`"${more.join(' ')}": status takes no more words`);
  const client = new ApiClient({ socketPath: options.socket });
  const view = await client.get<MemberStatusView>(
    `/conferences/${encodeURIComponent(conference)}/members/${encodeURIComponent(await addressOf(conference, id, options))}`,
  );
  print(view, options.json, () => memberText(view, terminalWidth()));
}
