import { z } from 'zod';

/*
 * The content of a sealed packet.
 *
 *     0      1                 33                65               71               77
 *    +------+-----------------+-----------------+----------------+----------------+---------+
 *    | kind | session (32)    | peer's (32)     | direct number  | all number (6) | payload |
 *    +------+-----------------+-----------------+----------------+----------------+---------+
 *
 * To all: `session` is the sender's incarnation, `peer's` is zero; `all` counts the packets to all.
 * To one: `session` is the sender's nonce for that peer and `peer's` the nonce that it had from it; `direct` counts the
 * packets of that session, and `all` says how many to all went before. A large message is several packets. The payload of
 * a message is sealed once more: see `session-keys.ts`.
 */
export const KIND = { all: 1, allPart: 2, direct: 3, directPart: 4, allControl: 5, directControl: 6 } as const;
type Kind = (typeof KIND)[keyof typeof KIND];

export type Frame = {
  readonly kind: Kind;
  /** 64 hexadecimal digits. */
  readonly session: string;
  readonly peerSession: string;
  readonly direct: number;
  readonly all: number;
  readonly payload: Uint8Array;
};

const SESSION_BYTES = 32;
const PEER_SESSION_AT = 1 + SESSION_BYTES;
const DIRECT_AT = PEER_SESSION_AT + SESSION_BYTES;
const ALL_AT = DIRECT_AT + 6;
export const FRAME_HEADER_BYTES = ALL_AT + 6;
export const NO_SESSION = '0'.repeat(2 * SESSION_BYTES);
/** A frame whose payload may be sealed for its header. */
export type ReceivedFrame = Frame & { readonly header: Uint8Array };

const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

export function encodeFrame({ kind, session, peerSession, direct, all, payload }: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes[0] = kind;
  bytes.write(session, 1, 'hex');
  bytes.write(peerSession, PEER_SESSION_AT, 'hex');
  bytes.writeUIntBE(direct, DIRECT_AT, 6);
  bytes.writeUIntBE(all, ALL_AT, 6);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** A frame whose payload is sealed for its header. */
export function encodeSealed(frame: Omit<Frame, 'payload'>, seal: (header: Uint8Array) => Uint8Array): Buffer {
  const header = encodeFrame({ ...frame, payload: new Uint8Array() });
  return Buffer.concat([header, seal(header)]);
}

/** @returns null if it is none, or of a kind that is unknown here */
export function decodeFrame(bytes: Buffer): ReceivedFrame | null {
  if (bytes.length < FRAME_HEADER_BYTES) return null;
  const kind = bytes.readUInt8(0);
  if (!KINDS.has(kind)) return null;
  return {
    kind: kind as Kind,
    session: bytes.toString('hex', 1, PEER_SESSION_AT),
    peerSession: bytes.toString('hex', PEER_SESSION_AT, DIRECT_AT),
    direct: bytes.readUIntBE(DIRECT_AT, 6),
    all: bytes.readUIntBE(ALL_AT, 6),
    header: bytes.subarray(0, FRAME_HEADER_BYTES),
    payload: bytes.subarray(FRAME_HEADER_BYTES),
  };
}

const incarnation = z.string().length(2 * SESSION_BYTES);
const controlSchema = z.discriminatedUnion('type', [
  /** To all, each heartbeat: how many direct packets there were for those that got some since the last one. */
  z.object({ type: z.literal('beat'), direct: z.record(z.string(), z.int()) }),
  /** Here is my nonce. `busy`: I am in another session of yours, so prove that you have it. */
  z.object({ type: z.literal('syn'), incarnation, busy: z.boolean() }),
  /** The session is on: what follows is part of it. The key of what is sent to all, sealed with that of the session. */
  z.object({ type: z.literal('open'), incarnation, key: z.base64() }),
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
