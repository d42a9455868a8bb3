import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../../api/client.ts';
import type { InvitationView } from '../../api/invite-routes.ts';
import { UsageError } from '../options/errors.ts';
import type { InviteOptions } from '../options/invite.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { print, terminalWidth } from '../terminal/print.ts';
import { table } from '../text/table.ts';
import { isFinished, latestStates } from './invitation-states.ts';

const POLL_MS = 250;

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
  const { speaker, admin, flags, skipPin, callerId, profile } = options;
  return {
    targets,
    ...(speaker && { speaker }),
    ...(admin && { admin }),
    ...(flags && { flags }),
    ...(skipPin && { skipPin }),
    ...(callerId && { callerId }),
    ...(profile && { profile }),
    ...numberOf('timeoutSeconds', options.timeout),
    ...numberOf('tries', options.tries),
    ...numberOf('retrySeconds', options.retry),
  };
}

function numberOf(key: string, text: string | undefined): object {
  if (text === undefined) return {};
  if (!/^\d{1,5}$/.test(text)) throw new UsageError(`"${text}" is not a whole number`);
  return { [key]: Number(text) };
}

/** Prints each change until all are finished. */
async function follow(
  client: ApiClient,
  path: string,
  invited: readonly InvitationView[],
  options: InviteOptions,
): Promise<readonly InvitationView[]> {
  const told = new Map<string, string>();
  let states = invited;
  for (;;) {
    states = latestStates(states, await client.get<InvitationView[]>(path));
    for (const invitation of states) {
      const { id, target, status, reason, tries, mostTries } = invitation;
      const line = `${target}: ${status}${reason ? ` (${reason})` : ''}, try ${tries} of ${mostTries}`;
      if (told.get(id) === line) continue;
      told.set(id, line);
      process.stdout.write(`${options.json ? JSON.stringify(invitation) : line}\n`);
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
