import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changesSince,
  mergeRegisters,
  type Registers,
  type Stamp,
  UNSET,
  withChange,
} from '../../../src/cluster/registers.ts';
import type { SharedChange } from '../../../src/conference/model/remote.ts';

const stamp: fc.Arbitrary<Stamp> = fc.record({ clock: fc.nat(4), node: fc.constantFrom('a', 'b', 'c') });
const change: fc.Arbitrary<SharedChange> = fc.oneof(
  fc.record({ setting: fc.constant('locked' as const), value: fc.boolean() }),
  fc.record({ setting: fc.constant('mutedAll' as const), value: fc.constantFrom('all', 'non-admins', null) }),
);
const writes = fc.array(fc.tuple(change, stamp), { maxLength: 8 });

const written = (given: readonly [SharedChange, Stamp][]) =>
  given.reduce((registers, [each, at]) => withChange(registers, each, at), UNSET);

describe('settings that every node may change', () => {
  it('merge alike whatever comes first, in whatever groups, and however often', () => {
    fc.assert(
      fc.property(writes, writes, writes, (x, y, z) => {
        const [a, b, c] = [written(x), written(y), written(z)] as [Registers, Registers, Registers];
        expect(mergeRegisters(a, b)).toEqual(mergeRegisters(b, a));
        expect(mergeRegisters(a, mergeRegisters(b, c))).toEqual(mergeRegisters(mergeRegisters(a, b), c));
        expect(mergeRegisters(a, a)).toEqual(a);
      }),
    );
  });

  it('end equal in whatever order they were written', () => {
    fc.assert(
      fc.property(
        writes.chain((given) => fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }))),
        ([given, shuffled]) => {
          expect(written(shuffled)).toEqual(written(given));
        },
      ),
    );
  });

  it('are what was set last; of two at the same time, what the node with the greater name has set', () => {
    const locked = (value: boolean, clock: number, node: string) =>
      withChange(UNSET, { setting: 'locked', value }, { clock, node });
    expect(mergeRegisters(locked(true, 2, 'a'), locked(false, 1, 'b')).locked.value).toBe(true);
    expect(mergeRegisters(locked(true, 2, 'a'), locked(false, 2, 'b')).locked.value).toBe(false);
  });

  it('tell what was set anew, even to the same', () => {
    const once = withChange(UNSET, { setting: 'mutedAll', value: 'all' }, { clock: 1, node: 'a' });
    const again = withChange(once, { setting: 'mutedAll', value: 'all' }, { clock: 2, node: 'b' });
    expect(changesSince(once, again)).toEqual([{ setting: 'mutedAll', value: 'all' }]);
    expect(changesSince(again, mergeRegisters(again, once))).toEqual([]);
  });
});
