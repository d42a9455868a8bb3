import { isIPv4 } from 'node:net';
import { header, type SipMessage } from './sip-message.ts';

/** `"Ann" <sip:100@host:5060>;tag=x` taken apart (RFC 3261, section 20.10). */
export interface NameAddress {
  readonly displayName: string;
  readonly uri: string;
  /** Header parameters, not those of the URI. */
  readonly tag: string;
}

export interface SipUri {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

const DEFAULT_SIP_PORT = 5060;

/** Reads a From, To, Contact or Route value; never throws, missing parts are ''. */
export function parseNameAddress(value: string): NameAddress {
  const match = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>(.*)$/.exec(value);
  if (match !== null) {
    const displayName = (match[1] ?? match[2] ?? '').replace(/\\(.)/g, '$1');
    return { displayName, uri: match[3] ?? '', tag: parameter(match[4] ?? '', 'tag') };
  }
  const [uri = ''] = value.split(';');
  return { displayName: '', uri: uri.trim(), tag: parameter(value.slice(uri.length), 'tag') };
}

/** Value of `;name=value` in a header's parameters, or ''. */
export function parameter(parameters: string, name: string): string {
  for (const part of parameters.split(';')) {
    const [key = '', value = ''] = part.split('=', 2);
    if (key.trim().toLowerCase() === name) return value.trim();
  }
  return '';
}

/** Null when it is no `sip:` URI. */
export function parseSipUri(uri: string): SipUri | null {
  const match = /^sips?:(?:([^@]*)@)?([^:;?>]+)(?::(\d+))?/i.exec(uri);
  if (match === null) return null;
  return { user: match[1] ?? '', host: match[2] ?? '', port: Number(match[3] ?? DEFAULT_SIP_PORT) };
}

export interface SipServer {
  readonly host: string;
  readonly port: number;
}

/** Where to send a request with this URI; a host name cannot be resolved here and falls back to `fallback`. */
export function addressOfUri(uri: string, fallback: SipServer): SipServer {
  const parsed = parseSipUri(uri);
  return parsed !== null && isIPv4(parsed.host) ? { host: parsed.host, port: parsed.port } : fallback;
}

export function quoteDisplayName(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/** Branch of the topmost Via: the name of the transaction (RFC 3261, section 17.1.3). */
export function branchOf(message: SipMessage): string {
  return parameter(header(message, 'via'), 'branch');
}

/** Number and method of the CSeq header; the number is NaN when malformed. */
export function cseqOf(message: SipMessage): { number: number; method: string } {
  const [number = '', method = ''] = header(message, 'cseq').trim().split(/\s+/);
  return { number: Number.parseInt(number, 10), method };
}
