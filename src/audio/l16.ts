/*
 * L16, RFC 3551 section 4.5.11: 16-bit two's complement samples in network byte order. Read and written byte by byte,
 * since a payload may begin at an odd offset of its packet.
 */

/** HOT PATH. Decodes all whole samples of `bytes`; `out` must have room for them. A last odd byte is ignored. */
export function decodeL16Into(bytes: Uint8Array, out: Int16Array): void {
  const samples = bytes.length >> 1;
  for (let i = 0; i < samples; i += 1) {
    out[i] = ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number);
  }
}

/** HOT PATH. Encodes all `samples`; `out` must be twice as long. */
export function encodeL16Into(samples: Int16Array, out: Uint8Array): void {
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] as number;
    out[2 * i] = sample >> 8;
    out[2 * i + 1] = sample;
  }
}
