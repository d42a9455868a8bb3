import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conference } from '../../../../src/conference/model/conference.ts';
import { firstDue, nextDeadlineMs } from '../../../../src/conference/model/deadlines.ts';
import { FLAGS, type MemberFlags } from '../../../../src/conference/model/flags.ts';
import type { Member, Place } from '../../../../src/conference/model/member.ts';
import { type MemberCounts, Members } from '../../../../src/conference/model/members.ts';
import type { PinEntry } from '../../../../src/conference/model/pin-entry.ts';
import { conference } from '../conferences.ts';

const timeMs = fc.nat(200_000);
const never = Number.POSITIVE_INFINITY;

const flags = fc.record(
  Object.fromEntries(FLAGS.map((flag) => [flag, fc.boolean()])),
) as unknown as fc.Arbitrary<MemberFlags>;

const place: fc.Arbitrary<Place> = fc.oneof(
  fc
    .constantFrom('door', 'naming', 'greeting', 'waiting', 'arriving', 'floor', 'floor', 'hold', 'away')
    .map((at) => ({ at }) as Place),
  fc.nat(5).map((room): Place => ({ at: 'private', room })),
  fc.constant<Place>({ at: 'leaving', result: 'KICKED' }),
);

const pinEntry: fc.Arbitrary<PinEntry> = fc.record({
  digits: fc.constant('4'),
  triesLeft: fc.constant(2),
  deadlineMs: timeMs,
  complete: fc.boolean(),
  required: fc.boolean(),
});

const askedDueMs = ({ pinEntry, confirming, reviewDueMs }: Member) =>
  Math.min(pinEntry?.deadlineMs ?? never, confirming?.deadlineMs ?? never, reviewDueMs ?? never);

/** Few channels and numbers, so that they are taken, given up and exchanged. */
const member: fc.Arbitrary<Member> = fc.record({
  id: fc.integer({ min: 1, max: 25 }),
  channelId: fc.nat(25).map((channel) => `1700000000.${channel}`),
  caller: fc.constant({ number: '100', name: '' }),
  joinedAtMs: timeMs,
  flags,
  place,
  path: fc.constantFrom<Member['path'][]>({ at: 'bridge', reason: '' }, { at: 'relay' }),
  adjusted: fc.constant({}),
  handRaisedAtMs: fc.option(fc.nat(10)),
  helpAskedAtMs: fc.option(fc.nat(10)),
  floorGivenAtMs: fc.option(fc.nat(10)),
  talking: fc.boolean(),
  phoneHold: fc.boolean(),
  ownMute: fc.boolean(),
  dtmf: fc.record({ pending: fc.constant('3'), deadlineMs: fc.oneof(timeMs, fc.constant(never)) }),
  reviewDueMs: fc.option(timeMs),
  toldMutedAtMs: timeMs,
  confirming: fc.option(fc.record({ sequence: fc.constant('*0'), deadlineMs: timeMs })),
  spokenName: fc.constant(null),
  playback: fc.constant(null),
  pinEntry: fc.option(pinEntry),
  ignoreHashUntilMs: fc.constant(0),
  warned: fc.boolean(),
});

const change = fc.oneof(
  { weight: 3, arbitrary: member.map((put) => ({ put })) },
  { weight: 1, arbitrary: fc.nat(25).map((channel) => ({ remove: `1700000000.${channel}` })) },
);
const changes = fc.array(change, { maxLength: 80, size: 'max' });

type Model = Map<string, Member>;

function changed(
  members: Members,
  model: Model,
  given: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
): [Members, Model] {
  let now = members;
  const all = new Map(model);
  for (const each of given) {
    if ('put' in each) {
      now = now.put(each.put);
      all.set(each.put.channelId, each.put);
    } else {
      now = now.remove(each.remove);
      all.delete(each.remove);
    }
  }
  return [now, all];
}

const inOrder = (model: Model) =>
  [...model.values()].sort((a, b) => a.id - b.id || (a.channelId < b.channelId ? -1 : 1));

const isIn = ({ place: { at } }: Member) => at !== 'door' && at !== 'leaving';

/** Counted by loops. */
function countsOf(all: readonly Member[]): MemberCounts {
  const count = (is: (member: Member) => boolean) => all.filter(is).length;
  const first = (is: (member: Member) => boolean, ms: (member: Member) => number) =>
    Math.min(never, ...all.filter(is).map(ms));
  const isLimited = (each: Member) => isIn(each) && !each.flags.admin;
  const hasHand = (each: Member) => isIn(each) && each.handRaisedAtMs !== null;
  const asksForHelp = (each: Member) => isIn(each) && each.helpAskedAtMs !== null;
  const isGuest = (each: Member) =>
    isIn(each) && each.flags.speaker && !each.flags.admin && each.floorGivenAtMs !== null;
  return {
    admitted: count(isIn),
    speakers: count((each) => isIn(each) && each.flags.speaker),
    admins: count((each) => isIn(each) && each.flags.admin),
    hands: count(hasHand),
    helps: count(asksForHelp),
    ghosts: count((each) => isIn(each) && each.flags.ghost),
    mandatory: count((each) => isIn(each) && each.flags.mandatory),
    guests: count((each) => isLimited(each) && !each.flags.ghost),
    waiting: count((each) => each.place.at === 'waiting'),
    pinEntries: count((each) => each.pinEntry !== null),
    privates: count((each) => each.place.at === 'private'),
    speakersWithoutNoise: count((each) => each.flags.speaker && !each.flags.cng),
    relayed: count((each) => each.path.at === 'relay'),
    firstHandMs: first(hasHand, (each) => each.handRaisedAtMs ?? never),
    firstHelpMs: first(asksForHelp, (each) => each.helpAskedAtMs ?? never),
    lastFloorMs: -first(isGuest, (each) => -(each.floorGivenAtMs ?? never)),
    dtmfDueMs: Math.min(
      first(
        () => true,
        (each) => each.dtmf.deadlineMs,
      ),
      first(() => true, askedDueMs),
    ),
    unwarnedJoinedMs: first(
      (each) => isLimited(each) && !each.warned,
      (each) => each.joinedAtMs,
    ),
    warnedJoinedMs: first(
      (each) => isLimited(each) && each.warned,
      (each) => each.joinedAtMs,
    ),
  };
}

describe('the members of a conference', () => {
  it('are those who were put and not removed, in order of their numbers, by channel and by number', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const [members, model] = changed(Members.NONE, new Map(), given);
        const all = inOrder(model);
        expect([...members.values()]).toEqual(all);
        expect([...members]).toEqual(all.map((each) => [each.channelId, each]));
        expect([...members.keys()]).toEqual(all.map(({ channelId }) => channelId));
        expect(members.size).toBe(all.length);
        const channels = Array.from({ length: 26 }, (_, channel) => `1700000000.${channel}`);
        expect(channels.every((each) => members.get(each) === model.get(each))).toBe(true);
        expect(channels.filter((each) => members.has(each)).sort()).toEqual([...model.keys()].sort());
        const ids = Array.from({ length: 26 }, (_, id) => id);
        const found = ids.flatMap((id) => members.byId(id) ?? []);
        expect(found.map(({ id }) => id)).toEqual([...new Set(all.map(({ id }) => id))]);
        expect(found.every((each) => model.get(each.channelId) === each)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('are counted as a loop over all of them would count', () => {
    fc.assert(
      fc.property(changes, (given) => {
        const [members, model] = changed(Members.NONE, new Map(), given);
        const all = inOrder(model);
        expect(members.counts).toEqual(countsOf(all));
        const admitted = all.filter(isIn);
        const hands = admitted.filter(({ handRaisedAtMs }) => handRaisedAtMs !== null);
        expect([...members.where((counts) => counts.hands > 0)]).toEqual(hands);
        expect([...members.where(({ waiting }) => waiting > 0)]).toEqual(
          all.filter(({ place: { at } }) => at === 'waiting'),
        );
        const [first] = [...hands].sort((a, b) => (a.handRaisedAtMs ?? 0) - (b.handRaisedAtMs ?? 0));
        expect(members.firstHand).toBe(first);
        const helps = admitted.filter(({ helpAskedAtMs }) => helpAskedAtMs !== null);
        expect(members.firstHelp).toBe(
          helps.sort((a, b) => (a.helpAskedAtMs ?? 0) - (b.helpAskedAtMs ?? 0) || a.id - b.id)[0],
        );
        expect(members.lastGivenFloor?.floorGivenAtMs).toBe(
          members.counts.lastFloorMs === -never ? undefined : members.counts.lastFloorMs,
        );
        expect(members.lastJoined).toBe(admitted.filter(({ flags: { admin, ghost } }) => !admin && !ghost).at(-1));
      }),
      { numRuns: 300 },
    );
  });

  it('stay as they are when others are made of them, and know who has changed', () => {
    fc.assert(
      fc.property(changes, changes, (first, second) => {
        const [before, had] = changed(Members.NONE, new Map(), first);
        const counts = countsOf(inOrder(had));
        const [now, has] = changed(before, had, second);
        expect([...before.values()]).toEqual(inOrder(had));
        expect(before.counts).toEqual(counts);
        const differences = [...now.changesSince(before)];
        const old = new Set(had.values());
        const is = new Set(has.values());
        expect(new Set(differences.flatMap((each) => each.is ?? []))).toEqual(
          new Set([...is].filter((each) => !old.has(each))),
        );
        expect(new Set(differences.flatMap((each) => each.was ?? []))).toEqual(
          new Set([...old].filter((each) => !is.has(each))),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('are due when a loop over all of them would find one who is', () => {
    const limits = fc.record({ callMinutes: fc.constantFrom(0, 0.5, 2), warningSeconds: fc.constantFrom(0, 10) });
    fc.assert(
      fc.property(changes, limits, timeMs, (given, profile, nowMs) => {
        const [members, model] = changed(Members.NONE, new Map(), given);
        const state: Conference = { ...conference({ limits: profile }), status: 'running', members };
        const times = inOrder(model).map((each) => {
          const callMs =
            profile.callMinutes > 0 && isIn(each) && !each.flags.admin ? profile.callMinutes * 60_000 : never;
          const endMs = each.joinedAtMs + callMs - (each.warned ? 0 : profile.warningSeconds * 1000);
          return { each, dueMs: Math.min(endMs, each.dtmf.deadlineMs, askedDueMs(each)) };
        });
        expect(nextDeadlineMs(state)).toBe(Math.min(never, ...times.map(({ dueMs }) => dueMs)));
        expect(firstDue(state, nowMs)).toBe(times.find(({ dueMs }) => dueMs <= nowMs)?.each);
      }),
      { numRuns: 300 },
    );
  });
});
