import type { Libc } from './libc.ts';

/**
 * Memory that libc reads or writes. It has an ArrayBuffer of its own, so that it stays where it is: a small Buffer may be moved
 * by the garbage collector.
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
