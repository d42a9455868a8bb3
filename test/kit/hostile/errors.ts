/** Why hostile packets cannot be made or sent. */
export type HostileErrorDetail =
  /** Hostile packets never leave the machine. */
  | { readonly code: 'not-loopback'; readonly address: string }
  | { readonly code: 'bad-capture'; readonly offset: number }
  | { readonly code: 'nothing-captured'; readonly waitedMs: number };

export class HostileError extends Error {
  readonly code: HostileErrorDetail['code'];
  readonly detail: HostileErrorDetail;

  constructor(detail: HostileErrorDetail) {
    super(`hostile: ${Object.values(detail).join(' ')}`);
    this.name = 'HostileError';
    this.code = detail.code;
    this.detail = detail;
  }
}
