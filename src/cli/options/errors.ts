import { CodedError } from '../../base/coded-error.ts';

/** The command line asks for something that does not exist. */
export class UsageError extends CodedError<'bad-request'> {
  constructor(message: string) {
    super('bad-request', message);
  }
}
