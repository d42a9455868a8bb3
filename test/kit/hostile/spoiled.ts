import { nextBelow, nextBetween, nextRatio, nextUint32, type Random } from '../random.ts';
import { MAX_DATAGRAM_BYTES } from './capture.ts';
import { fillWithNoise, type Noise } from './noise.ts';

/** Valid packets, spoiled. None of these ever returns the packet that it was given, or changes it. */

const MAX_FLIPS = 8;
const MAX_INSERTED_BYTES = 64;
/** The clear header of a packet is somewhere in its first bytes. */
const MAX_HEADER_BYTES = 48;
const MAX_REST_BYTES = 1500;

/** A small change: bits turned over, a byte exchanged, bytes put in or left out, or the end of another packet. */
export function mutated(valid: Buffer, other: Buffer, random: Random): Buffer {
  const changed = change(valid, other, random);
  // Two changes may cancel each other out, and two packets may be alike.
  if (changed.equals(valid)) return Buffer.concat([valid.subarray(0, MAX_DATAGRAM_BYTES - 1), Buffer.of(0)]);
  return changed;
}

function change(valid: Buffer, other: Buffer, random: Random): Buffer {
  const at = nextBelow(random, valid.length);
  switch (nextBelow(random, 5)) {
    case 0: {
      const copy = Buffer.from(valid);
      for (let flips = nextBetween(random, 1, MAX_FLIPS); flips > 0 && copy.length > 0; flips--) {
        const byte = nextBelow(random, copy.length);
        copy[byte] = (copy[byte] as number) ^ (1 << nextBelow(random, 8));
      }
      return copy;
    }
    case 1: {
      const copy = Buffer.from(valid);
      // The values at which lengths and counters go wrong are more likely than others.
      const edges = [0x00, 0x01, 0x7f, 0x80, 0xff];
      if (at < copy.length) copy[at] = edges[nextBelow(random, 2 * edges.length)] ?? nextBelow(random, 256);
      return copy;
    }
    case 2: {
      const inserted = Buffer.alloc(nextBetween(random, 1, MAX_INSERTED_BYTES), nextBelow(random, 256));
      return Buffer.concat([valid.subarray(0, at), inserted, valid.subarray(at)]).subarray(0, MAX_DATAGRAM_BYTES);
    }
    case 3:
      return Buffer.concat([valid.subarray(0, at), valid.subarray(nextBetween(random, at, valid.length))]);
    default:
      return Buffer.concat([valid.subarray(0, at), other.subarray(at)]);
  }
}

/** The beginning of a packet; of an empty one, a single byte. */
export function truncated(valid: Buffer, random: Random): Buffer {
  if (valid.length === 0) return Buffer.of(0);
  // Ends inside the header are worth as much as all others.
  const longest = nextRatio(random) < 0.5 ? Math.min(valid.length, MAX_HEADER_BYTES) : valid.length;
  return Buffer.from(valid.subarray(0, nextBelow(random, longest)));
}

/** The header as it was, as far as a receiver may read before it authenticates, and noise of any length behind it. */
export function withRandomRest(valid: Buffer, random: Random, noise: Noise): Buffer {
  const headerBytes = nextBetween(random, 1, Math.min(valid.length, MAX_HEADER_BYTES));
  const isSameLength = nextRatio(random) < 0.5 && valid.length > headerBytes;
  const restBytes = isSameLength ? valid.length - headerBytes : nextBelow(random, MAX_REST_BYTES);
  const out = Buffer.alloc(headerBytes + restBytes);
  const rest = out.subarray(headerBytes);
  fillWithNoise(rest, random, noise);
  valid.copy(out, 0, 0, headerBytes);
  if (out.equals(valid)) out[out.length - 1] = (out[out.length - 1] as number) ^ (1 + (nextUint32(random) % 255));
  return out;
}
