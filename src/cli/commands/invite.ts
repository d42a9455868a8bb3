import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../../api/client.ts';
import type { InvitationView } from '../../api/invite-routes.ts';
import { jsonText } from '../../base/json-text.ts';
import type { ClientOptions } from '../options/common.ts';
import { UsageError } from '../options/errors.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { table } from '../text/table.ts';

const POLL_MS = 250;

type InviteOptions = ClientOptions & {
  profile?: string;
  speaker?: true;
  admin?: true;
  flags?: string[];
  skipPin?: true;
  callerId?: string;
  timeout?: string;
  tries?: string;
  retry?: string;
  wait?: true;
  list?: true;
  cancel?: string;
};

/** `rostrum invite <conference> <target>...` */
export async function invite(conference: string, targets: readonly string[], options: InviteOptions): Promise<void> {
  const client = new ApiClient({ socketPath: options.socket });
  const path = `/conferences/${encodeURIComponent(conference)}/invitations`;
  if (options.cancel) {
    return show([await client.delete<InvitationView>(`${path}/${encodeURIComponent(options.cancel)}`)], options);
  }
  if (options.list) return show(await client.get<InvitationView[]>(path), options);
  if (targets.length === 0) throw new UsageError('invite: name the phone numbers to call, or use --list');
  const invited = await client.post<InvitationView[]>(path, bodyOf(targets, options));
  if (!options.wait) return show(invited, options);
  const finished = await follow(client, path, invited, options);
  if (finished.some(({ status }) => status === 'failed')) process.exitCode = EXIT.failed;
}

function bodyOf(targets: readonly string[], options: InviteOptions): object {
  const { speaker, admin, flags, skipPin, callerId, profile, timeout, tries, retry } = options;
  return {
    targets,
    speaker,
    admin,
    flags,
    skipPin,
    callerId: callerId || undefined,
    profile: profile || undefined,
    timeoutSeconds: numberIn(timeout),
    tries: numberIn(tries),
    retrySeconds: numberIn(retry),
  };
}

function numberIn(text: string | undefined): number | undefined {
  if (text !== undefined && !/^\d{1,5}$/.test(text)) throw new UsageError(`"${text}" is not a whole number`);
  return text === undefined ? undefined : Number(text);
}

/**
 * The last known states of invitations that are followed. The controller forgets finished ones after a while, and all when it
 * is restarted: of a finished one the last word counts, and one that was not finished has failed.
 * @param known as they were last
 * @param listed as the controller lists them now, with others among them
 * @returns the followed ones, in their order
 */
export function latestStates(known: readonly InvitationView[], listed: readonly InvitationView[]): InvitationView[] {
  const now = new Map(listed.map((invitation) => [invitation.id, invitation]));
  return known.map((last) => {
    const found = now.get(last.id);
    if (found || isFinished(last)) return found ?? last;
    return { ...last, status: 'failed', reason: 'forgotten' };
  });
}

export function isFinished({ status }: InvitationView): boolean {
  return status === 'answered' || status === 'failed';
}

/** Prints each change until all are finished. */
async function follow(
  client: ApiClient,
  path: string,
  invited: readonly InvitationView[],
  options: InviteOptions,
): Promise<readonly InvitationView[]> {
  const printed = new Map<string, string>();
  let states = invited;
  for (;;) {
    states = latestStates(states, await client.get<InvitationView[]>(path));
    for (const invitation of states) {
      const { id, target, status, reason, tries, mostTries } = invitation;
      const line = `${target}: ${status}${reason ? ` (${reason})` : ''}, try ${tries} of ${mostTries}`;
      if (printed.get(id) === line) continue;
      printed.set(id, line);
      process.stdout.write(`${options.json ? jsonText(invitation) : line}\n`);
    }
    if (states.every(isFinished)) return states;
    await sleep(POLL_MS);
  }
}

function show(invitations: readonly InvitationView[], { json }: InviteOptions): void {
  print(invitations, json, () =>
    invitations.length === 0
      ? 'no invitations'
      : table(
          ['ID', 'TARGET', 'STATUS', 'REASON', 'TRIES'],
          invitations.map((i) => [i.id, i.target, i.status, i.reason ?? '-', `${i.tries} of ${i.mostTries}`]),
          terminalWidth(),
        ),
  );
}
