/** Why somebody could not be invited. */
export type FailureReason =
  | 'busy'
  | 'no-answer'
  /** The call was declined. */
  | 'rejected'
  /** The phone cannot be reached now. */
  | 'unreachable'
  /** There is no such number or endpoint. */
  | 'invalid'
  | 'cancelled'
  | 'failed';

/** Causes that another try may change. */
export const PASSING: ReadonlySet<FailureReason> = new Set(['busy', 'no-answer', 'unreachable']);

/** ITU-T Q.850, table 1; which SIP status gives which cause is `hangup_sip2cause` of Asterisk. */
const REASON_OF: Readonly<Record<number, FailureReason>> = {
  1: 'invalid', // unallocated number; SIP 404
  2: 'unreachable', // no route to the transit network
  3: 'unreachable', // no route to the destination
  17: 'busy', // SIP 486, 600
  18: 'no-answer', // no user responding; SIP 408
  19: 'no-answer', // alerting, no answer; SIP 480, and the end of the originate's time-out
  20: 'unreachable', // subscriber absent
  21: 'rejected', // SIP 401, 403, 603
  22: 'invalid', // number changed; SIP 410
  27: 'unreachable', // destination out of order; SIP 502
  28: 'invalid', // address incomplete; SIP 484
  29: 'rejected', // facility rejected
  34: 'unreachable', // no circuit, congestion; SIP 503
  38: 'unreachable', // network out of order; SIP 500
  41: 'unreachable', // temporary failure
  42: 'unreachable', // congestion in the switch
  44: 'unreachable', // requested circuit not available
  47: 'unreachable', // resource unavailable
  102: 'no-answer', // a timer expired; SIP 504
};

/** Why a call that was not answered ended, by its Q.850 cause. */
export function reasonOfCause(cause: number): FailureReason {
  return REASON_OF[cause] ?? 'failed';
}
