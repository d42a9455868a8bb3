import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redirectUri, userOf, wasRedirected } from '../../../src/cluster/redirect-uri.ts';

describe('where a redirected caller is sent', () => {
  it('is the number that was dialled, at the other node', () => {
    expect(redirectUri('sip:192.0.2.1:5060', '3000', 'lyon')).toBe('sip:3000@192.0.2.1:5060;rostrum=lyon');
    expect(redirectUri('sip:[2001:db8::1]:5060', '3000', 'lyon')).toBe('sip:3000@[2001:db8::1]:5060;rostrum=lyon');
  });

  it('keeps how the other node is to be called, but no user and no headers', () => {
    expect(redirectUri('sips:x@host.example;transport=tcp', '+49*30#', 'a')).toBe(
      'sips:+49*30%23@host.example;transport=tcp;rostrum=a',
    );
    expect(redirectUri('sip:host?Subject=x', '3000', 'a')).toBe('sip:3000@host;rostrum=a');
  });

  it('is nowhere if that is no SIP URI, or nothing was dialled', () => {
    expect(redirectUri('tel:123', '3000', 'a')).toBeNull();
    expect(redirectUri('sip:host', '', 'a')).toBeNull();
  });

  it('says that the caller was redirected, and the number, whatever was dialled', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }), (number) => {
        const uri = redirectUri('sip:192.0.2.1:5060', number, 'lyon') ?? '';
        expect(wasRedirected(uri)).toBe(true);
        expect(userOf(uri)).toBe(number);
      }),
    );
  });
});

describe('a request URI', () => {
  it('without the parameter of a node is that of a caller who was not redirected', () => {
    for (const uri of ['sip:3000@host', 'sip:rostrum@host', 'sip:3000@host;transport=udp', 'sip:1@h;xrostrum=a', '']) {
      expect(wasRedirected(uri)).toBe(false);
    }
    expect(wasRedirected('<sip:3000@host;transport=udp;Rostrum=oslo>')).toBe(true);
    expect(wasRedirected('sip:3000@host;rostrum')).toBe(true);
  });

  it('has a user, unless it has none', () => {
    expect(userOf('sip:3000;phone-context=x@host')).toBe('3000');
    expect(userOf('sip:host')).toBe('');
    expect(userOf('sip:%zz@host')).toBe('');
  });
});
