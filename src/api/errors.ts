export type ApiErrorCode =
  /** The socket belongs to a controller that is running. */
  'socket-in-use' | 'socket-unusable' | 'address-unusable';

export class ApiError extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
  }
}
