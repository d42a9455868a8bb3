import { FLAGS } from '../conference/model/flags.ts';
import { formatCallerId } from './caller-id.ts';
import { type FailureReason, PASSING, reasonOfCause } from './causes.ts';
import { channelIdOf, type Invitation, type InvitationEvent, invitationEvent } from './invitation.ts';
import type { OriginateRequest } from './originator.ts';
import { calleeOf } from './target.ts';

/** An event in the life of an invitation. */
export type InviteInput =
  /** It has its turn. */
  | { type: 'dial' }
  /** The answer of Asterisk to the request; `unknown` if it did not answer, and may be calling or not. */
  | { type: 'dialled'; channelId: string; result: 'ok' | 'unknown' | FailureReason }
  | { type: 'answered'; channelId: string }
  /** @param cause ITU-T Q.850 */
  | { type: 'destroyed'; channelId: string; cause: number }
  | { type: 'cancel' }
  | { type: 'tick' };

export type InviteOutput =
  | { type: 'originate'; request: Omit<OriginateRequest, 'application'> }
  | { type: 'hang-up'; channelId: string }
  | { type: 'publish'; event: InvitationEvent };

export type Advanced = { invitation: Invitation; outputs: InviteOutput[] };

/** Asterisk ends a call that is not answered by itself; this much later we no longer believe that it will tell. */
export const GRACE_MS = 10_000;
/** After a request that Asterisk did not answer. */
const ASK_AGAIN_MS = 5000;
const MAX_UNANSWERED = 6;

/** @returns the invitation as it is then, and what is to be done. An event that no longer matters changes nothing. */
export function advance(invitation: Invitation, input: InviteInput, nowMs: number): Advanced {
  const { state } = invitation;
  switch (state.status) {
    case 'waiting':
    case 'calling':
      return advanceOpen(invitation, state, input, nowMs);
    case 'answered':
      return unchanged(invitation);
    case 'failed':
      return afterwards(invitation, state.abandonedChannelId, input);
  }
}

type OpenState = Extract<Invitation['state'], { status: 'waiting' | 'calling' }>;

function advanceOpen(invitation: Invitation, state: OpenState, input: InviteInput, nowMs: number): Advanced {
  const channelId = channelIdOf(invitation);
  if ('channelId' in input && input.channelId !== channelId) return unchanged(invitation);
  switch (input.type) {
    case 'dial':
      return state.status === 'waiting' ? dial(invitation, state, nowMs) : unchanged(invitation);
    case 'dialled':
      return state.status === 'calling' ? dialled(invitation, state, input.result, nowMs) : unchanged(invitation);
    case 'answered':
      return published({ ...invitation, state: { status: 'answered', memberChannelId: channelId, atMs: nowMs } });
    case 'destroyed':
      return tryFailed(invitation, reasonOfCause(input.cause), input.cause, nowMs);
    case 'cancel':
      return cancel(invitation, state, nowMs);
    case 'tick': {
      const overdue = state.status === 'calling' && nowMs >= state.sinceMs + invitation.timeoutMs + GRACE_MS;
      if (!overdue) return unchanged(invitation);
      return withOutput(tryFailed(invitation, 'no-answer', null, nowMs), { type: 'hang-up', channelId });
    }
  }
}

function dial(invitation: Invitation, state: Extract<OpenState, { status: 'waiting' }>, nowMs: number): Advanced {
  const { conference, profileName, flags, callerId, endpoint, timeoutMs, target, id } = invitation;
  const words = FLAGS.filter((flag) => flags[flag] !== undefined).map((flag) => `${flags[flag] ? '+' : '-'}${flag}`);
  const request = {
    channelId: channelIdOf(invitation),
    endpoint,
    args: ['join', conference, profileName, ...words],
    callerId,
    timeoutSeconds: Math.ceil(timeoutMs / 1000),
    // Before the call is made: the phone shows `callerId`, but the member has the number that was called.
    variables: { 'CALLERID(all)': formatCallerId(calleeOf(target)), ROSTRUM_INVITATION: id },
  };
  const { unanswered } = state;
  const calling = published({
    ...invitation,
    state: { status: 'calling', sinceMs: nowMs, accepted: false, unanswered },
  });
  return withOutput(calling, { type: 'originate', request });
}

function dialled(
  invitation: Invitation,
  state: Extract<OpenState, { status: 'calling' }>,
  result: Extract<InviteInput, { type: 'dialled' }>['result'],
  nowMs: number,
): Advanced {
  if (result === 'ok') return unchanged({ ...invitation, state: { ...state, accepted: true } });
  if (result !== 'unknown') return tryFailed(invitation, result, null, nowMs);
  // Asked again with the same channel id, which Asterisk has only once: nobody is called twice at a time.
  const unanswered = state.unanswered + 1;
  if (unanswered < MAX_UNANSWERED) {
    return published({ ...invitation, state: { status: 'waiting', notBeforeMs: nowMs + ASK_AGAIN_MS, unanswered } });
  }
  const channelId = channelIdOf(invitation);
  return withOutput(tryFailed(invitation, 'failed', null, nowMs), { type: 'hang-up', channelId });
}

function cancel(invitation: Invitation, state: OpenState, nowMs: number): Advanced {
  const channelId = channelIdOf(invitation);
  // Without Asterisk's answer the call may not exist yet; it is hung up when the answer has come, see `afterwards`.
  const exists = state.status === 'calling' && state.accepted;
  const mayExist = state.status === 'calling' || state.unanswered > 0;
  const failed = published({
    ...invitation,
    state: { status: 'failed', reason: 'cancelled', atMs: nowMs, abandonedChannelId: mayExist ? channelId : null },
    history: mayExist ? [...invitation.history, tryOf(state, 'cancelled', null, nowMs)] : invitation.history,
  });
  return exists || state.unanswered > 0 ? withOutput(failed, { type: 'hang-up', channelId }) : failed;
}

/** Ends the call of a finished invitation: nobody wants it any more, and it must not get into the conference. */
function afterwards(invitation: Invitation, abandonedChannelId: string | null, input: InviteInput): Advanced {
  const exists = input.type === 'answered' || (input.type === 'dialled' && ['ok', 'unknown'].includes(input.result));
  if (!exists || input.channelId !== abandonedChannelId) return unchanged(invitation);
  return withOutput(unchanged(invitation), { type: 'hang-up', channelId: input.channelId });
}

function tryFailed(invitation: Invitation, reason: FailureReason, cause: number | null, nowMs: number): Advanced {
  const { state, tries, retryAfterMs } = invitation;
  if (state.status !== 'calling' && state.status !== 'waiting') return unchanged(invitation);
  const history = [...invitation.history, tryOf(state, reason, cause, nowMs)];
  if (PASSING.has(reason) && history.length < tries) {
    const waiting = { status: 'waiting', notBeforeMs: nowMs + retryAfterMs, unanswered: 0 } as const;
    return published({ ...invitation, history, state: waiting });
  }
  const abandonedChannelId = cause === null ? channelIdOf(invitation) : null;
  return published({ ...invitation, history, state: { status: 'failed', reason, atMs: nowMs, abandonedChannelId } });
}

function tryOf(state: OpenState, reason: FailureReason, cause: number | null, nowMs: number) {
  return { calledAtMs: state.status === 'calling' ? state.sinceMs : nowMs, endedAtMs: nowMs, reason, cause };
}

function unchanged(invitation: Invitation): Advanced {
  return { invitation, outputs: [] };
}

function published(invitation: Invitation): Advanced {
  return { invitation, outputs: [{ type: 'publish', event: invitationEvent(invitation) }] };
}

function withOutput({ invitation, outputs }: Advanced, output: InviteOutput): Advanced {
  return { invitation, outputs: [...outputs, output] };
}
