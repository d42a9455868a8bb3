import { CodedError } from '../base/coded-error.ts';

/** Why a request to Asterisk failed. */
export type AriErrorCode =
  /** No answer: Asterisk is down, not reachable, or too slow. */
  | 'unreachable'
  /** The user or the password is wrong. */
  | 'unauthorized'
  /** The server answers, but it is not an ARI that this program can use. */
  | 'unsuitable'
  /** Another program has registered our application. */
  | 'application-taken'
  | 'application-lost'
  /** Asterisk refused the request; `status` is its HTTP status. */
  | 'refused';

export class AriError extends CodedError<AriErrorCode> {
  /** HTTP status, 0 where there was no answer. */
  readonly status: number;

  constructor(code: AriErrorCode, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(code, message, options);
    this.status = options.status ?? 0;
  }
}

/** Whether Asterisk has no such channel, or the channel is on its way out of the application. */
export function isChannelGone(error: unknown): boolean {
  // 400 and 404: no such channel. 409, 412 and 422: it is leaving.
  return error instanceof AriError && [400, 404, 409, 412, 422].includes(error.status);
}
