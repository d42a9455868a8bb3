import { isIP } from 'node:net';
import { parseNameAddress, parseSipUri, type SipServer } from '../sip/address.ts';
import { type Dialog, learnTarget } from '../sip/dialog.ts';
import { header, headersNamed, type SipRequest, type SipResponse } from '../sip/message.ts';

/** The calling side of a dialog, which a relay never is. */

/** CANCEL of an INVITE still without final answer: same branch and CSeq number (RFC 3261, section 9.1). */
export function cancelOf(invite: SipRequest): SipRequest {
  const kept = new Set(['via', 'max-forwards', 'from', 'to', 'call-id', 'route']);
  const cseq = header(invite, 'cseq').replace('INVITE', 'CANCEL');
  const headers = invite.headers.filter(([name]) => kept.has(name));
  return { ...invite, method: 'CANCEL', headers: [...headers, ['cseq', cseq]], body: '' };
}

/** Takes tag, Contact and (reversed) Record-Route of a response to our INVITE. */
export function learnFromResponse(dialog: Dialog, response: SipResponse): void {
  const tag = parseNameAddress(header(response, 'to')).tag;
  if (tag !== '') dialog.remoteTag = tag;
  learnTarget(dialog, response);
  const recorded = headersNamed(response, 'record-route');
  if (recorded.length > 0) dialog.routeSet = recorded.toReversed();
}

/** Where the next request goes: the first route, else the remote target. */
export function nextHop(dialog: Dialog, fallback: SipServer): SipServer {
  const route = dialog.routeSet[0];
  return addressOfUri(route === undefined ? dialog.remoteTarget : parseNameAddress(route).uri, fallback);
}

/** Where to send a request with this URI; a host name cannot be resolved here and falls back to `fallback`. */
function addressOfUri(uri: string, fallback: SipServer): SipServer {
  const parsed = parseSipUri(uri);
  return parsed !== null && isIP(parsed.host) > 0 ? { host: parsed.host, port: parsed.port } : fallback;
}
