import type { FlagChanges } from '../conference/model/flags.ts';
import type { FailureReason } from './causes.ts';

/** A person to call: into which conference, and how. */
export type InvitationTerms = {
  readonly conference: string;
  readonly profileName: string;
  /** As it was given: a phone number or an endpoint. */
  readonly target: string;
  /** The endpoint that Asterisk dials for it. */
  readonly endpoint: string;
  /** As in `formatCallerId`; empty for none. */
  readonly callerId: string;
  readonly flags: FlagChanges;
  /** How long it may ring. */
  readonly timeoutMs: number;
  /** How often to call at most. */
  readonly tries: number;
  readonly retryAfterMs: number;
};

/** A call that did not bring the person in. */
export type FailedTry = {
  readonly calledAtMs: number;
  readonly endedAtMs: number;
  readonly reason: FailureReason;
  /** ITU-T Q.850, null where the call did not come that far. */
  readonly cause: number | null;
};

export type InvitationState =
  /** For its turn, or for the next try. */
  | {
      readonly status: 'waiting';
      readonly notBeforeMs: number;
      /** How often Asterisk did not answer to the request for this try: the call may exist. */
      readonly unanswered: number;
    }
  | {
      readonly status: 'calling';
      readonly sinceMs: number;
      /** Asterisk has said that it calls. */
      readonly accepted: boolean;
      readonly unanswered: number;
    }
  /** The call is in the conference, or has been there. */
  | { readonly status: 'answered'; readonly memberChannelId: string; readonly atMs: number }
  | {
      readonly status: 'failed';
      readonly reason: FailureReason;
      readonly atMs: number;
      /** The call that was given up, which may still come into being or be answered. */
      readonly abandonedChannelId: string | null;
    };

export type Invitation = InvitationTerms & {
  readonly id: string;
  readonly createdAtMs: number;
  readonly state: InvitationState;
  /** The tries that failed, at most `tries`. */
  readonly history: readonly FailedTry[];
};

/** An invitation as observers see it. */
export type InvitationEvent = {
  readonly type: 'invitation';
  readonly id: string;
  readonly target: string;
  readonly status: InvitationState['status'];
  /** Why it has failed, or why it waits for another try. */
  readonly reason: FailureReason | null;
  /** The number of the try: 1 is the first. */
  readonly attempt: number;
  readonly tries: number;
};

export function newInvitation(id: string, terms: InvitationTerms, nowMs: number): Invitation {
  const state = { status: 'waiting', notBeforeMs: nowMs, unanswered: 0 } as const;
  return { ...terms, id, createdAtMs: nowMs, state, history: [] };
}

/** The channel of the try that is under way or comes next; the same after a request without an answer. */
export function channelIdOf({ id, history }: Invitation): string {
  return `${id}-${history.length + 1}`;
}

/** The invitation that a channel belongs to, if it is one of an invitation. */
export function invitationIdOf(channelId: string): string {
  return channelId.replace(/-[0-9]+$/, '');
}

export function isFinished({ state }: Invitation): boolean {
  return state.status === 'answered' || state.status === 'failed';
}

export function invitationEvent(invitation: Invitation): InvitationEvent {
  const { id, target, tries, state, history } = invitation;
  const { status } = state;
  const lastReason = status === 'waiting' ? (history.at(-1)?.reason ?? null) : null;
  const reason = state.status === 'failed' ? state.reason : lastReason;
  const attempt = Math.min(history.length + (status === 'failed' ? 0 : 1), tries);
  return { type: 'invitation', id, target, status, reason, attempt, tries };
}
