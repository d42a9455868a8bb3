import { z } from 'zod';
import { NODE_ID } from '../../base/node-id.ts';
import type { PeerDownReason, RefusalReason } from '../channel.ts';

/*
 * Each WebSocket message is binary: one byte that says what it is, then JSON in UTF-8.
 *
 *    dialler                                  listener
 *       |------------ 'c' hello ---------------->|     both at once, first of all
 *       |<----------- 'c' hello -----------------|
 *       |  'c' ready: from the node with the larger id, when it could use this connection
 *       |  'c' use:   from the node with the smaller id, on the one connection that it has chosen
 *       |<----------- 'm' message -------------->|
 */
export const CONTROL = 0x63;
export const MESSAGE = 0x6d;
export const PATH = '/events';
/** A hello is some 150 bytes. */
const MAX_CONTROL_BYTES = 4096;

export const PROTOCOL = { major: 2, minor: 0 };

/** Why one side closes a connection. WebSocket leaves 4000 to 4999 to applications (RFC 6455, 7.4.2). */
export const CLOSE = {
  left: 4000,
  duplicate: 4001,
  'id-taken': 4002,
  version: 4003,
  protocol: 4004,
  identity: 4005,
  revoked: 4006,
  slow: 4007,
  self: 4008,
  replaced: 4009,
} as const;

export type CloseReason = keyof typeof CLOSE;

const REASON_OF_CODE = new Map<number, CloseReason>(
  Object.entries(CLOSE).map(([reason, code]) => [code, reason as CloseReason]),
);

export function closeReasonOf(code: number): CloseReason | null {
  return REASON_OF_CODE.get(code) ?? null;
}

const DOWN_REASONS: Partial<Record<CloseReason, PeerDownReason>> = {
  left: 'left',
  slow: 'slow',
  revoked: 'revoked',
  replaced: 'replaced',
};

/** The reason for the layer above, when the other side has closed the connection. */
export function downReasonOf(code: number): PeerDownReason {
  if (code === 1009) return 'oversized';
  const reason = closeReasonOf(code);
  return (reason && DOWN_REASONS[reason]) ?? 'lost';
}

// Fields that are not known here are left out, whatever they are: a later minor version may add some.
const anyVersion = z.object({ type: z.literal('hello'), protocol: z.object({ major: z.int(), minor: z.int() }) });
const helloSchema = anyVersion.extend({
  node: z.string().regex(NODE_ID),
  /** Random, another one each time that the node starts. */
  incarnation: z.string().min(1).max(64),
});
const controlSchema = z.object({ type: z.enum(['ready', 'use']) });

export type Hello = { readonly node: string; readonly incarnation: string };

export function encodeHello(hello: Hello): Buffer {
  return encodeControl({ type: 'hello', protocol: PROTOCOL, ...hello });
}

export function encodeControl(control: object): Buffer {
  return Buffer.concat([Buffer.of(CONTROL), Buffer.from(JSON.stringify(control))]);
}

export function encodeMessage(json: string): Buffer {
  const frame = Buffer.allocUnsafe(1 + Buffer.byteLength(json));
  frame[0] = MESSAGE;
  frame.write(json, 1);
  return frame;
}

/** @returns null for a control message of a later version */
export function readControl(frame: Buffer): 'ready' | 'use' | null {
  const control = controlSchema.safeParse(readJson(frame));
  return control.success ? control.data.type : null;
}

export type HelloVerdict =
  | { readonly kind: 'welcome'; readonly hello: Hello }
  | { readonly kind: 'self' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason & CloseReason; readonly detail: string };

/**
 * Judges the first message of a connection.
 * @param expected the id that the other side must have, null if any will do
 */
export function judgeHello(frame: Buffer, own: Hello, expected: string | null): HelloVerdict {
  const refused = (reason: RefusalReason & CloseReason, detail: string): HelloVerdict => ({
    kind: 'refused',
    reason,
    detail,
  });
  const json = frame[0] === CONTROL ? readJson(frame) : undefined;
  const version = anyVersion.safeParse(json);
  if (!version.success) return refused('protocol', 'it did not begin with a hello');
  const { major, minor } = version.data.protocol;
  if (major !== PROTOCOL.major) {
    const ours = `${PROTOCOL.major}.${PROTOCOL.minor}`;
    return refused('version', `it speaks version ${major}.${minor} of the event protocol, this node ${ours}`);
  }
  const parsed = helloSchema.safeParse(json);
  if (!parsed.success) return refused('protocol', 'its hello is malformed');
  const hello: Hello = { node: parsed.data.node, incarnation: parsed.data.incarnation };
  if (hello.node === own.node) {
    if (hello.incarnation === own.incarnation) return { kind: 'self' };
    return refused('id-taken', `it has the id of this node, ${own.node}: give each node its own`);
  }
  if (expected !== null && hello.node !== expected) {
    return refused('identity', `it is node ${hello.node}, not ${expected}`);
  }
  return { kind: 'welcome', hello };
}

function readJson(frame: Buffer): unknown {
  if (frame.length > MAX_CONTROL_BYTES) return undefined;
  try {
    return JSON.parse(frame.toString('utf8', 1));
  } catch {
    return undefined;
  }
}
