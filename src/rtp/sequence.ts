/** How far the 16-bit sequence number `to` is ahead of `from`, -32768 to 32767, over the wrap. */
export function sequenceDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}
