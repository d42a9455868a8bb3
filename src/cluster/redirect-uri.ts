/**
 * The parameter that a redirected caller carries in the URI that is called next, with the name of the sending node.
 * RFC 3261 section 8.1.3.4 makes the Contact of a 3xx, with its parameters, the request URI of the next INVITE; headers
 * such as Diversion are carried along by nobody.
 */
const MARKER = 'rostrum';

/** The characters of a user part (RFC 3261 section 25.1) that have no other meaning to anything on the way. */
const NEEDS_NO_ESCAPE = /^[A-Za-z0-9\-_.!~*'()+]$/;

/**
 * Where a caller is sent: the number that was dialled, at another node.
 * @param sip where phones reach that node, `sip:host[:port][;parameters]`
 * @param from the node that sends the caller
 * @returns null if that is no SIP URI
 */
export function redirectUri(sip: string, number: string, from: string): string | null {
  const match = /^(sips?:)(?:[^@;?]*@)?([^;?@\s]+)(;[^?\s]*)?/i.exec(sip);
  if (!match || number === '') return null;
  const [, scheme, hostPort, parameters = ''] = match;
  return `${scheme}${escapeUser(number)}@${hostPort}${parameters};${MARKER}=${from}`;
}

/** Whether a caller of this request URI was redirected by a node, or was sent by an SBC that has asked one. */
export function wasRedirected(requestUri: string): boolean {
  const [, ...parameters] = requestUri.split(/[?>]/, 1)[0]?.split(';') ?? [];
  return parameters.some((parameter) => new RegExp(`^${MARKER}(=|$)`, 'i').test(parameter.trim()));
}

/** The user part of a request URI, without parameters of its own; '' if there is none. */
export function userOf(requestUri: string): string {
  const user = /^<?sips?:([^@;?]*)[^@]*@/i.exec(requestUri)?.[1] ?? '';
  try {
    return decodeURIComponent(user);
  } catch {
    return '';
  }
}

function escapeUser(number: string): string {
  return [...number].map((each) => (NEEDS_NO_ESCAPE.test(each) ? each : encodeURIComponent(each))).join('');
}
