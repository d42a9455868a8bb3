import { levelFromByte } from '../audio/level.ts';
import { type AudioFormat, FORMAT_BY_CODE, PCMU, SILENCE_CODE } from './audio-format.ts';
import type { ConferenceIndex } from './conference-index.ts';
import {
  FORMAT_OFFSET,
  FRAME_INDEX_OFFSET,
  LEVEL_OFFSET,
  MAX_BODY_BYTES,
  MAX_LEVEL,
  MAX_NAME_BYTES,
  NAME_LENGTH_OFFSET,
  NAME_OFFSET,
  REDUNDANCY_OFFSET,
  readUint32,
} from './packet-format.ts';

/** 20 ms in a packet; the audio is `bytes.subarray(offset, offset + format.payloadBytes)` of its packet. */
export type AudioFrame = { frameIndex: number; levelDbov: number; offset: number };

export type ReceivedAudio = {
  readonly kind: 'audio';
  nodeId: string;
  conference: string;
  epoch: number;
  format: AudioFormat;
  readonly bytes: Uint8Array;
  /**
   * Newest first: the packet's own, then the redundant ones, each directly before the other. Only `frameCount` count.
   */
  readonly frames: readonly [AudioFrame, AudioFrame, AudioFrame];
  /** 1 to 3. */
  frameCount: number;
};

export type ReceivedSilence = {
  readonly kind: 'silence';
  nodeId: string;
  conference: string;
  epoch: number;
  frameIndex: number;
  noiseLevelDbov: number;
};

/** A view of the packet decoded last: valid until the next one is decoded. */
export type ReceivedFrame = ReceivedAudio | ReceivedSilence;

/** The errors in the body of an authentic packet. */
export type BodyProblem = 'malformed' | 'unknown-format' | 'unknown-conference';

/** Reads bodies of packets into two reused views. */
export class BodyReader {
  /** Bodies must be decrypted into this. */
  readonly body = new Uint8Array(MAX_BODY_BYTES);
  readonly #conferences: ConferenceIndex;
  readonly #audio: ReceivedAudio = {
    kind: 'audio',
    nodeId: '',
    conference: '',
    epoch: 0,
    format: PCMU,
    bytes: this.body,
    frames: [
      { frameIndex: 0, levelDbov: 0, offset: 0 },
      { frameIndex: 0, levelDbov: 0, offset: 0 },
      { frameIndex: 0, levelDbov: 0, offset: 0 },
    ],
    frameCount: 0,
  };
  readonly #silence: ReceivedSilence = {
    kind: 'silence',
    nodeId: '',
    conference: '',
    epoch: 0,
    frameIndex: 0,
    noiseLevelDbov: 0,
  };

  constructor(deps: { conferences: ConferenceIndex }) {
    this.#conferences = deps.conferences;
  }

  /**
   * Reads `body`. HOT PATH
   * @param bodyBytes its length
   */
  read(bodyBytes: number, nodeId: string, epoch: number): ReceivedFrame | BodyProblem {
    const { body } = this;
    const code = body[FORMAT_OFFSET] ?? 0;
    const nameBytes = body[NAME_LENGTH_OFFSET] ?? 0;
    const level = body[LEVEL_OFFSET] ?? 0;
    const redundancy = body[REDUNDANCY_OFFSET] ?? 0;
    const payloadAt = NAME_OFFSET + nameBytes;
    const format = FORMAT_BY_CODE[code];
    if (format === undefined && code !== SILENCE_CODE) return 'unknown-format';
    if (nameBytes < 1 || nameBytes > MAX_NAME_BYTES || level > MAX_LEVEL) return 'malformed';
    if (format === undefined) {
      if (redundancy !== 0 || payloadAt !== bodyBytes) return 'malformed';
    } else {
      if (redundancy > format.maxRedundancy) return 'malformed';
      if (payloadAt + format.payloadBytes + redundancy * (1 + format.payloadBytes) !== bodyBytes) return 'malformed';
      if (!this.#readAudio(format, payloadAt, redundancy, level)) return 'malformed';
    }
    const conference = this.#conferences.find(body, NAME_OFFSET, payloadAt);
    if (conference === undefined) return 'unknown-conference';
    const frame = format === undefined ? this.#silence : this.#audio;
    frame.nodeId = nodeId;
    frame.epoch = epoch;
    frame.conference = conference;
    if (frame.kind === 'silence') {
      frame.frameIndex = readUint32(body, FRAME_INDEX_OFFSET);
      frame.noiseLevelDbov = levelFromByte(level);
    }
    return frame;
  }

  /** @returns whether the levels of the redundant frames are valid. */
  #readAudio(format: AudioFormat, payloadAt: number, redundancy: number, level: number): boolean {
    const { body } = this;
    const audio = this.#audio;
    const frameIndex = readUint32(body, FRAME_INDEX_OFFSET);
    audio.format = format;
    audio.frameCount = 1 + redundancy;
    audio.frames[0].frameIndex = frameIndex;
    audio.frames[0].levelDbov = levelFromByte(level);
    audio.frames[0].offset = payloadAt;
    let at = payloadAt + format.payloadBytes;
    for (let distance = 1; distance <= redundancy; distance += 1) {
      const frame = audio.frames[distance];
      const frameLevel = body[at] ?? 0;
      if (frame === undefined || frameLevel > MAX_LEVEL) return false;
      frame.frameIndex = (frameIndex - distance) >>> 0;
      frame.levelDbov = levelFromByte(frameLevel);
      frame.offset = at + 1;
      at += 1 + format.payloadBytes;
    }
    return true;
  }
}
