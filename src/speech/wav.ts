/*
 * RIFF/WAVE with 16-bit mono PCM:
 *
 *   "RIFF" size "WAVE"
 *   "fmt " 16 | format 1 (PCM) | channels 1 | rate | bytes per second | bytes per frame 2 | bits 16
 *   "data" size | samples, little-endian
 */
const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FORMAT_BYTES = 16;
export const WAV_HEADER_BYTES = RIFF_HEADER_BYTES + CHUNK_HEADER_BYTES + FORMAT_BYTES + CHUNK_HEADER_BYTES;
const PCM = 1;
const FULL_SCALE = 32768;

/** Samples of -1 to 1. */
export type Sound = { readonly samples: Float32Array; readonly sampleRateHz: number };

/** Null for another format. A program that writes to a pipe does not know the size, and gives one that is too large. */
export function parseWav(file: Buffer): Sound | null {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return null;
  let sampleRateHz: number | null = null;
  let at = RIFF_HEADER_BYTES;
  while (at + CHUNK_HEADER_BYTES <= file.length) {
    const id = file.toString('latin1', at, at + 4);
    const length = file.readUInt32LE(at + 4);
    const body = file.subarray(at + CHUNK_HEADER_BYTES, at + CHUNK_HEADER_BYTES + length);
    if (id === 'fmt ' && body.length >= FORMAT_BYTES) {
      const fits = body.readUInt16LE(0) === PCM && body.readUInt16LE(2) === 1 && body.readUInt16LE(14) === 16;
      if (fits) sampleRateHz = body.readUInt32LE(4);
    }
    if (id === 'data') return sampleRateHz ? { samples: samplesOf(body), sampleRateHz } : null;
    // Chunks are padded to an even length.
    at += CHUNK_HEADER_BYTES + length + (length & 1);
  }
  return null;
}

function samplesOf(body: Buffer): Float32Array {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const samples = new Float32Array(body.length >> 1);
  for (let i = 0; i < samples.length; i += 1) samples[i] = view.getInt16(i * 2, true) / FULL_SCALE;
  return samples;
}

/** Writes the file; samples beyond full scale are clipped. */
export function encodeWav({ samples, sampleRateHz }: Sound): Buffer {
  const dataBytes = samples.length * 2;
  const file = Buffer.alloc(WAV_HEADER_BYTES + dataBytes);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(WAV_HEADER_BYTES - CHUNK_HEADER_BYTES + dataBytes, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(FORMAT_BYTES, 16);
  file.writeUInt16LE(PCM, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(sampleRateHz, 24);
  file.writeUInt32LE(sampleRateHz * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(dataBytes, 40);
  const view = new DataView(file.buffer, file.byteOffset + WAV_HEADER_BYTES, dataBytes);
  for (let i = 0; i < samples.length; i += 1) {
    const value = Math.round((samples[i] ?? 0) * FULL_SCALE);
    view.setInt16(i * 2, Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, value)), true);
  }
  return file;
}
