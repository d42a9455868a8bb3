import { describe, expect, it } from 'vitest';
import { formatMemberAddress, parseMemberAddress } from '../../../../src/conference/model/member-address.ts';

describe('the address of a member', () => {
  it('is the number, with the node where that is another one', () => {
    expect(parseMemberAddress('7')).toEqual({ memberId: 7 });
    expect(parseMemberAddress('7@lyon')).toEqual({ memberId: 7, node: 'lyon' });
    expect(formatMemberAddress(7, null)).toBe('7');
    expect(formatMemberAddress(7, 'lyon')).toBe('7@lyon');
  });

  it.each(['', '0', '07', 'x', '7@', '@lyon', '7@ly on', '7@lyon\n', '7@lyon@x', '1234567890', '7@../x'])(
    'is not %j',
    (text) => {
      expect(parseMemberAddress(text)).toBeNull();
    },
  );
});
