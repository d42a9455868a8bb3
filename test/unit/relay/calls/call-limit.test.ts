import { expect, it } from 'vitest';
import { callLimitOf } from '../../../../src/relay/calls/call-limit.ts';

it.each([
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [20_000, 9000],
  [1024, 461],
  [101, 0],
  [50, 0],
])('a relay that may open %d files takes %d calls, and has some files left for everything else', (files, calls) => {
  expect(callLimitOf(files)).toEqual({ files, calls });
});
