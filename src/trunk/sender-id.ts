import { createHash } from 'node:crypto';
import { SENDER_ID_BYTES } from './packet-format.ts';

const PREFIX = 'rostrum-trunk-1:';

/**
 * The id of a node in the header of its packets: the first 8 bytes of SHA-256 of `rostrum-trunk-1:<node id>`, in
 * UTF-8. If two nodes of a cluster have the same id, the second one is refused.
 */
export function senderIdOf(nodeId: string): Uint8Array {
  const digest = createHash('sha256')
    .update(PREFIX + nodeId, 'utf8')
    .digest();
  return Uint8Array.from(digest.subarray(0, SENDER_ID_BYTES));
}
