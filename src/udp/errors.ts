import { CodedError } from '../base/coded-error.ts';

/**
 * A socket operation has failed. `code` is the name of the errno: 'EADDRINUSE', 'EADDRNOTAVAIL', 'EMFILE', 'EINVAL',
 * 'ENOTSUP', ...
 */
export class UdpError extends CodedError<string> {
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(code, `${message}: ${code}`, options);
  }
}
