import { hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/**
 * A key for one purpose, from a secret that has several: HKDF-SHA256 (RFC 5869) with an empty salt.
 * @returns 32 bytes
 */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), `rostrum ${purpose}`, KEY_BYTES));
}
