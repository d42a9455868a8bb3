/** Puts the parts of a large message together. They come in order and without others between. */
export class Assembly {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns the message if this was its last part, null if more is to come, `oversized` if it is too large */
  add(part: Uint8Array, isLast: boolean): Uint8Array | 'oversized' | null {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) {
      this.clear();
      return 'oversized';
    }
    if (isLast && this.#parts.length === 0) {
      this.clear();
      return part;
    }
    this.#parts.push(part);
    if (!isLast) return null;
    const message = Buffer.concat(this.#parts);
    this.clear();
    return message;
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
