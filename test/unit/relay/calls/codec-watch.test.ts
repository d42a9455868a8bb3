import { describe, expect, it } from 'vitest';
import { CodecWatch } from '../../../../src/relay/calls/codec-watch.ts';

const [PCMU, PCMA, COMFORT_NOISE, OPUS] = [0, 8, 13, 111];

/** The times of the reports, in ms, if the codec is looked at four times a second. */
function reports(watch: CodecWatch, untilMs: number, payloadTypes: readonly number[]): number[] {
  const found = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs += 250) {
    for (const each of payloadTypes) watch.seen(each);
    if (watch.isDue('PCMU', nowMs)) found.push(nowMs);
  }
  return found;
}

describe('a phone that sends another codec than that of its call', () => {
  it('is reported at once, and again at growing intervals as long as it does', () => {
    const found = reports(new CodecWatch(), 130_000, [PCMA]);
    expect(found).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500, 63_500, 95_500, 127_500]);
  });

  it('is reported no more often if its codec differs from packet to packet', () => {
    expect(reports(new CodecWatch(), 130_000, [PCMU, OPUS, PCMA])).toHaveLength(10);
  });

  it('is reported half a second after the call has got another codec, if it sends the former one still', () => {
    const watch = new CodecWatch();
    reports(watch, 60_000, [PCMA]);
    watch.changed(60_000);
    expect(watch.isDue('G722', 61_000)).toBe(false);
    watch.seen(PCMA);
    expect([60_499, 60_500].map((nowMs) => watch.isDue('G722', nowMs))).toEqual([false, true]);
  });
});

it('a phone that sends the codec of its call, comfort noise or nothing is not reported', () => {
  for (const sent of [[PCMU], [COMFORT_NOISE], [PCMU, COMFORT_NOISE], []]) {
    expect(reports(new CodecWatch(), 10_000, sent)).toEqual([]);
  }
});

it('a call whose codec the relay does not encode is reported if its phone sends one that it does', () => {
  const watch = new CodecWatch();
  watch.seen(OPUS);
  expect(watch.isDue(null, 0)).toBe(false);
  watch.seen(PCMA);
  expect(watch.isDue(null, 0)).toBe(true);
});
