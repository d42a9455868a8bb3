import { z } from 'zod';

/*
 * The content of a sealed packet.
 *
 *     0      1                 9                 17               23               29
 *    +------+-----------------+-----------------+----------------+----------------+---------+
 *    | kind | session (8)     | peer's (8)      | direct number  | all number (6) | payload |
 *    +------+-----------------+-----------------+----------------+----------------+---------+
 *
 * To all: `session` is the sender's incarnation, `peer's` is zero; `all` counts the packets to all.
 * To one: `session` is the sender's nonce for that peer and `peer's` the nonce that it had from it; `direct` counts the
 * packets of that session, and `all` says how many to all went before. A large message is several packets.
 */
export const KIND = { all: 1, allPart: 2, direct: 3, directPart: 4, allControl: 5, directControl: 6 } as const;
type Kind = (typeof KIND)[keyof typeof KIND];

export type Frame = {
  readonly kind: Kind;
  /** 16 hexadecimal digits. */
  readonly session: string;
  readonly peerSession: string;
  readonly direct: number;
  readonly all: number;
  readonly payload: Uint8Array;
};

export const FRAME_HEADER_BYTES = 29;
export const NO_SESSION = '0000000000000000';
const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

export function encodeFrame({ kind, session, peerSession, direct, all, payload }: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes[0] = kind;
  bytes.write(session, 1, 'hex');
  bytes.write(peerSession, 9, 'hex');
  bytes.writeUIntBE(direct, 17, 6);
  bytes.writeUIntBE(all, 23, 6);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** @returns null if it is none, or of a kind that is unknown here */
export function decodeFrame(bytes: Buffer): Frame | null {
  if (bytes.length < FRAME_HEADER_BYTES) return null;
  const kind = bytes.readUInt8(0);
  if (!KINDS.has(kind)) return null;
  return {
    kind: kind as Kind,
    session: bytes.toString('hex', 1, 9),
    peerSession: bytes.toString('hex', 9, 17),
    direct: bytes.readUIntBE(17, 6),
    all: bytes.readUIntBE(23, 6),
    payload: bytes.subarray(FRAME_HEADER_BYTES),
  };
}

const incarnation = z.string().length(16);
const controlSchema = z.discriminatedUnion('type', [
  /** To all, each heartbeat: how many direct packets there were for those that got some since the last one. */
  z.object({ type: z.literal('beat'), direct: z.record(z.string(), z.int()) }),
  /** Here is my nonce. `busy`: I am in another session of yours, so prove that you have it. */
  z.object({ type: z.literal('syn'), incarnation, busy: z.boolean() }),
  /** The session is on: what follows is part of it. */
  z.object({ type: z.literal('open'), incarnation }),
  z.object({ type: z.literal('end'), reason: z.enum(['left', 'revoked']) }),
  z.object({ type: z.literal('ping'), atMs: z.number() }),
  z.object({ type: z.literal('pong'), atMs: z.number() }),
]);

export type Control = z.infer<typeof controlSchema>;

export function encodeControl(control: Control): Uint8Array {
  return Buffer.from(JSON.stringify(control));
}

/** @returns null for what is unknown here */
export function decodeControl(payload: Uint8Array): Control | null {
  try {
    return controlSchema.safeParse(JSON.parse(Buffer.from(payload).toString())).data ?? null;
  } catch {
    return null;
  }
}
