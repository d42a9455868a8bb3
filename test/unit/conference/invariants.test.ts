import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Conference } from '../../../src/conference/conference.ts';
import type { Effect } from '../../../src/conference/effects.ts';
import { FLAGS, type FlagChanges } from '../../../src/conference/flags.ts';
import type { Input } from '../../../src/conference/inputs.ts';
import { audioOf } from '../../../src/conference/member.ts';
import { reduce } from '../../../src/conference/reduce.ts';
import type { SavedMember } from '../../../src/conference/saved-member.ts';
import { CALLER, conference } from './conferences.ts';

/** Asterisk, as far as effects change it. A channel that has left does not come back. */
class World {
  readonly channels = new Map<string, { inFloor: boolean; voice: boolean; saved: SavedMember | null }>();

  apply(effect: Effect): void {
    if (!('channelId' in effect)) return;
    const channel = this.channels.get(effect.channelId);
    if (!channel) return;
    if (effect.type === 'enter-floor') Object.assign(channel, { inFloor: true, voice: effect.voice });
    if (effect.type === 'save-member') channel.saved = effect.member;
  }

  resync(): Input {
    const channels = [...this.channels].map(([channelId, { inFloor, saved }]) => ({
      channelId,
      caller: CALLER,
      flags: {},
      inFloor,
      saved,
    }));
    return { type: 'resync', floorOpen: channels.some(({ inFloor }) => inFloor), channels };
  }
}

const start = () =>
  conference({ idleSeconds: 1 }, { '#': 'hangup', '*': 'deaf', '0': 'deaf-mute', '1': 'mute', '12': ['deaf', 'mute'] });

const flags: fc.Arbitrary<FlagChanges> = fc.dictionary(fc.constantFrom(...FLAGS), fc.boolean());
const someone = fc.nat(5);
const memberId = fc.integer({ min: 1, max: 8 });

/** What happens next; `who` is the place of a channel among those there are. */
const happening = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('join' as const), flags }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('entered' as const), who: someone }) },
  fc.record({ what: fc.constantFrom('entry-failed' as const, 'left' as const), who: someone }),
  fc.record({ what: fc.constant('dtmf' as const), who: someone, key: fc.constantFrom('#', '*', '0', '1', '2', '9') }),
  fc.record({ what: fc.constant('set-flags' as const), memberId, flags }),
  fc.record({ what: fc.constantFrom('kick' as const, 'hang-up' as const), memberId }),
  fc.record({ what: fc.constant('resync' as const), restarted: fc.boolean() }),
  fc.constant({ what: 'tick' as const }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function inputFor(given: Happening, world: World, fresh: string): Input | null {
  const at = (who: number) => [...world.channels.keys()][who % Math.max(1, world.channels.size)];
  switch (given.what) {
    case 'join':
      world.channels.set(fresh, { inFloor: false, voice: false, saved: null });
      return { type: 'join', channelId: fresh, caller: CALLER, flags: given.flags };
    case 'entered':
    case 'entry-failed':
    case 'left':
    case 'dtmf': {
      const channelId = at(given.who);
      if (channelId === undefined) return null;
      if (given.what === 'left') world.channels.delete(channelId);
      return given.what === 'dtmf' ? { type: 'dtmf', channelId, key: given.key } : { type: given.what, channelId };
    }
    case 'set-flags':
      return { type: 'command', command: { type: 'set-flags', memberId: given.memberId, changes: given.flags } };
    case 'kick':
    case 'hang-up':
      return { type: 'command', command: { type: given.what, memberId: given.memberId } };
    case 'resync':
      return world.resync();
    case 'tick':
      return { type: 'tick' };
  }
}

function check(state: Conference, world: World): void {
  const members = [...state.members.values()];
  expect(new Set(members.map(({ id }) => id)).size).toBe(members.length);
  for (const member of members) {
    expect(member.id).toBeLessThan(state.nextMemberId);
    const channel = world.channels.get(member.channelId);
    expect(channel, 'a member without a channel').toBeDefined();
    if (member.presence === 'leaving') continue;
    expect(channel).toMatchObject({ inFloor: true, voice: audioOf(member.flags).voice });
    expect(channel?.saved).toMatchObject({ id: member.id, flags: member.flags, settled: true });
  }
  if (state.status !== 'new') expect(state.status === 'running').toBe(members.length > 0);
}

it('who may not speak is not heard, numbers are unique and state is saved, through crashes and lost connections', () => {
  const times = { gapMs: fc.nat(3000), lost: fc.option(fc.nat(6)) };
  const story = fc.array(fc.record({ given: happening, ...times }), { maxLength: 25 });
  fc.assert(
    fc.property(story, (happenings) => {
      const world = new World();
      let state: Conference = start();
      let nowMs = 0;
      // After effects were lost, Asterisk and we differ until the next resync.
      let differs = false;
      for (const [index, { given, gapMs, lost }] of happenings.entries()) {
        nowMs += gapMs;
        if (given.what === 'resync' && given.restarted) state = start();
        if (state.status === 'ended') state = start();
        const input = inputFor(given, world, `channel-${index}`);
        if (!input) continue;
        const { conference: after, effects } = reduce(state, input, nowMs);
        for (const effect of effects) {
          if ('channelId' in effect)
            expect(after.members.has(effect.channelId), 'an effect for one who left').toBe(true);
        }
        state = after;
        if (given.what === 'resync') differs = false;
        const carriedOut = lost === null || given.what === 'resync' ? effects : effects.slice(0, lost);
        if (carriedOut.length < effects.length) differs = true;
        for (const effect of carriedOut) world.apply(effect);
        if (!differs) check(state, world);
      }
    }),
    { numRuns: 10_000 },
  );
});
