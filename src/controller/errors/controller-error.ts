import { CodedError } from '../../base/coded-error.ts';
import type { Refusal } from '../../conference/model/commands.ts';

const CODES = [
  'no-such-conference',
  'no-such-member',
  'no-such-recording',
  'too-many-speakers',
  'not-possible',
  /** Asterisk refused to carry the command out. */
  'asterisk-refused',
  /** Asterisk does not answer. The command takes effect when it does again. */
  'asterisk-unreachable',
  /** The controller does not know yet which conferences there are. */
  'starting',
  'no-such-node',
  /** The node that should do it is down, or has not answered in time: it may have done it. */
  'node-unreachable',
  /** No node takes more calls. */
  'no-room',
] as const;
export type ControllerErrorCode = (typeof CODES)[number];

export function isControllerErrorCode(text: string): text is ControllerErrorCode {
  return CODES.some((code) => code === text);
}

/** Why a command failed. */
export class ControllerError extends CodedError<ControllerErrorCode> {
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
