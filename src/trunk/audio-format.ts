/** The format of 20 ms of audio in a packet. L16 is in network byte order (RFC 3551, section 4.5.11). */
export type AudioFormat = {
  readonly name: 'PCMU' | 'PCMA' | 'L16/8000' | 'L16/16000';
  /** The value of the field `format` of a packet. */
  readonly code: number;
  readonly clockRateHz: 8000 | 16000;
  /** The size of 20 ms. */
  readonly payloadBytes: number;
  /** How many earlier frames fit into a packet whatever the conference's name; a sender with more sends this many. */
  readonly maxRedundancy: 1 | 2;
};

export const PCMU: AudioFormat = { name: 'PCMU', code: 1, clockRateHz: 8000, payloadBytes: 160, maxRedundancy: 2 };
export const PCMA: AudioFormat = { name: 'PCMA', code: 2, clockRateHz: 8000, payloadBytes: 160, maxRedundancy: 2 };
export const L16_8000: AudioFormat = {
  name: 'L16/8000',
  code: 3,
  clockRateHz: 8000,
  payloadBytes: 320,
  maxRedundancy: 2,
};
export const L16_16000: AudioFormat = {
  name: 'L16/16000',
  code: 4,
  clockRateHz: 16000,
  payloadBytes: 640,
  maxRedundancy: 1,
};

export const AUDIO_FORMATS: readonly AudioFormat[] = [PCMU, PCMA, L16_8000, L16_16000];

export const LONGEST_PAYLOAD_BYTES = L16_16000.payloadBytes;

/** This value of the field `format` means a silence descriptor: the level is that of the background noise. */
export const SILENCE_CODE = 0x10;

/** By code; `undefined` for an unknown code. */
export const FORMAT_BY_CODE: readonly (AudioFormat | undefined)[] = [undefined, PCMU, PCMA, L16_8000, L16_16000];
