import { createHash } from 'node:crypto';

/**
 * The layout of trunk packets, version 1; docs/trunk-protocol.md specifies it. All numbers are in network byte order.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+-----------------------------------------------+
 *     |  ver  | type  |                 reserved (0)                  |  \
 *     +-------+-------+-----------------------------------------------+   |
 *     |                           sender id                           |   | header:
 *     |                           (64 bits)                           |   | authenticated,
 *     +---------------------------------------------------------------+   | not encrypted
 *     |                           key epoch                           |   |          \
 *     +---------------------------------------------------------------+   |           | the
 *     |                        packet counter                         |   |           | nonce
 *     |                           (64 bits)                           |  /           /
 *     +---------------+---------------+---------------+---------------+
 *     |    format     |  redundancy   |     level     |  name length  |  \
 *     +---------------+---------------+---------------+---------------+   |
 *     |                          frame index                          |   | body:
 *     +---------------------------------------------------------------+   | encrypted
 *     |  conference name ...                                          |   |
 *     |  audio ...                                                    |   |
 *     |  for each redundant frame: level (8 bits), audio ...          |  /
 *     +---------------------------------------------------------------+
 *     |                 authentication tag (128 bits)                 |
 *     +---------------------------------------------------------------+
 */
export const VERSION = 1;
export const TYPE_MEDIA = 1;
export const VERSION_AND_TYPE = (VERSION << 4) | TYPE_MEDIA;

export const SENDER_OFFSET = 4;
export const EPOCH_OFFSET = 12;
export const COUNTER_OFFSET = 16;
export const HEADER_BYTES = 24;

/** The nonce is the end of the header: epoch and counter. */
export const NONCE_OFFSET = HEADER_BYTES - 12;

export const SENDER_ID_BYTES = 8;
export const KEY_BYTES = 32;
export const TAG_BYTES = 16;

/** Offsets in the body. */
export const FORMAT_OFFSET = 0;
export const REDUNDANCY_OFFSET = 1;
export const LEVEL_OFFSET = 2;
export const NAME_LENGTH_OFFSET = 3;
export const FRAME_INDEX_OFFSET = 4;
export const NAME_OFFSET = 8;

export const MAX_NAME_BYTES = 64;

/** The UDP payload; leaves room for IPv6 and a tunnel in an Ethernet frame. */
export const MAX_PACKET_BYTES = 1400;
export const MIN_PACKET_BYTES = HEADER_BYTES + NAME_OFFSET + 1 + TAG_BYTES;
export const MAX_BODY_BYTES = MAX_PACKET_BYTES - HEADER_BYTES - TAG_BYTES;

/** The most redundant frames in a packet, for any format. */
export const MAX_REDUNDANCY = 2;

/** Levels are sent as -dBov, like in RFC 6464. */
export const MAX_LEVEL = 127;

/**
 * The id of a node in the header of its packets: the first 8 bytes of SHA-256 of `rostrum-trunk-1:<node id>`, in
 * UTF-8. If two nodes of a cluster have the same id, the second one is refused.
 */
export function senderIdOf(nodeId: string): Uint8Array {
  const digest = createHash('sha256').update(`rostrum-trunk-1:${nodeId}`, 'utf8').digest();
  return Uint8Array.from(digest.subarray(0, SENDER_ID_BYTES));
}

/** @returns the unsigned 32-bit number at an offset. HOT PATH */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] ?? 0) << 24) |
      ((bytes[offset + 1] ?? 0) << 16) |
      ((bytes[offset + 2] ?? 0) << 8) |
      (bytes[offset + 3] ?? 0)) >>>
    0
  );
}

/** HOT PATH */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
