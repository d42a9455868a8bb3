import sodium from 'libsodium-wrappers';
import { TrunkError } from './errors.ts';
import { HEADER_BYTES, KEY_BYTES, MAX_PACKET_BYTES, NONCE_OFFSET, TAG_BYTES } from './packet-format.ts';

/**
 * The used part of the compiled library itself. Its wrappers allocate a dozen objects for each packet and throw for
 * each forged one, which costs more than the cryptography. 64-bit lengths are two arguments each, low half first.
 */
type SodiumModule = {
  /** The library's memory; replaced when it grows. */
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _crypto_aead_chacha20poly1305_ietf_encrypt: (...args: number[]) => number;
  _crypto_aead_chacha20poly1305_ietf_decrypt: (...args: number[]) => number;
};

function isSodiumModule(value: unknown): value is SodiumModule {
  if (typeof value !== 'object' || value === null) return false;
  const module = value as Partial<Record<keyof SodiumModule, unknown>>;
  return (
    module.HEAPU8 instanceof Uint8Array &&
    typeof module._malloc === 'function' &&
    typeof module._crypto_aead_chacha20poly1305_ietf_encrypt === 'function' &&
    typeof module._crypto_aead_chacha20poly1305_ietf_decrypt === 'function'
  );
}

/**
 * ChaCha20-Poly1305 (RFC 8439) over trunk packets, by libsodium, with one packet and one key at fixed places in its
 * memory. The first `HEADER_BYTES` of a packet are the additional data, and the nonce is within them (`NONCE_OFFSET`).
 */
export class Aead {
  readonly #module: SodiumModule;
  readonly #packetAt: number;
  readonly #keyAt: number;

  constructor(module: SodiumModule) {
    this.#module = module;
    this.#packetAt = module._malloc(MAX_PACKET_BYTES);
    this.#keyAt = module._malloc(KEY_BYTES);
  }

  /**
   * Encrypts the body of a packet in place and appends the tag. HOT PATH
   * @param packet header, body, and room for `TAG_BYTES`; at most `MAX_PACKET_BYTES` are used
   * @param key `KEY_BYTES`
   */
  seal(packet: Uint8Array, bodyBytes: number, key: Uint8Array): void {
    const { HEAPU8: memory, _crypto_aead_chacha20poly1305_ietf_encrypt: encrypt } = this.#module;
    const at = this.#packetAt;
    const bodyAt = at + HEADER_BYTES;
    const nonceAt = at + NONCE_OFFSET;
    memory.set(packet.subarray(0, HEADER_BYTES + bodyBytes), at);
    memory.set(key, this.#keyAt);
    // Ciphertext (and the address for its length), message, additional data, an unused secret nonce, nonce, key.
    encrypt(bodyAt, 0, bodyAt, bodyBytes, 0, at, HEADER_BYTES, 0, 0, nonceAt, this.#keyAt);
    packet.set(memory.subarray(bodyAt, bodyAt + bodyBytes + TAG_BYTES), HEADER_BYTES);
  }

  /**
   * Authenticates a packet and decrypts its body. HOT PATH
   * @param packet as received: at least `HEADER_BYTES + TAG_BYTES`, at most `MAX_PACKET_BYTES`
   * @param body at least `MAX_BODY_BYTES`; untouched if the packet is not authentic
   * @returns whether the packet is authentic
   */
  open(packet: Uint8Array, key: Uint8Array, body: Uint8Array): boolean {
    const { HEAPU8: memory, _crypto_aead_chacha20poly1305_ietf_decrypt: decrypt } = this.#module;
    const at = this.#packetAt;
    const bodyAt = at + HEADER_BYTES;
    const nonceAt = at + NONCE_OFFSET;
    const sealedBytes = packet.length - HEADER_BYTES;
    memory.set(packet, at);
    memory.set(key, this.#keyAt);
    // Message (and the address for its length), an unused secret nonce, ciphertext, additional data, nonce, key.
    if (decrypt(bodyAt, 0, 0, bodyAt, sealedBytes, 0, at, HEADER_BYTES, 0, nonceAt, this.#keyAt) !== 0) return false;
    body.set(memory.subarray(bodyAt, bodyAt + sealedBytes - TAG_BYTES));
    return true;
  }
}

/**
 * Loads libsodium. Each thread calls it once at its start.
 * @throws {TrunkError} `sodium-unusable`
 */
export async function loadAead(): Promise<Aead> {
  await sodium.ready;
  const module: unknown = Reflect.get(sodium, 'libsodium');
  if (!isSodiumModule(module)) {
    throw new TrunkError('sodium-unusable', 'this version of libsodium-wrappers does not give access to libsodium');
  }
  return new Aead(module);
}
