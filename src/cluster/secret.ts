/** The cluster's secret as text, one line in a file: who has it is a node of the cluster. */

const PREFIX = 'rostrum-secret-1:';
export const SECRET_BYTES = 32;

/** @param bytes 32 random bytes */
export function formatSecret(bytes: Uint8Array): string {
  return `${PREFIX}${Buffer.from(bytes).toString('base64url')}`;
}

/** @returns the 32 bytes, or null if the text is no secret */
export function parseSecret(text: string): Uint8Array | null {
  const line = text.trim();
  if (!line.startsWith(PREFIX) || !/^[A-Za-z0-9_-]{43}$/.test(line.slice(PREFIX.length))) return null;
  const bytes = Buffer.from(line.slice(PREFIX.length), 'base64url');
  return bytes.length === SECRET_BYTES ? bytes : null;
}
