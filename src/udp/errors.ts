/**
 * A socket that could not be had. `code` is the name of the errno: 'EADDRINUSE', 'EADDRNOTAVAIL', 'EMFILE', 'EINVAL',
 * 'ENOTSUP', ...
 */
export class UdpError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(`${message}: ${code}`, options);
    this.name = 'UdpError';
    this.code = code;
  }
}
