import { describe, expect, it } from 'vitest';
import { identityOf, legIdOf } from '../../../src/sip/leg-identity.ts';

describe('the identity of a leg in a call', () => {
  it('is always the same for the same leg and Call-ID, and only for those', () => {
    expect(identityOf('leg-1', 'abc')).toEqual(identityOf('leg-1', 'abc'));
    expect(identityOf('leg-1', 'abc').tag).toMatch(/^[0-9a-f]{24}$/);
    const others = [identityOf('leg-1', 'abd'), identityOf('leg-2', 'abc'), identityOf('leg-', '1abc')];
    expect(others.map(({ tag }) => tag)).not.toContain(identityOf('leg-1', 'abc').tag);
  });

  it('has a session id that fits into 31 bits', () => {
    for (let i = 0; i < 100; i++) expect(identityOf('leg', String(i)).sessionId).toBeLessThan(2 ** 31);
  });
});

describe('the id of a leg', () => {
  it.each([
    ['sip:leg-1@127.0.0.1:5070', 'leg-1'],
    ['sip:1700000000.12@127.0.0.1;transport=udp', '1700000000.12'],
    ['sip:127.0.0.1', null],
    ['sip:@127.0.0.1', null],
    ['sip:a%40b@127.0.0.1', null],
    ['sip:a b@127.0.0.1', null],
    [`sip:${'a'.repeat(101)}@127.0.0.1`, null],
    ['tel:100', null],
  ])('in %s is %s', (uri, legId) => {
    expect(legIdOf(uri)).toBe(legId);
  });
});
