import { HostileError } from './errors.ts';

/*
 * A capture is datagrams one after the other, each behind its length:
 *
 *    0                   1
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |        bytes (unsigned)       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |          datagram ...         |
 */

const LENGTH_BYTES = 2;

/** The largest payload of UDP over IPv4 (RFC 768, RFC 791): 65,535 less the headers of IP and UDP. */
export const MAX_DATAGRAM_BYTES = 65_507;

/** Writes a capture of datagrams, none longer than `MAX_DATAGRAM_BYTES`. */
export function encodeCapture(datagrams: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    datagrams.flatMap((datagram) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(datagram.length);
      return [length, datagram];
    }),
  );
}

/**
 * Reads a capture; the datagrams are parts of `bytes`.
 *
 * @throws HostileError `bad-capture` with the offset of the datagram that is not complete
 */
export function decodeCapture(bytes: Buffer): Buffer[] {
  const datagrams: Buffer[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const start = offset + LENGTH_BYTES;
    const end = start <= bytes.length ? start + bytes.readUInt16BE(offset) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw new HostileError({ code: 'bad-capture', offset });
    datagrams.push(bytes.subarray(start, end));
    offset = end;
  }
  return datagrams;
}
