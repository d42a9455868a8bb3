/** Why the controller did not do what it was asked. */
export type ControllerErrorCode = 'no-such-conference' | 'no-such-member' | 'asterisk-unreachable' | 'asterisk-refused';

export class ControllerError extends Error {
  readonly code: ControllerErrorCode;

  constructor(code: ControllerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ControllerError';
    this.code = code;
  }
}
