import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { deriveKey } from '../../../src/events/derive-key.ts';

it('is HKDF-SHA256 as RFC 5869 says, by hand', () => {
  const secret = Buffer.from('a secret');
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
  const expanded = createHmac('sha256', extracted).update('rostrum mesh').update(Uint8Array.of(1)).digest();
  expect(Buffer.from(deriveKey(secret, 'mesh'))).toEqual(expanded);
});

it('gives each purpose another key', () => {
  const secret = Buffer.from('a secret');
  expect(deriveKey(secret, 'mesh')).not.toEqual(deriveKey(secret, 'nats'));
});
