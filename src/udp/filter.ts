import { wordsOf } from './socket-address.ts';

/**
 * One instruction of classic BPF, the language of Linux for filters of sockets.
 * See https://docs.kernel.org/networking/filter.html, packet(7) and SO_ATTACH_FILTER in socket(7).
 */
export type Instruction = {
  readonly code: number;
  /** How many instructions a jump skips when its condition is true. 0-255. */
  readonly skipIfTrue: number;
  readonly skipIfFalse: number;
  /** The operand. 0 - 2^32-1. */
  readonly operand: number;
};

/** A program. It returns how many bytes of the packet the socket gets; 0 drops the packet. */
export type Filter = readonly Instruction[];

/** Codes, as in linux/bpf_common.h. */
export const LOAD_WORD = 0x20;
export const LOAD_HALF_WORD = 0x28;
export const LOAD_LENGTH = 0x80;
export const JUMP = 0x05;
export const JUMP_IF_EQUAL = 0x15;
export const JUMP_IF_AT_LEAST = 0x35;
export const JUMP_IF_ANY_BIT = 0x45;
export const RETURN = 0x06;

/** SKF_NET_OFF: offsets from here count from the IP header. */
export const FROM_IP_HEADER = 0xfff0_0000;
/** In an IPv4 header, RFC 791 section 3.1. */
const IPV4_SOURCE = FROM_IP_HEADER + 12;
/** In an IPv6 header, RFC 8200 section 3. */
const IPV6_SOURCE = FROM_IP_HEADER + 8;
const WORD_BYTES = 4;
/** All other offsets and lengths count from the UDP header, RFC 768. */
const SOURCE_PORT = 0;
const UDP_HEADER_BYTES = 8;
/** RFC 3550 section 5.1. */
const RTP_HEADER_BYTES = 12;
const RTP_SEQUENCE = UDP_HEADER_BYTES + 2;

/**
 * Smaller packets are not audio, but telephone events, comfort noise, keepalives and the like. The smallest audio
 * packets are 10 ms of G.711 (80 bytes) or 20 ms of a codec of 20 kbit/s (50 bytes).
 */
const LEAST_AUDIO_BYTES = UDP_HEADER_BYTES + RTP_HEADER_BYTES + 48;

const WHOLE_PACKET = 0xffff_ffff;
/** A program must not be longer than 4096 instructions; an IPv6 address takes nine. */
const MOST_HOSTS = 250;

const DROP: Instruction = { code: RETURN, skipIfTrue: 0, skipIfFalse: 0, operand: 0 };
const ACCEPT: Instruction = { code: RETURN, skipIfTrue: 0, skipIfFalse: 0, operand: WHOLE_PACKET };

/** Drops everything: for a port that is only reserved, or only sent from. */
export function nothing(): Filter {
  return [DROP];
}

type AudioFilterOptions = {
  /** The addresses that may send, of the IP version of the socket, at most 250; without any, every host may. */
  readonly hosts: readonly string[];
  /** The source port of the phone once it is known. Others pass, so that a change of the port is seen at once. */
  readonly port: number | null;
  /** Audio passes from that port if its RTP sequence number is a multiple of this, a power of two up to 32768. */
  readonly every: number;
};

/**
 * Thins out the audio of a phone in the kernel: the remaining packets still show the source, the losses and the jitter.
 *
 * @throws RangeError for an `every` that is no power of two or too many hosts; UdpError EINVAL for an invalid
 *   address
 */
export function audioFilter({ hosts, port, every }: AudioFilterOptions): Filter {
  if (!Number.isInteger(Math.log2(every)) || every < 1 || every > 0x8000) {
    throw new RangeError(`one packet in ${every}: must be a power of two`);
  }
  return [...onlyFrom(hosts), ...(port === null ? [] : thinOut(port, every)), ACCEPT];
}

/** Packets of these hosts continue after the last instruction. */
function onlyFrom(hosts: readonly string[]): Instruction[] {
  if (hosts.length === 0) return [];
  if (hosts.length > MOST_HOSTS) throw new RangeError(`a filter for ${hosts.length} hosts`);
  const blocks = hosts.map((host) => compared(wordsOf(host)));
  const ends = blocks.map((block, index) => (blocks.length - 1 - index) * (block.length + 1) + 1);
  return [...blocks.flatMap((block, index) => [...block, jump(JUMP, ends[index] ?? 0, 0, 0)]), DROP];
}

/** A packet with another source skips the instruction that follows these. */
function compared(words: readonly number[]): Instruction[] {
  const source = words.length === 1 ? IPV4_SOURCE : IPV6_SOURCE;
  return words.flatMap((word, index) => {
    const left = 2 * (words.length - index) - 1;
    return [load(LOAD_WORD, source + WORD_BYTES * index), jump(JUMP_IF_EQUAL, word, 0, left)];
  });
}

/** Packets to accept continue after the last instruction. */
function thinOut(port: number, every: number): Instruction[] {
  return [
    load(LOAD_HALF_WORD, SOURCE_PORT),
    jump(JUMP_IF_EQUAL, port, 0, 5),
    load(LOAD_LENGTH, 0),
    jump(JUMP_IF_AT_LEAST, LEAST_AUDIO_BYTES, 0, 3),
    load(LOAD_HALF_WORD, RTP_SEQUENCE),
    jump(JUMP_IF_ANY_BIT, every - 1, 0, 1),
    DROP,
  ];
}

function load(code: number, operand: number): Instruction {
  return { code, skipIfTrue: 0, skipIfFalse: 0, operand };
}

function jump(code: number, operand: number, skipIfTrue: number, skipIfFalse: number): Instruction {
  return { code, operand, skipIfTrue, skipIfFalse };
}
