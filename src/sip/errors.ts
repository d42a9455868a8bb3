/** A SIP server was used in a wrong way. What comes from the network is no error, it is counted. */
export class SipError extends Error {
  override readonly name = 'SipError';
  readonly code: 'not-started';

  constructor(code: SipError['code'], options?: ErrorOptions) {
    super(`SIP server: ${code}`, options);
    this.code = code;
  }
}
