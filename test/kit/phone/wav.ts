import { readFileSync } from 'node:fs';
import { PhoneError } from './errors.ts';
import { SAMPLE_RATE_HZ } from './g711.ts';

const PCM_FORMAT = 1;
const CHUNK_HEADER_BYTES = 8;
const RIFF_HEADER_BYTES = 12;

/** Samples of a RIFF/WAVE file of 8000 Hz, 16 bits, mono. Throws `bad-sound` for any other. */
export function readWavFile(path: string): Int16Array {
  const pcm = parseWav(readFileSync(path));
  if (pcm === null) throw new PhoneError({ code: 'bad-sound', problem: `${path} is no WAV of 8000 Hz, 16 bits, mono` });
  return pcm;
}

/** Null when the bytes are no such file. */
export function parseWav(file: Buffer): Int16Array | null {
  if (file.length < RIFF_HEADER_BYTES) return null;
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return null;
  let formatFits = false;
  let at = RIFF_HEADER_BYTES;
  while (at + CHUNK_HEADER_BYTES <= file.length) {
    const id = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const body = file.subarray(at + CHUNK_HEADER_BYTES, at + CHUNK_HEADER_BYTES + length);
    if (id === 'fmt ' && body.length >= 16) {
      const isMonoPcm = body.readUInt16LE(0) === PCM_FORMAT && body.readUInt16LE(2) === 1;
      formatFits = isMonoPcm && body.readUInt32LE(4) === SAMPLE_RATE_HZ && body.readUInt16LE(14) === 16;
    }
    if (id === 'data') {
      if (!formatFits) return null;
      return Int16Array.from({ length: body.length >> 1 }, (_, i) => body.readInt16LE(i * 2));
    }
    // Chunks are padded to an even length.
    at += CHUNK_HEADER_BYTES + length + (length & 1);
  }
  return null;
}
