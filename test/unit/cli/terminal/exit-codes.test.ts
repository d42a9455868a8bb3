import { expect, it } from 'vitest';
import { exitCodeOf } from '../../../../src/cli/terminal/exit-codes.ts';

it.each([
  ['too-many-speakers', 1],
  ['not-possible', 1],
  ['bad-request', 2],
  ['invalid-configuration', 2],
  ['port-taken', 2],
  ['cannot-listen', 2],
  ['no-such-conference', 3],
  ['no-such-member', 3],
  ['no-controller', 4],
  ['starting', 4],
  ['asterisk-refused', 5],
  ['asterisk-unreachable', 5],
  ['application-taken', 6],
  ['never heard of', 1],
  ['constructor', 1],
])('an error %s ends with status %i', (code, status) => {
  expect(exitCodeOf({ code })).toBe(status);
});
