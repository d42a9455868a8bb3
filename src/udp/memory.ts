import type { Libc } from './libc.ts';

/**
 * Memory that libc reads or writes. It has its own ArrayBuffer, so that its address stays the same: the garbage
 * collector may move a small Buffer.
 */
export type Memory = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Valid as long as this object is. */
  readonly address: number;
};

export function memory(libc: Libc, size: number): Memory {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  return { bytes, view: new DataView(bytes.buffer), address: Number(libc.address(bytes)) };
}
