import { expect, it } from 'vitest';
import { countDrop, createRtpDrops, readDrops } from '../../../../src/relay/calls/rtp-drops.ts';

it('packets that are dropped are counted by reason', () => {
  const drops = createRtpDrops();
  countDrop(drops, 'too-short');
  countDrop(drops, 'other-source');
  countDrop(drops, 'other-source');
  expect(readDrops(drops)).toEqual({
    'too-short': 1,
    'not-version-2': 0,
    rtcp: 0,
    'bad-length': 0,
    'other-source': 2,
  });
});
