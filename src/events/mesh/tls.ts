import { connect, type TLSSocket } from 'node:tls';
import { deriveKey } from '../../secrets/derive.ts';

/**
 * Both sides know the secret or there is no connection; the Diffie-Hellman exchange keeps what was said secret even if
 * the secret becomes known later (RFC 5489, RFC 7905). TLS 1.3 has no such suites in Node.js.
 */
export const TLS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;

export type SecretFor = (nodeId: string) => Uint8Array | null;

/** The TLS key with a peer: from the secret shared with it, null if there is none. */
export function meshKey(secret: Uint8Array | null): Uint8Array | null {
  return secret && deriveKey(secret, 'mesh-psk');
}

export type DialTls = {
  readonly host: string;
  readonly port: number;
  readonly ownId: string;
  /** Null if the peer's id is not known: what the listener says then decides which secret is tried. */
  readonly peerId: string | null;
  readonly secretFor: SecretFor;
  /** There is no secret for that peer. */
  readonly onRevoked: () => void;
};

export function dialTls({ host, port, ownId, peerId, secretFor, onRevoked }: DialTls): TLSSocket {
  return connect({
    ...TLS,
    host,
    port,
    pskCallback: (hint) => {
      const id = peerId ?? hint;
      const psk = id ? meshKey(secretFor(id)) : null;
      if (psk) return { psk, identity: ownId };
      onRevoked();
      return null;
    },
    // There are no certificates; who the peer is follows from the secret, and from its hello.
    checkServerIdentity: () => undefined,
  });
}
