import { expect, it } from 'vitest';
import { countDrop, createRtpDrops, RtpDropSums } from '../../../src/relay/rtp-drops.ts';

it('packets that are dropped are summed up by reason, also when a count wraps', () => {
  const drops = createRtpDrops();
  const sums = new RtpDropSums(drops);
  countDrop(drops, 'too-short');
  countDrop(drops, 'other-source');
  countDrop(drops, 'other-source');
  expect(sums.read()).toEqual({
    'too-short': 1,
    'not-version-2': 0,
    rtcp: 0,
    'bad-length': 0,
    'payload-type': 0,
    'bad-event': 0,
    'other-source': 2,
  });
  drops.fill(0xffffffff);
  sums.read();
  countDrop(drops, 'rtcp');
  countDrop(drops, 'rtcp');
  expect(sums.read()).toMatchObject({ rtcp: 0xffffffff + 2, 'too-short': 0xffffffff });
});
