/** Why a call or a wait of a soft phone ended badly. Tests tell cases apart by `code`, never by text. */
export type PhoneErrorDetail =
  /** `status` is the SIP status, 0 when there was none. */
  | { readonly code: 'call-failed'; readonly status: number; readonly reason: string }
  | { readonly code: 'wait-timed-out'; readonly waitedFor: string; readonly timeoutMs: number }
  | { readonly code: 'call-ended'; readonly waitedFor: string }
  | { readonly code: 'not-answered' }
  | { readonly code: 'no-audio-kept' }
  | { readonly code: 'bad-keys'; readonly keys: string }
  | { readonly code: 'info-refused'; readonly key: string; readonly status: number }
  | { readonly code: 'bad-sound'; readonly problem: string }
  | { readonly code: 'bank-not-started' }
  | { readonly code: 'bank-stopped' };

export class PhoneError extends Error {
  readonly code: PhoneErrorDetail['code'];
  readonly detail: PhoneErrorDetail;

  constructor(detail: PhoneErrorDetail, options?: ErrorOptions) {
    super(`phone: ${Object.values(detail).join(' ')}`, options);
    this.name = 'PhoneError';
    this.code = detail.code;
    this.detail = detail;
  }

  /** SIP status of a failed call or a refused INFO, else 0. */
  get status(): number {
    return 'status' in this.detail ? this.detail.status : 0;
  }

  /** Reason phrase of a failed call, else ''. */
  get reason(): string {
    return 'reason' in this.detail ? this.detail.reason : '';
  }
}
