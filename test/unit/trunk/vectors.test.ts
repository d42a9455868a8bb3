import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FORMAT_BY_CODE } from '../../../src/trunk/audio-format.ts';
import { createSenderKey } from '../../../src/trunk/sender-key.ts';
import { loadAead } from '../../../src/trunk/sodium-aead.ts';
import { type OutgoingFrame, TrunkSender } from '../../../src/trunk/trunk-sender.ts';
import { TrunkStream } from '../../../src/trunk/trunk-stream.ts';
import { FROM_START, receiver } from './kit.ts';
import { referenceBody, referenceOpen, referencePacket } from './reference.ts';

type Vector = {
  name: string;
  nodeId: string;
  key: string;
  epoch: number;
  counter: string;
  format: number;
  level: number;
  frameIndex: number;
  conference: string;
  audio: { level: number; payload: string }[];
  body: string;
  packet: string;
};

const VECTORS: Vector[] = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'));
const aead = await loadAead();
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function fieldsOf(vector: Vector) {
  const audio = vector.audio.map((frame) => ({ level: frame.level, payload: fromHex(frame.payload) }));
  return { ...vector, counter: BigInt(vector.counter), audio };
}

/** The frames of a vector, oldest first, as a sender is given them. */
function framesOf(vector: Vector): OutgoingFrame[] {
  const format = FORMAT_BY_CODE[vector.format];
  if (format === undefined) {
    return [{ kind: 'silence', frameIndex: vector.frameIndex, noiseLevelDbov: -vector.level }];
  }
  return fieldsOf(vector)
    .audio.map(({ level, payload }, distance): OutgoingFrame => {
      const frameIndex = (vector.frameIndex - distance) >>> 0;
      return { kind: 'audio', frameIndex, levelDbov: -level, format, payload };
    })
    .reverse();
}

/** Sends the frames of a vector, so that the last one has the vector's counter. */
function encode(vector: Vector): Uint8Array {
  const frames = framesOf(vector);
  const senderKey = createSenderKey(vector.epoch, fromHex(vector.key));
  Atomics.store(senderKey.nextCounter, 0, Number(vector.counter) - frames.length + 1);
  const sender = new TrunkSender({ nodeId: vector.nodeId }, { aead });
  sender.use(senderKey);
  const stream = new TrunkStream({ conference: vector.conference, redundancy: 2 });
  const out = new Uint8Array(1400);
  let length = 0;
  for (const frame of frames) length = sender.encodeInto(out, stream, frame);
  return out.slice(0, length);
}

describe.each(VECTORS)('the known packet "$name"', (vector) => {
  it('is decoded to its fields', () => {
    const node = receiver(aead);
    node.addNode(vector.nodeId);
    node.installKey(vector.nodeId, { epoch: vector.epoch, key: fromHex(vector.key), fromCounter: FROM_START });
    node.conferences.add(vector.conference);
    const frame = node.decode(fromHex(vector.packet));
    if (typeof frame === 'string') throw new Error(`dropped: ${frame}`);
    expect(frame).toMatchObject({ nodeId: vector.nodeId, conference: vector.conference, epoch: vector.epoch });
    if (frame.kind === 'silence') {
      expect(vector.format).toBe(16);
      expect(frame).toMatchObject({ frameIndex: vector.frameIndex, noiseLevelDbov: -vector.level });
      return;
    }
    const { format, bytes } = frame;
    expect(format.code).toBe(vector.format);
    const heard = frame.frames.slice(0, frame.frameCount).map(({ frameIndex, levelDbov, offset }) => ({
      frameIndex,
      level: 0 - levelDbov,
      payload: toHex(bytes.subarray(offset, offset + format.payloadBytes)),
    }));
    expect(heard).toEqual(
      vector.audio.map((own, distance) => ({ ...own, frameIndex: (vector.frameIndex - distance) >>> 0 })),
    );
  });

  it('is the same to another implementation of the protocol and of the cipher', () => {
    expect(toHex(referenceBody(fieldsOf(vector)))).toBe(vector.body);
    expect(toHex(referencePacket(fieldsOf(vector), fromHex(vector.key)))).toBe(vector.packet);
    expect(toHex(referenceOpen(fromHex(vector.packet), fromHex(vector.key)))).toBe(vector.body);
  });
});

describe.each(VECTORS.filter((vector) => BigInt(vector.counter) < 2n ** 32n))('the known packet "$name"', (vector) => {
  it('is what the sender makes of its frames', () => {
    expect(toHex(encode(vector))).toBe(vector.packet);
  });
});

it('the known packets are of every kind', () => {
  expect(new Set(VECTORS.map((vector) => vector.format))).toEqual(new Set([1, 2, 4, 16]));
  expect(VECTORS.map((vector) => vector.audio.length)).toEqual([1, 3, 2, 0, 0]);
});

it.each(VECTORS.filter((_, i) => [0, 1, 3].includes(i)))('the specification quotes "$name"', (vector) => {
  const page = readFileSync(new URL('../../../docs/trunk-protocol.md', import.meta.url), 'utf8').replaceAll(/\s/g, '');
  for (const quoted of [vector.key, `Body:${vector.body}`, vector.packet]) expect(page).toContain(quoted);
});
