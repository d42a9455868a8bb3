import { describe, expect, it } from 'vitest';
import { formatCallerId, parseCallerId } from '../../../src/invite/caller-id.ts';
import { calleeOf, endpointOf, endpointsOf, isEndpointTemplate } from '../../../src/invite/target.ts';

const NUMBERS = { endpoint: 'PJSIP/{number}@provider', allowEndpoints: false };
const BOTH = { ...NUMBERS, allowEndpoints: true };

describe('what an invitation calls', () => {
  it.each(['100', '+49301234567', '*98', '#31#', '0'])('is the phone number %s', (number) => {
    expect(endpointOf(number, NUMBERS)).toBe(`PJSIP/${number}@provider`);
  });

  it.each([
    '',
    '+',
    '1+1',
    '49 30 1234',
    '+49 (0)30',
    'alice',
    '100,30',
    '100&101',
    '100@other',
    '100/x',
    '100\n',
    '１００',
    '{number}',
    '$1',
    '1'.repeat(33),
    'PJSIP/100',
  ])('is not %j', (target) => {
    expect(() => endpointOf(target, NUMBERS)).toThrow(expect.objectContaining({ code: 'bad-target' }));
  });

  it.each([
    'PJSIP/phone-1',
    'PJSIP/+4930@provider.example',
    'PJSIP/anonymous/sip:100@127.0.0.1:5070',
    'PJSIP/trunk/sips:alice@[2001:db8::1]:5061;transport=tls',
    'PJSIP/trunk/sip:host.example',
  ])('is the endpoint %s where endpoints may be named', (endpoint) => {
    expect(endpointOf(endpoint, BOTH)).toBe(endpoint);
    expect(() => endpointOf(endpoint, NUMBERS)).toThrow(expect.objectContaining({ code: 'bad-target' }));
  });

  it.each([
    'PJSIP/',
    'PJSIP/a,30,tT',
    'PJSIP/a&PJSIP/b',
    'PJSIP/a/b/c',
    'PJSIP/a/sip:b@c?Replaces=x',
    'PJSIP/a/sip:b@c\r\nX: y',
    'PJSIP/a/sip:b@c,d',
    'PJSIP/a/sip:%0d%0a@c',
    'PJSIP/a/sip:b@c b',
    'PJSIP/../a',
    'pjsip/a',
    'Local/s@default',
    'SIP/100',
    'PJSIP/a\n',
  ])('is not the endpoint %j', (endpoint) => {
    expect(() => endpointOf(endpoint, BOTH)).toThrow(expect.objectContaining({ code: 'bad-target' }));
  });

  it('cannot be a phone number where nobody has said how to call those', () => {
    expect(() => endpointOf('100', { endpoint: null, allowEndpoints: true })).toThrow(
      expect.objectContaining({ code: 'no-invite-endpoint' }),
    );
  });

  it('is each of a list once, and all of it or nobody', () => {
    expect([...endpointsOf(['2', '1', '2'], NUMBERS).keys()]).toEqual(['2', '1']);
    expect(() => endpointsOf(['1', 'x', 'y'], NUMBERS)).toThrow(/"x" cannot be called.*"y" cannot be called/);
  });
});

it.each([
  ['+4930', { number: '+4930', name: '' }],
  ['PJSIP/*98@provider', { number: '*98', name: '' }],
  ['PJSIP/trunk/sip:100@host:5060;transport=tcp', { number: '100', name: '' }],
  ['PJSIP/alice', { number: '', name: 'alice' }],
  ['PJSIP/trunk/sips:alice@host', { number: '', name: 'alice@host' }],
])('a person who is called at %s is known as %o', (target, callee) => {
  expect(calleeOf(target)).toEqual(callee);
  expect(calleeOf(target).number || parseCallerId(`"${callee.name}" <1>`)?.name).toBeTruthy();
});

it.each([
  ['PJSIP/{number}@provider', true],
  ['PJSIP/provider/sip:{number}@sip.example:5060', true],
  ['Local/{number}@outgoing', true],
  ['PJSIP/provider', false],
  ['{number}', false],
  ['PJSIP/{number}@a,30', false],
  ['PJSIP/{number}@a&PJSIP/b', false],
  ['PJSIP/{name}@{number}', false],
])('whether %s is a template: %s', (template, is) => {
  expect(isEndpointTemplate(template)).toBe(is);
});

describe('the caller id of an invitation', () => {
  it.each([
    ['5551', '<5551>'],
    ['Board meeting <+49301>', '"Board meeting" <+49301>'],
    ['"Zoë" <1>', '"Zoë" <1>'],
  ])('is read from %s', (text, formatted) => {
    const callerId = parseCallerId(text);
    expect(callerId && formatCallerId(callerId)).toBe(formatted);
  });

  it.each(['', 'Board', '<>', 'a" <1>"b" <2>', 'a,b <1>', 'a\r\nX: y <1>', 'a <1>;x', '5551 5552'])(
    'is not %j',
    (text) => {
      expect(parseCallerId(text)).toBeNull();
    },
  );
});
