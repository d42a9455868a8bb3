import { encodeInto } from '../../../src/rtp/packet.ts';
import { nextBelow, nextBetween, nextUint32, type Random, seededRandom } from '../random.ts';
import { MAX_DATAGRAM_BYTES } from './capture.ts';
import { fillWithNoise, makeNoise, type Noise } from './noise.ts';
import { RTP_LIES, rtpLie } from './rtp-lies.ts';
import { mutated, truncated, withRandomRest } from './spoiled.ts';

/** What an attacker sends. All but `replayed` are never a packet that was valid. */
export const HOSTILE_KINDS = [
  'random',
  'mutated',
  'replayed',
  'truncated',
  'oversized',
  'header',
  ...RTP_LIES,
] as const;
export type HostileKind = (typeof HOSTILE_KINDS)[number];

export interface HostilePacket {
  readonly kind: HostileKind;
  /** 0 to `MAX_DATAGRAM_BYTES` bytes. */
  readonly bytes: Buffer;
}

/** An endless, repeatable sequence of hostile packets. */
export interface HostileSource {
  readonly kinds: readonly HostileKind[];
  readonly random: Random;
  readonly noise: Noise;
  /** Valid packets to spoil; never empty, and bounded by MAX_VALID. */
  readonly valid: Buffer[];
  /** How many have been learned; 0 while `valid` has only our own. */
  learned: number;
}

const MAX_VALID = 4096;
const MTU_BYTES = 1500;
const JUMBO_BYTES = 9000;
const OWN_PACKETS = 64;
const FRAME_BYTES = 160;

/** @param options.valid packets to spoil; without any, RTP packets of a stream of PCMU are taken */
export function hostileSource(options: {
  readonly seed: number;
  readonly kinds?: readonly HostileKind[];
  readonly valid?: readonly Uint8Array[];
}): HostileSource {
  const random = seededRandom(options.seed);
  const { kinds = HOSTILE_KINDS } = options;
  const source = { kinds, random, noise: makeNoise(random), valid: ownPackets(random), learned: 0 };
  for (const packet of options.valid ?? []) learn(source, packet);
  return source;
}

/** Takes one more valid packet, in place of an old one when there are many. The bytes must stay as they are. */
export function learn(source: HostileSource, packet: Uint8Array): void {
  if (source.learned === 0) source.valid.length = 0;
  source.valid[source.learned % MAX_VALID] = Buffer.from(packet.buffer, packet.byteOffset, packet.length);
  source.learned++;
}

/** The next packet, of a kind drawn evenly from those of the source. */
export function nextHostilePacket(source: HostileSource): HostilePacket {
  const { kinds, random } = source;
  const kind = kinds[nextBelow(random, kinds.length)] ?? 'random';
  return { kind, bytes: bytesOf(kind, source) };
}

function bytesOf(kind: HostileKind, source: HostileSource): Buffer {
  const { random, noise } = source;
  switch (kind) {
    case 'random':
      return randomBytes(nextBetween(random, 0, MTU_BYTES), source);
    case 'oversized':
      return randomBytes(oversize(random), source);
    case 'replayed':
      return pick(source);
    case 'mutated':
      return mutated(pick(source), pick(source), random);
    case 'truncated':
      return truncated(pick(source), random);
    case 'header':
      return withRandomRest(pick(source), random, noise);
    default:
      return rtpLie(kind, pick(source), random, noise);
  }
}

function randomBytes(count: number, source: HostileSource): Buffer {
  const out = Buffer.allocUnsafe(count);
  fillWithNoise(out, source.random, source.noise);
  return out;
}

/** Mostly as on networks with large frames; one in eight as large as can be, or nearly. */
function oversize(random: Random): number {
  switch (nextBelow(random, 16)) {
    case 0:
      return MAX_DATAGRAM_BYTES;
    case 1:
      return nextBetween(random, JUMBO_BYTES, MAX_DATAGRAM_BYTES);
    default:
      return nextBetween(random, MTU_BYTES + 1, JUMBO_BYTES);
  }
}

function pick({ valid, random }: HostileSource): Buffer {
  return valid[nextBelow(random, valid.length)] ?? Buffer.alloc(0);
}

/** A second of a call, as a phone sends it. */
function ownPackets(random: Random): Buffer[] {
  const ssrc = nextUint32(random);
  const start = nextUint32(random);
  return Array.from({ length: OWN_PACKETS }, (_, n) => {
    const payload = Buffer.alloc(FRAME_BYTES, 0xff);
    const out = Buffer.alloc(FRAME_BYTES + 12);
    const header = { payloadType: 0, marker: n === 0, sequence: start + n, timestamp: start + n * FRAME_BYTES, ssrc };
    return out.subarray(0, encodeInto(out, header, payload));
  });
}
