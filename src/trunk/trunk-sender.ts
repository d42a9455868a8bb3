import { levelToByte } from '../audio/level.ts';
import { type AudioFormat, SILENCE_CODE } from './audio-format.ts';
import { TrunkError } from './errors.ts';
import {
  COUNTER_OFFSET,
  EPOCH_OFFSET,
  FORMAT_OFFSET,
  FRAME_INDEX_OFFSET,
  HEADER_BYTES,
  LEVEL_OFFSET,
  NAME_LENGTH_OFFSET,
  NAME_OFFSET,
  REDUNDANCY_OFFSET,
  SENDER_OFFSET,
  senderIdOf,
  TAG_BYTES,
  VERSION_AND_TYPE,
  writeUint32,
} from './packet-format.ts';
import { type SenderKey, takeCounter } from './sender-key.ts';
import type { Aead } from './sodium-aead.ts';
import type { TrunkStream } from './trunk-stream.ts';

/** 20 ms of a conference on this node. `frameIndex` counts 20 ms, in 32 bits, and wraps. */
export type OutgoingFrame = OutgoingAudio | OutgoingSilence;
export type OutgoingAudio = {
  kind: 'audio';
  frameIndex: number;
  /** 0 (loudest) to -127. */
  levelDbov: number;
  format: AudioFormat;
  /** Exactly `format.payloadBytes`. */
  payload: Uint8Array;
};
export type OutgoingSilence = { kind: 'silence'; frameIndex: number; noiseLevelDbov: number };

export type Refusal = 'no-key' | 'key-used-up';

/**
 * Makes a node's trunk packets. Each is made once, and sent to every peer unchanged. Several threads may each have a
 * sender for the same node, with the same `SenderKey`.
 */
export class TrunkSender {
  readonly refused: Record<Refusal, number> = { 'no-key': 0, 'key-used-up': 0 };
  readonly #senderId: Uint8Array;
  readonly #aead: Aead;
  #senderKey: SenderKey | null = null;

  constructor(options: { nodeId: string }, deps: { aead: Aead }) {
    this.#senderId = senderIdOf(options.nodeId);
    this.#aead = deps.aead;
  }

  /** Sends with this key from now on. */
  use(senderKey: SenderKey): void {
    this.#senderKey = senderKey;
  }

  /**
   * Writes a frame, and as many earlier ones as the stream's redundancy asks for, as a packet. HOT PATH
   * @param out `MAX_PACKET_BYTES` are enough for any frame
   * @returns the length of the packet, or 0 if there is no key to send it with (counted in `refused`)
   * @throws {TrunkError} `bad-payload`, `buffer-too-small`
   */
  encodeInto(out: Uint8Array, stream: TrunkStream, frame: OutgoingFrame): number {
    const redundancy = frame.kind === 'audio' ? stream.redundancyAt(frame.frameIndex, frame.format) : 0;
    const bodyBytes = bodyBytesOf(stream, frame, redundancy);
    const packetBytes = HEADER_BYTES + bodyBytes + TAG_BYTES;
    if (out.length < packetBytes) {
      throw new TrunkError('buffer-too-small', `a packet of ${packetBytes} bytes does not fit into ${out.length}`);
    }
    const senderKey = this.#senderKey;
    const counter = senderKey === null ? -1 : takeCounter(senderKey);
    if (senderKey !== null && counter >= 0) {
      this.#writeHeader(out, senderKey.epoch, counter);
      writeBody(out, stream, frame, redundancy);
      this.#aead.seal(out, bodyBytes, senderKey.key);
    }
    if (frame.kind === 'audio') stream.remember(frame.frameIndex, frame.format, frame.levelDbov, frame.payload);
    if (counter >= 0) return packetBytes;
    this.refused[senderKey === null ? 'no-key' : 'key-used-up'] += 1;
    return 0;
  }

  #writeHeader(out: Uint8Array, epoch: number, counter: number): void {
    writeUint32(out, 0, VERSION_AND_TYPE << 24);
    out.set(this.#senderId, SENDER_OFFSET);
    writeUint32(out, EPOCH_OFFSET, epoch);
    writeUint32(out, COUNTER_OFFSET, 0);
    writeUint32(out, COUNTER_OFFSET + 4, counter);
  }
}

function bodyBytesOf(stream: TrunkStream, frame: OutgoingFrame, redundancy: number): number {
  const start = NAME_OFFSET + stream.nameBytes.length;
  if (frame.kind === 'silence') return start;
  const { format, payload } = frame;
  if (payload.length !== format.payloadBytes) {
    const message = `20 ms of ${format.name} are ${format.payloadBytes} bytes, not ${payload.length}`;
    throw new TrunkError('bad-payload', message);
  }
  return start + payload.length + redundancy * (1 + payload.length);
}

function writeBody(out: Uint8Array, stream: TrunkStream, frame: OutgoingFrame, redundancy: number): void {
  const { nameBytes } = stream;
  const isAudio = frame.kind === 'audio';
  out[HEADER_BYTES + FORMAT_OFFSET] = isAudio ? frame.format.code : SILENCE_CODE;
  out[HEADER_BYTES + REDUNDANCY_OFFSET] = redundancy;
  out[HEADER_BYTES + LEVEL_OFFSET] = levelToByte(isAudio ? frame.levelDbov : frame.noiseLevelDbov);
  out[HEADER_BYTES + NAME_LENGTH_OFFSET] = nameBytes.length;
  writeUint32(out, HEADER_BYTES + FRAME_INDEX_OFFSET, frame.frameIndex);
  out.set(nameBytes, HEADER_BYTES + NAME_OFFSET);
  if (!isAudio) return;
  let at = HEADER_BYTES + NAME_OFFSET + nameBytes.length;
  const { payloadBytes } = frame.format;
  out.set(frame.payload, at);
  at += payloadBytes;
  for (let distance = 1; distance <= redundancy; distance += 1) {
    const past = stream.pastFrame(frame.frameIndex, distance);
    out[at] = levelToByte(past.levelDbov);
    out.set(past.payload.subarray(0, payloadBytes), at + 1);
    at += 1 + payloadBytes;
  }
}
