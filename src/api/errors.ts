import { CodedError } from '../base/coded-error.ts';

export type ApiErrorCode =
  /** The socket belongs to a controller that is running. */
  'socket-in-use' | 'socket-unusable' | 'address-unusable';

export class ApiError extends CodedError<ApiErrorCode> {}
