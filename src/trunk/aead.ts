/**
 * ChaCha20-Poly1305 (RFC 8439) over trunk packets. The first `HEADER_BYTES` of a packet are the additional data, and
 * the nonce is within them (`NONCE_OFFSET`).
 */
export type Aead = {
  /**
   * Encrypts the body of a packet in place and appends the tag. HOT PATH
   * @param packet header, body, and room for `TAG_BYTES`; at most `MAX_PACKET_BYTES` are used
   * @param key `KEY_BYTES`
   */
  seal(packet: Uint8Array, bodyBytes: number, key: Uint8Array): void;

  /**
   * Authenticates a packet and decrypts its body. HOT PATH
   * @param packet as received: at least `HEADER_BYTES + TAG_BYTES`, at most `MAX_PACKET_BYTES`
   * @param body at least `MAX_BODY_BYTES`; untouched if the packet is not authentic
   * @returns whether the packet is authentic
   */
  open(packet: Uint8Array, key: Uint8Array, body: Uint8Array): boolean;
};
