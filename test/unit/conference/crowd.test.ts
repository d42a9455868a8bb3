import { beforeEach, describe, expect, it } from 'vitest';
import { changesBetween } from '../../../src/cluster/diff.ts';
import type { Conference } from '../../../src/conference/model/conference.ts';
import type { Input } from '../../../src/conference/model/inputs.ts';
import type { Member } from '../../../src/conference/model/member.ts';
import { Members } from '../../../src/conference/model/members.ts';
import { reduce } from '../../../src/conference/reduce.ts';
import {
  comes,
  commands,
  conference,
  joins,
  leaves,
  memberAt,
  moves,
  NOBODY_ELSEWHERE,
  play,
  presses,
} from './conferences.ts';

const CROWD = 5000;
/** A change of one member looks at as many as the tree is deep, which is 24 at most. Inputs change one a few times. */
const FEW = 300;
const NOW_MS = 100_000;
/** Longer than the pause that ends a sequence of keys. */
const GAP_MS = 10_000;

let looks = 0;

/** A member who notices when somebody asks where they are, as everything that is about a member does. */
function watched(member: Member): Member {
  const { place, ...others } = member;
  return Object.defineProperty({ ...others } as Member, 'place', {
    enumerable: true,
    get: () => {
      looks++;
      return place;
    },
  });
}

const keys = { 1: 'hand', 2: 'deaf', 3: 'voice', 44: 'count', 5: 'private' };
const limits = { members: 10_000, speakers: 100, callMinutes: 60 };
const first = play(conference({ limits }, keys), comes('c1', { speaker: true, admin: true })).conference;
const pattern = memberAt(first, 'c1');

/** Member 1 is a moderator; every hundredth one speaks, and has raised a hand. */
function crowd(changes: Partial<Member> = {}): Conference {
  const others = Array.from({ length: CROWD - 1 }, (_, index): Member => {
    const id = index + 2;
    const often = id % 100 === 0;
    const flags = { ...pattern.flags, speaker: often, admin: false };
    return watched({ ...pattern, id, channelId: `c${id}`, flags, handRaisedAtMs: often ? id : null, ...changes });
  });
  return { ...first, nextMemberId: CROWD + 1, members: Members.of([watched(pattern), ...others]) };
}

/** How often a member was looked at on the way. */
function looksAt(state: Conference, ...inputs: Input[]): number {
  looks = 0;
  let current = state;
  for (const [index, input] of inputs.entries()) {
    const before = current;
    current = reduce(before, input, NOW_MS + index * GAP_MS).conference;
    changesBetween(before, current);
  }
  return looks;
}

const remote = { ...NOBODY_ELSEWHERE, admitted: 7, nodes: ['oslo'] };

beforeEach(() => {
  looks = 0;
});

describe('in a crowd', () => {
  const state = crowd();

  it.each<[string, Input[]]>([
    ['a call that joins', comes('new')],
    ['a call from another conference', [moves('new')]],
    ['a call that ends', [leaves('c2500')]],
    ['a key that begins a sequence', [presses('c2500', '4')]],
    ['a key that raises a hand', [presses('c2500', '1')]],
    ['a key that gives or takes the floor', [presses('c2500', '3')]],
    ['a member who begins to talk', [{ type: 'talking', channelId: 'c2500', talking: true, levelDbov: null }]],
    ['a private talk that begins and ends', [presses('c2500', '5'), presses('c2500', '5')]],
    ['the next hand', [commands({ type: 'next-hand' })]],
    ['the last member to join, who is kicked', [commands({ type: 'kick-last' })]],
    ['a command about one member', [commands({ type: 'set-flags', memberId: 2500, changes: { mute: true } })]],
    ['a pause after a key', [presses('c2500', '4'), { type: 'tick' }]],
    ['a change on other nodes', [{ type: 'remote', remote }]],
    ['the last moderator who leaves', [leaves('c1')]],
  ])('%s is no matter of all', (_, inputs) => {
    expect(looksAt(state, ...inputs)).toBeLessThan(FEW);
  });

  it('that waits for a moderator, one more who waits is no matter of all', () => {
    const { settings } = conference({ limits, access: { waitForAdmin: true } }, keys);
    const waiting = { ...crowd({ place: { at: 'waiting' } }), settings };
    const alone = { ...waiting, members: waiting.members.remove('c1') };
    expect(looksAt(alone, joins('new'), presses('c2500', '4'))).toBeLessThan(FEW);
  });

  it('a command to all looks at all, and the counter sees it', () => {
    expect(looksAt(state, commands({ type: 'mute-all', audience: 'all' }))).toBeGreaterThan(CROWD);
  });
});
