import { randomFillSync } from 'node:crypto';
import sodium from 'libsodium-wrappers';
import { hkdfSha256 } from '../../secrets/derive.ts';

/*
 * Forward secrecy. The nonce that a node has for a session is an X25519 public key (RFC 7748), which the seal of the cluster
 * authenticates. Its private key is forgotten with the session, so a secret that is learned later opens no recorded message:
 *
 *     session key = HKDF-SHA256(X25519(own private, peer's public), salt = both public keys in order, "rostrum-nats-session")
 *
 * What is said to one peer is sealed with that key; what is said to all with a random key of the sender, which each peer gets
 * when a session opens. A sealed payload is a nonce (24), the text, and a tag (16), with the header of its frame authenticated.
 */
const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
export const SEALED_PAYLOAD_BYTES = NONCE_BYTES + TAG_BYTES;
const INFO = Buffer.from('rostrum-nats-session');

export function randomKey(): Uint8Array {
  return randomFillSync(new Uint8Array(KEY_BYTES));
}

/** The key pair of a node for its present or next session with one peer. */
export class SessionKeys {
  #pair = sodium.crypto_kx_keypair();
  #shared: { readonly remote: string; readonly key: Uint8Array } | null = null;

  /** A new pair; the former is forgotten. @returns the public key in hexadecimal */
  renew(): string {
    this.#pair = sodium.crypto_kx_keypair();
    this.#shared = null;
    return Buffer.from(this.#pair.publicKey).toString('hex');
  }

  /** @returns the key shared with the owner of this public key; null if it is none */
  sharedWith(remote: string): Uint8Array | null {
    if (this.#shared?.remote === remote) return this.#shared.key;
    const { publicKey, privateKey } = this.#pair;
    const other = Buffer.from(remote, 'hex');
    try {
      const secret = sodium.crypto_scalarmult(privateKey, other);
      const salt = Buffer.concat([publicKey, other].sort(Buffer.compare));
      const key = hkdfSha256(secret, { salt, info: INFO, lengthBytes: KEY_BYTES });
      this.#shared = { remote, key };
      return key;
    } catch {
      return null;
    }
  }
}

export function sealPayload(key: Uint8Array, header: Uint8Array, payload: Uint8Array): Buffer {
  const nonce = randomFillSync(new Uint8Array(NONCE_BYTES));
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(payload, header, null, nonce, key);
  return Buffer.concat([nonce, sealed]);
}

/** @returns null if it was not sealed with this key for this header */
export function openPayload(key: Uint8Array | null, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  if (key === null || sealed.length < SEALED_PAYLOAD_BYTES) return null;
  const [nonce, text] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES)];
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, text, header, nonce, key);
  } catch {
    return null;
  }
}
