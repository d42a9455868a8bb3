import { describe, expect, it } from 'vitest';
import { mayReadOrEnter, parseProcessUser } from '../../../src/base/file-rights.ts';

const USER = { uid: 998, gids: [998, 20] };
const file = (ownerUid: number, groupGid: number, mode: number) => ({
  ownerUid,
  groupGid,
  mode: 0o100000 | mode,
  isDirectory: false,
});
const directory = (ownerUid: number, groupGid: number, mode: number) => ({
  ...file(ownerUid, groupGid, mode),
  isDirectory: true,
});

it.each([
  ['their own', file(998, 0, 0o400), true],
  ['their own, which they may not read, though others may', file(998, 0, 0o044), false],
  ['of one of their groups', file(0, 20, 0o640), true],
  ['of one of their groups, which may not read it, though others may', file(0, 20, 0o604), false],
  ['for everybody', file(0, 0, 0o644), true],
  ['for others only', file(0, 0, 0o640), false],
])('a user reads a file that is %s: as the kernel lets them', (_, rights, may) => {
  expect(mayReadOrEnter(rights, USER)).toBe(may);
  expect(mayReadOrEnter(rights, { uid: 0, gids: [0] })).toBe(true);
});

it('a user enters a directory with x, and lists it with r as well', () => {
  expect(mayReadOrEnter(directory(0, 0, 0o711), USER)).toBe(true);
  expect(mayReadOrEnter(directory(0, 0, 0o711), USER, true)).toBe(false);
  expect(mayReadOrEnter(directory(0, 0, 0o744), USER, true)).toBe(false);
  expect(mayReadOrEnter(directory(0, 998, 0o2770), USER, true)).toBe(true);
});

describe('the user of a process', () => {
  const status = (groups: string) =>
    `Name:\tnode\nUid:\t0\t998\t998\t998\nGid:\t0\t998\t998\t998\nFDSize:\t64\nGroups:\t${groups}\nNStgid:\t7\n`;

  it('is the effective one, with all groups', () => {
    expect(parseProcessUser(status('20 998 '))).toEqual({ uid: 998, gids: [998, 20, 998] });
    expect(parseProcessUser(status(''))).toEqual({ uid: 998, gids: [998] });
  });

  it('is not known where the process has ended', () => {
    expect(parseProcessUser('')).toBeNull();
  });
});
