import { parseNameAddress } from './address.ts';
import type { SipHeader, SipRequest, SipResponse } from './message.ts';

/** What a call of ours takes from the other side. */
export const ALLOWED_METHODS = 'INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, UPDATE';
/** What a response takes over from its request (RFC 3261, section 8.2.6.2). */
const COPIED = new Set(['via', 'record-route', 'from', 'to', 'call-id', 'cseq']);

/** A response to `request`, RFC 3261 section 8.2.6; `localTag` is added to To when it has none. */
export function responseTo(
  request: SipRequest,
  response: { status: number; reason: string; localTag?: string; headers?: readonly SipHeader[]; body?: string },
): SipResponse {
  const copied: SipHeader[] = request.headers
    .filter(([name]) => COPIED.has(name))
    .map(([name, value]) => {
      const needsTag = name === 'to' && response.localTag !== undefined && parseNameAddress(value).tag === '';
      return [name, needsTag ? `${value};tag=${response.localTag}` : value];
    });
  return {
    kind: 'response',
    status: response.status,
    reason: response.reason,
    headers: [...copied, ['allow', ALLOWED_METHODS], ...(response.headers ?? [])],
    body: response.body ?? '',
  };
}
