import { isIPv6 } from 'node:net';
import { header, type SipMessage } from './message.ts';

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
const MAX_PORT = 65_535;

/** Reads a From, To, Contact or Route value in one pass; never throws, missing parts are ''. */
export function parseNameAddress(value: string): NameAddress {
  const { name, end } = takeDisplayName(value);
  const open = value.indexOf('<', end);
  const close = value.indexOf('>', open);
  if (open >= 0 && close >= 0) {
    const displayName = name ?? value.slice(0, open).trim();
    return { displayName, uri: value.slice(open + 1, close), tag: parameter(value.slice(close + 1), 'tag') };
  }
  const [uri = ''] = value.split(';', 1);
  return { displayName: '', uri: uri.trim(), tag: parameter(value.slice(uri.length), 'tag') };
}

/** A quoted name at the beginning, and where it ends; null when there is none. */
function takeDisplayName(value: string): { name: string | null; end: number } {
  const start = value.length - value.trimStart().length;
  if (value[start] !== '"') return { name: null, end: 0 };
  let name = '';
  for (let at = start + 1; at < value.length; at++) {
    if (value[at] === '"') return { name, end: at + 1 };
    if (value[at] === '\\') at++;
    name += value[at] ?? '';
  }
  return { name: null, end: 0 };
}

/** Value of `;name=value` in a header's parameters, or ''. */
export function parameter(parameters: string, name: string): string {
  for (const part of parameters.split(';')) {
    const [key = '', value = ''] = part.split('=', 2);
    if (key.trim().toLowerCase() === name) return value.trim();
  }
  return '';
}

/** Null when it is no `sip:` URI, or has an impossible port. */
export function parseSipUri(uri: string): SipUri | null {
  const match = /^sips?:(?:([^@]*)@)?(\[[\dA-F:.]+\]|[^:;?>]+)(?::(\d{1,5}))?/i.exec(uri);
  const port = Number(match?.[3] ?? DEFAULT_SIP_PORT);
  if (match === null || port === 0 || port > MAX_PORT) return null;
  return { user: match[1] ?? '', host: (match[2] ?? '').replace(/^\[|\]$/g, ''), port };
}

export interface SipServer {
  readonly host: string;
  readonly port: number;
}

/** Host and port as in a URI or Via (RFC 3261, section 25.1). */
export function hostPort({ host, port }: SipServer): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Branch of the topmost Via: the name of the transaction (RFC 3261, section 17.1.3). */
export function branchOf(message: SipMessage): string {
  return parameter(header(message, 'via'), 'branch');
}

/** Number and method of the CSeq header; the number is NaN when malformed. */
export function cseqOf(message: SipMessage): { number: number; method: string } {
  const [number = '', method = ''] = header(message, 'cseq').trim().split(/\s+/);
  return { number: /^\d{1,10}$/.test(number) ? Number(number) : Number.NaN, method };
}
