import type { Shared, SharedChange } from '../conference/model/remote.ts';

/**
 * Settings of a conference that every node may change: last-writer-wins registers. Later is what has the greater Lamport
 * clock, of two at the same clock what the node with the greater name has set.
 */
export type Stamp = { readonly clock: number; readonly node: string };

export type Registers = { readonly [K in keyof Shared]: { readonly value: Shared[K] } & Stamp };

const NEVER: Stamp = { clock: 0, node: '' };

export const UNSET: Registers = { locked: { value: false, ...NEVER }, mutedAll: { value: null, ...NEVER } };

export function withChange(registers: Registers, { setting, value }: SharedChange, stamp: Stamp): Registers {
  return mergeRegisters(registers, { ...registers, [setting]: { value, ...stamp } });
}

/** Commutative, associative and idempotent. */
export function mergeRegisters(a: Registers, b: Registers): Registers {
  return { locked: later(a.locked, b.locked), mutedAll: later(a.mutedAll, b.mutedAll) };
}

/** The settings that were set since `before`, also those set to the same value again. */
export function changesSince(before: Registers, after: Registers): SharedChange[] {
  const { locked, mutedAll } = after;
  return [
    ...(isSame(before.locked, locked) ? [] : [{ setting: 'locked' as const, value: locked.value }]),
    ...(isSame(before.mutedAll, mutedAll) ? [] : [{ setting: 'mutedAll' as const, value: mutedAll.value }]),
  ];
}

export function latestClock({ locked, mutedAll }: Registers): number {
  return Math.max(locked.clock, mutedAll.clock);
}

function later<T extends Stamp & { readonly value: unknown }>(a: T, b: T): T {
  if (a.clock !== b.clock) return a.clock > b.clock ? a : b;
  if (a.node !== b.node) return a.node > b.node ? a : b;
  // A node that has forgotten its clock may have said two things at once: all must keep the same one.
  return String(a.value) >= String(b.value) ? a : b;
}

function isSame(a: Stamp & { readonly value: unknown }, b: Stamp & { readonly value: unknown }): boolean {
  return a.clock === b.clock && a.node === b.node && a.value === b.value;
}
