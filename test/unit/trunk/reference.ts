import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/**
 * The protocol once more, written from docs/trunk-protocol.md with nothing of src/trunk and another implementation of
 * the cipher.
 */
export type Fields = {
  nodeId: string;
  epoch: number;
  counter: bigint;
  format: number;
  level: number;
  frameIndex: number;
  conference: string;
  /** The frame's own audio first, then the redundant frames. */
  audio: { level: number; payload: Uint8Array }[];
};

export function referenceHeader(fields: Pick<Fields, 'nodeId' | 'epoch' | 'counter'>): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt8(0x11, 0);
  createHash('sha256').update(`rostrum-trunk-1:${fields.nodeId}`).digest().copy(header, 4, 0, 8);
  header.writeUInt32BE(fields.epoch, 12);
  header.writeBigUInt64BE(fields.counter, 16);
  return header;
}

export function referenceBody(fields: Fields): Buffer {
  const name = Buffer.from(fields.conference, 'ascii');
  const fixed = Buffer.alloc(8);
  const redundancy = Math.max(0, fields.audio.length - 1);
  fixed.set([fields.format, redundancy, fields.level, name.length]);
  fixed.writeUInt32BE(fields.frameIndex, 4);
  const [own, ...redundant] = fields.audio;
  return Buffer.concat([
    fixed,
    name,
    own?.payload ?? Buffer.alloc(0),
    ...redundant.flatMap((frame) => [Buffer.from([frame.level]), frame.payload]),
  ]);
}

export function referenceSeal(header: Uint8Array, body: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, header.subarray(12, 24), { authTagLength: 16 });
  cipher.setAAD(header, { plaintextLength: body.length });
  return Buffer.concat([header, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
}

export function referenceOpen(packet: Uint8Array, key: Uint8Array): Buffer {
  const sealed = packet.subarray(24, packet.length - 16);
  const decipher = createDecipheriv('chacha20-poly1305', key, packet.subarray(12, 24), { authTagLength: 16 });
  decipher.setAAD(packet.subarray(0, 24), { plaintextLength: sealed.length });
  decipher.setAuthTag(packet.subarray(packet.length - 16));
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

export function referencePacket(fields: Fields, key: Uint8Array): Buffer {
  return referenceSeal(referenceHeader(fields), referenceBody(fields), key);
}
