import type { Logger } from 'winston';
import type { Conference } from '../../conference/model/conference.ts';
import type { InvitationEvent } from '../../invite/invitation.ts';
import { inviteBodySchema, inviteRequest } from '../../invite/request.ts';
import type { Inviter } from './inviter.ts';

export type MemberInvitationsDeps = {
  inviter: Pick<Inviter, 'invite'>;
  logger: Logger;
  /** Reports to a member that the invited person does not come. */
  reportFailure: (conference: string, memberId: number) => void;
};

/** Invitations that members ask for with a key: they learn if one fails. */
export class MemberInvitations {
  readonly #deps: MemberInvitationsDeps;
  /** The member who asked, by invitation. Bounded by the unfinished invitations. */
  readonly #invitedBy = new Map<string, number>();

  constructor(deps: MemberInvitationsDeps) {
    this.#deps = deps;
  }

  invite({ name, settings }: Conference, { target, invitedBy }: { target: string; invitedBy: number }): void {
    const { inviter, logger, reportFailure } = this.#deps;
    const body = inviteBodySchema.parse({ targets: [target] });
    try {
      const into = { conference: name, profileName: settings.profileName };
      const [invitation] = inviter.invite(inviteRequest(body, into));
      if (invitation) this.#invitedBy.set(invitation.id, invitedBy);
    } catch (error) {
      logger.warn(`conference ${name}: member ${invitedBy} could not invite ${target}: ${(error as Error).message}`);
      reportFailure(name, invitedBy);
    }
  }

  changed(name: string, { id, status }: InvitationEvent): void {
    const memberId = this.#invitedBy.get(id);
    if (status === 'answered' || status === 'failed') this.#invitedBy.delete(id);
    if (status === 'failed' && memberId !== undefined) this.#deps.reportFailure(name, memberId);
  }
}
