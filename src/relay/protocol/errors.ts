import { CodedError } from '../../base/coded-error.ts';

export type RelayErrorCode = 'socket-in-use' | 'socket-unusable' | 'no-port' | 'not-handed-over';

/** The relay cannot run, or cannot do what was requested. */
export class RelayError extends CodedError<RelayErrorCode> {}
