import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchOf, cseqOf, parseNameAddress, parseSipUri } from '../../../kit/sip/address.ts';
import { formatSip, header, headersNamed, parseSip, type SipMessage } from '../../../kit/sip/message.ts';

const RESPONSE = [
  'SIP/2.0 180 Ringing',
  'v: SIP/2.0/UDP 127.0.0.1:5062;rport;branch=z9hG4bKabc',
  'f: "Ann, \\"A\\"" <sip:100@127.0.0.1>;tag=1',
  't: <sip:3000@127.0.1.1>;tag=2',
  'i: call-1',
  'CSeq: 7 INVITE',
  'Record-Route: <sip:a;lr>, "x,y" <sip:b;lr>',
  'Subject: folded',
  '  line',
  'l: 3',
  '',
  'abcdef',
].join('\r\n');

function parsed(text: string): SipMessage {
  const message = parseSip(text);
  if (message.kind === 'malformed') throw new Error(message.problem);
  return message;
}

describe('a SIP message', () => {
  it('is read with compact, folded and comma-separated headers', () => {
    const message = parsed(RESPONSE);
    expect(message).toMatchObject({ kind: 'response', status: 180, reason: 'Ringing', body: 'abc' });
    expect(branchOf(message)).toBe('z9hG4bKabc');
    expect(cseqOf(message)).toEqual({ number: 7, method: 'INVITE' });
    expect(headersNamed(message, 'record-route')).toEqual(['<sip:a;lr>', '"x,y" <sip:b;lr>']);
    expect(header(message, 'subject')).toBe('folded line');
    expect(parseNameAddress(header(message, 'from'))).toEqual({
      displayName: 'Ann, "A"',
      uri: 'sip:100@127.0.0.1',
      tag: '1',
    });
  });

  it('is the same after it was written and read again', () => {
    const message = parsed(RESPONSE);
    const withoutLength = { ...message, headers: message.headers.filter(([name]) => name !== 'content-length') };
    const again = parsed(formatSip(withoutLength).toString());
    expect({ ...again, headers: again.headers.filter(([name]) => name !== 'content-length') }).toEqual(withoutLength);
  });

  it.each([
    ['', 'empty'],
    ['SIP/2.0 200 OK\r\n', 'no-blank-line'],
    ['SIP/2.0 200 OK\r\n\r\n', 'missing-header'],
    [RESPONSE.replace('180', '99'), 'start-line'],
    [RESPONSE.replace('SIP/2.0 180 Ringing', 'hello'), 'start-line'],
    [RESPONSE.replace('i: call-1', 'no colon'), 'header-line'],
    [RESPONSE.replace('l: 3', 'l: 300'), 'short-body'],
    [RESPONSE.replace('l: 3', 'l: -3'), 'header-line'],
    [RESPONSE.replace('i: call-1\r\n', ''), 'missing-header'],
  ])('that is malformed (%#) is told from a good one', (text, problem) => {
    expect(parseSip(text)).toEqual({ kind: 'malformed', problem });
  });

  it('takes no header for a property of every object', () => {
    const message = parsed(RESPONSE.replace('Subject:', 'constructor:'));
    expect(header(message, 'constructor')).toBe('folded line');
  });

  it('has a CSeq number only when it is one', () => {
    const cseq = (value: string): number => cseqOf(parsed(RESPONSE.replace('7 INVITE', value))).number;
    expect(['12 INVITE', '12x INVITE', '-1 INVITE', '99999999999 INVITE', 'INVITE'].map(cseq)).toEqual([
      12,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('never makes the parser throw', () => {
    const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array).toString('latin1'));
    const cut = fc.tuple(fc.nat(RESPONSE.length), bytes, fc.nat(RESPONSE.length));
    fc.assert(
      fc.property(cut, ([from, inserted, to]) => {
        const message = parseSip(RESPONSE.slice(0, from) + inserted + RESPONSE.slice(to));
        if (message.kind !== 'malformed') {
          branchOf(message);
          cseqOf(message);
          parseNameAddress(header(message, 'to'));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a SIP URI', () => {
  it('has a user, a host and a port', () => {
    expect(parseSipUri('sip:100@127.0.0.1:5070;transport=udp')).toEqual({ user: '100', host: '127.0.0.1', port: 5070 });
    expect(parseSipUri('sip:example.org')).toEqual({ user: '', host: 'example.org', port: 5060 });
    expect(parseSipUri('tel:100')).toBeNull();
    expect(parseSipUri('sip:a@127.0.0.1:70000')).toBeNull();
  });
});

describe('a name and address', () => {
  it.each([
    ['<sip:a@b>;x=y;tag=1', { displayName: '', uri: 'sip:a@b', tag: '1' }],
    ['Ann  <sip:a@b>', { displayName: 'Ann', uri: 'sip:a@b', tag: '' }],
    ['"a <b>; \\"c" <sip:a@b>;tag=2', { displayName: 'a <b>; "c', uri: 'sip:a@b', tag: '2' }],
    ['sip:a@b;tag=3', { displayName: '', uri: 'sip:a@b', tag: '3' }],
    ['"open <sip:a@b>', { displayName: '"open', uri: 'sip:a@b', tag: '' }],
    ['<sip:a@b', { displayName: '', uri: '<sip:a@b', tag: '' }],
    ['', { displayName: '', uri: '', tag: '' }],
  ])('%s is taken apart', (value, parts) => {
    expect(parseNameAddress(value)).toEqual(parts);
  });
});
