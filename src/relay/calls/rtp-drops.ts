/** The reasons to drop a packet at a call's port: those of `RtpDropReason`, or an address that is not the phone's. */
const REASONS = ['too-short', 'not-version-2', 'rtcp', 'bad-length', 'other-source'] as const;
export type CallDropReason = (typeof REASONS)[number];

/** Counts by reason, in memory that all threads of the relay share. */
export type RtpDrops = BigUint64Array<SharedArrayBuffer>;

export function createRtpDrops(): RtpDrops {
  return new BigUint64Array(new SharedArrayBuffer(REASONS.length * BigUint64Array.BYTES_PER_ELEMENT));
}

/** HOT PATH. */
export function countDrop(drops: RtpDrops, reason: CallDropReason): void {
  Atomics.add(drops, REASONS.indexOf(reason), 1n);
}

export function readDrops(drops: RtpDrops): Record<CallDropReason, number> {
  const counts = REASONS.map((reason, index) => [reason, Number(Atomics.load(drops, index))]);
  return Object.fromEntries(counts) as Record<CallDropReason, number>;
}
