/** The command line asks for something that does not exist. */
export class UsageError extends Error {
  readonly code = 'bad-request';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
