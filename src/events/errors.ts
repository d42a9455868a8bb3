import { CodedError } from '../base/coded-error.ts';

/**
 * Why an event channel cannot start.
 * - `port-taken`: another program listens on its port
 * - `cannot-listen`: anything else about the listen address, such as one that this machine does not have
 * - `invalid-name`: a node id, cluster name or subject prefix that cannot be used
 */
export type EventChannelErrorCode = 'port-taken' | 'cannot-listen' | 'invalid-name';

export class EventChannelError extends CodedError<EventChannelErrorCode> {}
