import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../../api/client.ts';
import type { CommandResponse, ConferenceView, MemberStatusView, MemberView } from '../../api/schemas.ts';
import { parseCommandWords } from '../../conference/command-line/parse-command.ts';
import { MEMBER_ACTIONS } from '../../conference/command-line/parse-member-command.ts';
import { formatMemberAddress, parseMemberAddress } from '../../conference/model/member-address.ts';
import type { ClientOptions } from '../options/common.ts';
import { UsageError } from '../options/errors.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { conferenceText } from '../text/conference-text.ts';
import { memberTable, memberText } from '../text/member-text.ts';

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
  const response = await client.post<CommandResponse>(`${path}/commands${json ? '' : '?limit=0'}`, {
    command: parsed.command,
  });
  if ('member' in response) return print(response.member, json, () => memberTable([response.member], terminalWidth()));
  print(response.conference, json, () => conferenceText(response.conference));
}

const POLL_MS = 100;

/** Waits until what is being played to a conference now is over. */
export async function playbackEnded(conference: string, { socket }: ClientOptions): Promise<void> {
  const client = new ApiClient({ socketPath: socket });
  const playing = async () => {
    const view = await client.get<ConferenceView>(`/conferences/${encodeURIComponent(conference)}?limit=0`);
    return view.playback?.id ?? null;
  };
  const begun = await playing();
  while (begun !== null && (await playing()) === begun) await sleep(POLL_MS);
}

/** `rostrum member <conference> <member> status`, or a command to the member. */
export async function member(
  conference: string,
  [id, action, ...more]: readonly [member: string, action: string, ...string[]],
  options: ClientOptions,
): Promise<void> {
  if (!parseMemberAddress(id)) {
    throw new UsageError(`"${id}" is not a member number; "rostrum show ${conference}" lists them`);
  }
  if (action !== 'status') {
    if (!MEMBER_ACTIONS.some((name) => name === action)) {
      throw new UsageError(`unknown action "${action}": use status, ${MEMBER_ACTIONS.join(', ')}`);
    }
    return command(conference, ['member', id, action, ...more], options);
  }
  if (more.length > 0) throw new UsageError(`"${more.join(' ')}": status takes no more words`);
  const client = new ApiClient({ socketPath: options.socket });
  const view = await client.get<MemberStatusView>(
    `/conferences/${encodeURIComponent(conference)}/members/${encodeURIComponent(id)}`,
  );
  print(view, options.json, () => memberText(view));
}
