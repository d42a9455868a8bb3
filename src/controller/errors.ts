import type { Refusal } from '../conference/commands.ts';

export type ControllerErrorCode =
  | 'no-such-conference'
  | Refusal['code']
  /** Asterisk refused to carry the command out. */
  | 'asterisk-refused'
  /** Asterisk does not answer. The command takes effect when it does again. */
  | 'asterisk-unreachable';

/** Why a command failed. */
export class ControllerError extends Error {
  readonly code: ControllerErrorCode;

  constructor(code: ControllerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ControllerError';
    this.code = code;
  }

  static of(refusal: Refusal, conference: string): ControllerError {
    return new ControllerError(refusal.code, explain(refusal, conference));
  }
}

function explain(refusal: Refusal, conference: string): string {
  switch (refusal.code) {
    case 'no-such-member':
      return `no member ${refusal.memberId} in conference ${conference}`;
    case 'too-many-speakers':
      return `conference ${conference} has ${refusal.limit} speakers already, as many as its profile allows`;
    case 'not-possible':
      return `conference ${conference}: ${refusal.message}`;
  }
}
