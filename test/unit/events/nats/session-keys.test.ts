import sodium from 'libsodium-wrappers';
import { beforeAll, expect, it, vi } from 'vitest';
import { openPayload, SessionKeys, sealPayload } from '../../../../src/events/nats/session-keys.ts';

const HEADER = Buffer.from('header');
const TEXT = Buffer.from('a member has joined');

beforeAll(() => sodium.ready);

/** Two nodes that have told each other their public keys. */
function session() {
  const [lyon, oslo] = [new SessionKeys(), new SessionKeys()];
  return { lyon, oslo, ofLyon: lyon.renew(), ofOslo: oslo.renew() };
}

it('two nodes share a key that a third one with the same public keys lacks', ({ onTestFinished }) => {
  const { lyon, oslo, ofLyon, ofOslo } = session();
  const key = lyon.sharedWith(ofOslo);
  expect(key).toHaveLength(32);
  expect(oslo.sharedWith(ofLyon)).toEqual(key);
  const pair = { ...sodium.crypto_kx_keypair(), publicKey: Buffer.from(ofLyon, 'hex') };
  // The type is that of another overload, which returns text.
  const made = vi.spyOn(sodium, 'crypto_kx_keypair').mockReturnValue(pair as never);
  onTestFinished(() => made.mockRestore());
  const third = new SessionKeys();
  expect(third.renew()).toBe(ofLyon);
  expect(third.sharedWith(ofOslo)).toHaveLength(32);
  expect(third.sharedWith(ofOslo)).not.toEqual(key);
});

it('a message cannot be opened once its receiver has keys for a new session', () => {
  const { lyon, oslo, ofLyon, ofOslo } = session();
  const key = lyon.sharedWith(ofOslo);
  if (!key) throw new Error('no key');
  const sealed = sealPayload(key, HEADER, TEXT);
  const opened = () => openPayload(oslo.sharedWith(ofLyon), HEADER, sealed);
  expect(Buffer.from(opened() ?? [])).toEqual(TEXT);
  expect(openPayload(oslo.sharedWith(ofLyon), Buffer.from('another'), sealed)).toBeNull();
  oslo.renew();
  expect(opened()).toBeNull();
});

it.each([
  ['of low order', '00'.repeat(32)],
  ['too short', '01'.repeat(31)],
])('no key is shared with the owner of a public key %s', (_, publicKey) => {
  expect(session().lyon.sharedWith(publicKey)).toBeNull();
});
