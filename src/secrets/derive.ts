import { hkdfSync, randomBytes } from 'node:crypto';
import { SecretError } from './errors.ts';

export const SECRET_BYTES = 32;
const DERIVED_KEY_BYTES = 32;
const SALT = 'rostrum-cluster-secret-1';
const PREFIX = 'rostrum-secret-1:';
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const MAX_PURPOSE_BYTES = 255;

/**
 * The key for one purpose, such as `nats-seal` or `mesh-psk`. Different purposes have unrelated keys, and
 * none tells the secret: HKDF-SHA256 (RFC 5869) with the salt `rostrum-cluster-secret-1` and the purpose as info, both
 * in UTF-8.
 * @param secret 32 bytes
 * @returns 32 bytes
 * @throws {SecretError} `secret-length`, `bad-purpose`
 */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  checkLength(secret);
  const info = Buffer.from(purpose, 'utf8');
  if (info.length === 0 || info.length > MAX_PURPOSE_BYTES) {
    throw new SecretError('bad-purpose', `a purpose is 1 to ${MAX_PURPOSE_BYTES} bytes`);
  }
  return hkdfSha256(secret, { salt: Buffer.from(SALT, 'utf8'), info, lengthBytes: DERIVED_KEY_BYTES });
}

/** HKDF-SHA256, extract and expand (RFC 5869). */
export function hkdfSha256(
  secret: Uint8Array,
  options: { salt: Uint8Array; info: Uint8Array; lengthBytes: number },
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, options.salt, options.info, options.lengthBytes));
}

/** A new cluster secret: 32 random bytes. */
export function generateSecret(): Uint8Array {
  return Uint8Array.from(randomBytes(SECRET_BYTES));
}

/**
 * A cluster secret as it is in a file: `rostrum-secret-1:` and its 32 bytes in base64url.
 * @throws {SecretError} `secret-length`
 */
export function formatSecret(secret: Uint8Array): string {
  checkLength(secret);
  return PREFIX + Buffer.from(secret).toString('base64url');
}

/**
 * Reads what `formatSecret` wrote. White space around it, such as the end of a line, is ignored.
 * @throws {SecretError} `secret-empty`, `secret-prefix`, `secret-encoding`, `secret-length`
 */
export function parseSecret(text: string): Uint8Array {
  const trimmed = text.trim();
  if (trimmed === '') throw new SecretError('secret-empty', 'the cluster secret is empty');
  if (!trimmed.startsWith(PREFIX)) {
    throw new SecretError('secret-prefix', `a cluster secret begins with "${PREFIX}"`);
  }
  const encoded = trimmed.slice(PREFIX.length);
  if (encoded !== '' && !BASE64URL.test(encoded)) {
    throw new SecretError('secret-encoding', `after "${PREFIX}" there must be letters, digits, "-" and "_" only`);
  }
  const secret = Uint8Array.from(Buffer.from(encoded, 'base64url'));
  checkLength(secret);
  // Bits that are in no byte: the text was changed or cut.
  if (formatSecret(secret) !== trimmed) {
    throw new SecretError('secret-encoding', 'the end of the cluster secret is not base64url of whole bytes');
  }
  return secret;
}

function checkLength(secret: Uint8Array): void {
  if (secret.length !== SECRET_BYTES) {
    throw new SecretError('secret-length', `a cluster secret is ${SECRET_BYTES} bytes, not ${secret.length}`);
  }
}
