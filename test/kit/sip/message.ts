/*
 * SIP messages as far as they are needed here: RFC 3261 sections 7, 20 and 25, over UDP, one message per datagram.
 * Header names are lower-case and in their long form everywhere behind the parser.
 */
export type SipHeader = readonly [name: string, value: string];

export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly SipHeader[];
  readonly body: string;
}

export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly SipHeader[];
  readonly body: string;
}

export type SipMessage = SipRequest | SipResponse;

export type SipProblem = 'empty' | 'no-blank-line' | 'start-line' | 'header-line' | 'missing-header' | 'short-body';

export interface MalformedSip {
  readonly kind: 'malformed';
  readonly problem: SipProblem;
}

const MAX_HEADERS = 100;
const MANDATORY = ['via', 'from', 'to', 'call-id', 'cseq'];
/** Compact forms, RFC 3261 section 7.3.3. */
const LONG_FORM: ReadonlyMap<string, string> = new Map([
  ['v', 'via'],
  ['f', 'from'],
  ['t', 'to'],
  ['i', 'call-id'],
  ['m', 'contact'],
  ['l', 'content-length'],
  ['c', 'content-type'],
  ['k', 'supported'],
]);
/** Headers that may carry several values in one line. From and To may not, and have commas in display names. */
const LISTS = new Set(['via', 'route', 'record-route', 'contact']);

/** Reads the text of one datagram. What is not a whole SIP message comes back as a `malformed` value; never throws. */
export function parseSip(text: string): SipMessage | MalformedSip {
  if (text.trim() === '') return malformed('empty');
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return malformed('no-blank-line');
  const [startLine = '', ...lines] = text
    .slice(0, headEnd)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = parseHeaders(lines);
  if (headers === null) return malformed('header-line');
  if (MANDATORY.some((name) => header({ headers }, name) === '')) return malformed('missing-header');

  const rest = Buffer.from(text.slice(headEnd + 4));
  const given = header({ headers }, 'content-length');
  const lengthBytes = given === '' ? rest.length : Number(given);
  if (!Number.isInteger(lengthBytes) || lengthBytes < 0) return malformed('header-line');
  if (lengthBytes > rest.length) return malformed('short-body');
  const body = rest.toString('utf8', 0, lengthBytes);

  const response = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/.exec(startLine);
  if (response !== null) {
    return { kind: 'response', status: Number(response[1]), reason: response[2] ?? '', headers, body };
  }
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(startLine);
  if (request === null) return malformed('start-line');
  return { kind: 'request', method: request[1] ?? '', uri: request[2] ?? '', headers, body };
}

function parseHeaders(lines: readonly string[]): SipHeader[] | null {
  if (lines.length > MAX_HEADERS) return null;
  const headers: SipHeader[] = [];
  for (const line of lines) {
    const field = /^([\w.!%*+`'~-]+)[ \t]*:(.*)$/.exec(line);
    if (field === null) return null;
    const name = (field[1] ?? '').toLowerCase();
    headers.push([LONG_FORM.get(name) ?? name, (field[2] ?? '').trim()]);
  }
  return headers;
}

function malformed(problem: SipProblem): MalformedSip {
  return { kind: 'malformed', problem };
}

/** The message as one datagram; Content-Length is added here and nowhere else. */
export function formatSip(message: SipMessage): Buffer {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  const lines = message.headers.map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}`);
  const lengthBytes = Buffer.byteLength(message.body);
  return Buffer.from(`${[start, ...lines, `content-length: ${lengthBytes}`].join('\r\n')}\r\n\r\n${message.body}`);
}

/** First value of a header, or '' when the message has none; `name` in lower case. */
export function header(message: Pick<SipMessage, 'headers'>, name: string): string {
  return message.headers.find(([given]) => given === name)?.[1] ?? '';
}

/** Every value of a header in order, comma-separated lists taken apart; `name` in lower case. */
export function headersNamed(message: Pick<SipMessage, 'headers'>, name: string): string[] {
  const values = message.headers.filter(([given]) => given === name).map(([, value]) => value);
  return LISTS.has(name) ? values.flatMap(splitList) : values;
}

/** Splits at commas that are neither quoted nor inside angle brackets. One pass, whatever comes. */
function splitList(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at];
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = !bracketed;
    else if (character === '<') bracketed = true;
    else if (character === '>') bracketed = false;
    else if (character === ',' && !bracketed) {
      parts.push(value.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(value.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
