import { randomFillSync } from 'node:crypto';
import sodium from 'libsodium-wrappers';
import { LONGEST_NODE_ID, NODE_ID } from '../../base/node-id.ts';
import { deriveKey } from '../../secrets/derive.ts';
import type { RefusalReason } from '../channel.ts';

/*
 * A sealed packet, the payload of a NATS message. XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): its nonce is long
 * enough to be chosen at random, however many nodes share the key.
 *
 *     0               1               2          2+n             26+n
 *    +---------------+---------------+----------+---------------+------------------------+
 *    | major version | id length n   | sender   | nonce (24)    | sealed frame, tag (16) |
 *    +---------------+---------------+----------+---------------+------------------------+
 *    |<- authenticated, followed by the subject ->|
 *
 * The subject names the cluster, and the receiver or all: a packet is nothing to anybody else.
 */
const MAJOR_VERSION = 3;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const FIXED_BYTES = 2;
/** The most that sealing adds. */
export const MAX_SEAL_BYTES = FIXED_BYTES + LONGEST_NODE_ID + NONCE_BYTES + TAG_BYTES;

export type Unsealed =
  | { readonly kind: 'frame'; readonly sender: string; readonly frame: Buffer }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail: string };

/** Seals what a node sends by a broker that is not trusted, and opens what comes from there. */
export class NatsSeal {
  readonly #key: Uint8Array;
  readonly #header: Buffer;

  private constructor(secret: Uint8Array, ownId: string) {
    this.#key = deriveKey(secret, 'nats-seal');
    this.#header = Buffer.concat([Buffer.of(MAJOR_VERSION, ownId.length), Buffer.from(ownId, 'ascii')]);
  }

  /** @param secret that of the cluster */
  static async make(secret: Uint8Array, ownId: string): Promise<NatsSeal> {
    await sodium.ready;
    return new NatsSeal(secret, ownId);
  }

  seal(subject: string, frame: Uint8Array): Uint8Array {
    const nonce = randomFillSync(new Uint8Array(NONCE_BYTES));
    const header = this.#header;
    const authenticated = Buffer.concat([header, Buffer.from(subject)]);
    const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(frame, authenticated, null, nonce, this.#key);
    return Buffer.concat([header, nonce, sealed]);
  }

  unseal(subject: string, packet: Uint8Array): Unsealed {
    const refused = (reason: RefusalReason, detail: string): Unsealed => ({ kind: 'refused', reason, detail });
    const garbage = () => refused('garbage', `something on ${subject} that is not a packet of Rostrum`);
    const [major, idBytes] = packet;
    if (major === undefined || idBytes === undefined) return garbage();
    if (major !== MAJOR_VERSION) {
      const detail = `a node that speaks version ${major} of the event protocol, this one ${MAJOR_VERSION}`;
      return refused('version', detail);
    }
    const nonceAt = FIXED_BYTES + idBytes;
    const sealedAt = nonceAt + NONCE_BYTES;
    if (packet.length < sealedAt + TAG_BYTES) return garbage();
    const header = packet.subarray(0, nonceAt);
    const sender = Buffer.from(header.subarray(FIXED_BYTES)).toString('latin1');
    if (!NODE_ID.test(sender)) return garbage();
    const authenticated = Buffer.concat([header, Buffer.from(subject)]);
    try {
      const frame = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        null,
        packet.subarray(sealedAt),
        authenticated,
        packet.subarray(nonceAt, sealedAt),
        this.#key,
      );
      return { kind: 'frame', sender, frame: Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength) };
    } catch {
      // It was made without the secret, or for another subject, or changed on the way.
      return refused('secret', `what calls itself node ${sender} and does not know the secret`);
    }
  }
}
