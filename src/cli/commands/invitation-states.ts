import type { InvitationView } from '../../api/invite-routes.ts';

export function isFinished({ status }: InvitationView): boolean {
  return status === 'answered' || status === 'failed';
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
