import { type Endpoint, isLoopback } from '../loopback.ts';

/** Why a proxy of impairments cannot do what it is told. */
export type ImpairmentErrorDetail =
  /** Everything here stays on the machine. */
  | { readonly code: 'not-loopback'; readonly address: string }
  | { readonly code: 'bad-impairment'; readonly problems: readonly string[] }
  | { readonly code: 'no-such-link'; readonly from: string; readonly to: string }
  | { readonly code: 'proxy-stopped' };

export class ImpairmentError extends Error {
  readonly code: ImpairmentErrorDetail['code'];
  readonly detail: ImpairmentErrorDetail;

  constructor(detail: ImpairmentErrorDetail) {
    super(`impairment: ${Object.values(detail).flat().join(' ')}`);
    this.name = 'ImpairmentError';
    this.code = detail.code;
    this.detail = detail;
  }
}

/** @throws ImpairmentError `not-loopback` when one of the endpoints is beyond this machine */
export function requireLoopback(...endpoints: readonly Endpoint[]): void {
  for (const { address } of endpoints) {
    if (!isLoopback(address)) throw new ImpairmentError({ code: 'not-loopback', address });
  }
}
