import { randomBytes } from 'node:crypto';
import { hostPort, parseNameAddress } from './address.ts';
import { header, type SipHeader, type SipMessage, type SipRequest } from './message.ts';
import { ALLOWED_METHODS } from './response.ts';

/** One side of a dialog, RFC 3261 section 12: all that a request inside it is made of. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** From and To values without their tags. */
  readonly local: string;
  readonly remote: string;
  remoteTag: string;
  /** Contact of the other side: request URI of what we send. */
  remoteTarget: string;
  routeSet: readonly string[];
  cseq: number;
}

/** Where our signalling socket is bound. */
export interface LocalSip {
  readonly host: string;
  readonly port: number;
}

/** Magic cookie of RFC 3261, section 8.1.1.7. */
const BRANCH_COOKIE = 'z9hG4bK';

export function randomToken(): string {
  return randomBytes(8).toString('hex');
}

/** Address without a tag, for use as the other end of a dialog. */
export function withoutTag(value: string): string {
  return value.replace(/;\s*tag=[^;]*/i, '');
}

/** A request in the dialog; for the first INVITE the dialog has no remote tag yet. Counts CSeq up, except for ACK. */
export function dialogRequest(
  dialog: Dialog,
  local: LocalSip,
  request: { method: string; headers?: readonly SipHeader[]; body?: string; cseq?: number },
): SipRequest {
  const cseq = request.cseq ?? ++dialog.cseq;
  const user = parseNameAddress(dialog.local).uri.match(/^sips?:([^@]*)@/)?.[1] ?? 'phone';
  return {
    kind: 'request',
    method: request.method,
    uri: dialog.remoteTarget,
    headers: [
      ['via', `SIP/2.0/UDP ${hostPort(local)};rport;branch=${BRANCH_COOKIE}${randomToken()}`],
      ['max-forwards', '70'],
      ['from', `${dialog.local};tag=${dialog.localTag}`],
      ['to', dialog.remoteTag === '' ? dialog.remote : `${dialog.remote};tag=${dialog.remoteTag}`],
      ['call-id', dialog.callId],
      ['cseq', `${cseq} ${request.method}`],
      ['contact', `<sip:${user}@${hostPort(local)}>`],
      ['allow', ALLOWED_METHODS],
      ...dialog.routeSet.map((route) => ['route', route] as const),
      ...(request.headers ?? []),
    ],
    body: request.body ?? '',
  };
}

/** Target refresh: the Contact of a response or re-INVITE (RFC 3261, section 12.2). */
export function learnTarget(dialog: Dialog, message: SipMessage): void {
  const contact = parseNameAddress(header(message, 'contact')).uri;
  if (contact !== '') dialog.remoteTarget = contact;
}
