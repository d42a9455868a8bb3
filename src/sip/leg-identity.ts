import { createHash } from 'node:crypto';
import { parseSipUri } from './address.ts';

/** What we are in a dialog, made of its leg and its Call-ID alone: a relay that was restarted knows it again. */
export interface LegIdentity {
  /** Our tag. */
  readonly tag: string;
  /** Of our SDP; 31 bits. */
  readonly sessionId: number;
}

const LEG_ID = /^[A-Za-z0-9_.~-]{1,100}$/;
const TAG_BYTES = 12;

export function isLegId(legId: string): boolean {
  return LEG_ID.test(legId);
}

/** The user part of a request URI when it can be a leg's id, else null. */
export function legIdOf(uri: string): string | null {
  const user = parseSipUri(uri)?.user ?? '';
  return isLegId(user) ? user : null;
}

/** No secret is in it: only neighbours on this machine can reach us, and they may end calls anyway. */
export function identityOf(legId: string, callId: string): LegIdentity {
  const digest = createHash('sha256').update(`${legId}\n${callId}`).digest();
  return { tag: digest.toString('hex', 0, TAG_BYTES), sessionId: digest.readUInt32BE(TAG_BYTES) >>> 1 };
}
