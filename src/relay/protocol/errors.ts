export type RelayErrorCode = 'socket-in-use' | 'socket-unusable' | 'no-port' | 'not-handed-over';

/** What keeps the relay from running, or from doing what is wanted. */
export class RelayError extends Error {
  readonly code: RelayErrorCode;

  constructor(code: RelayErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RelayError';
    this.code = code;
  }
}
