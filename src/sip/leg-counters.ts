import type { SipProblem } from './message.ts';

export type LegDropReason = SipProblem | 'foreign-source' | 'too-long' | 'bad-request' | 'stray-response' | 'stray-ack';

/** What a leg server has seen since it was made. */
export interface LegCounters {
  requests: number;
  /** INVITE, re-INVITE or UPDATE that got our description. */
  accepted: number;
  /** The same, refused. */
  refused: number;
  /** Dialogs that the other side ended. */
  ended: number;
  /** Requests that came again and were answered as before. */
  repeated: number;
  /** Answers and BYEs that were sent again. */
  retransmitted: number;
  /** Given up because no ACK or response came. */
  unanswered: number;
  /** Datagrams that could not be sent. */
  sendErrors: number;
  /** A callback of the owner failed. */
  ownerErrors: number;
  readonly dropped: Record<LegDropReason, number>;
}

export function newLegCounters(): LegCounters {
  return {
    requests: 0,
    accepted: 0,
    refused: 0,
    ended: 0,
    repeated: 0,
    retransmitted: 0,
    unanswered: 0,
    sendErrors: 0,
    ownerErrors: 0,
    dropped: {
      empty: 0,
      'no-blank-line': 0,
      'start-line': 0,
      'header-line': 0,
      'missing-header': 0,
      'short-body': 0,
      'foreign-source': 0,
      'too-long': 0,
      'bad-request': 0,
      'stray-response': 0,
      'stray-ack': 0,
    },
  };
}
