import fc from 'fast-check';
import { it } from 'vitest';
import { CHANNEL_SETUP_KEYS, type ChannelSetup, channelSetupOf } from '../../../src/conference/model/channel-setup.ts';
import {
  type Conference,
  countMembers,
  countSpeakers,
  newConference,
  raisedHands,
} from '../../../src/conference/model/conference.ts';
import { nextDeadlineMs } from '../../../src/conference/model/deadlines.ts';
import type { Effect } from '../../../src/conference/model/effects.ts';
import type { Input } from '../../../src/conference/model/inputs.ts';
import type { Member } from '../../../src/conference/model/member.ts';
import { reduce } from '../../../src/conference/reduce.ts';
import { CALLER, pathOf } from './conferences.ts';
import { type Happening, reliable, SETTINGS, type Step, type Story, unreliable } from './stories.ts';
import { World } from './world.ts';

/** Cheaper than `expect`, which is called too often here. */
function hold(condition: boolean, what: string, ...details: unknown[]): void {
  if (!condition) throw new Error([what, ...details.map((detail) => JSON.stringify(detail))].join(' '));
}

/** A conference in its world, told step by step. */
class Run {
  readonly world = new World();
  state: Conference;
  nowMs = 0;
  /** Effects were lost, so Asterisk and we differ until the next resync. */
  differs = false;
  /** Nothing was ever lost. */
  intact = true;
  #settings: number;
  #channels = 0;
  #resynced = false;

  constructor(settings: number) {
    this.#settings = settings;
    this.state = this.#fresh();
  }

  #fresh(): Conference {
    const settings = SETTINGS[this.#settings] ?? SETTINGS[0];
    if (!settings) throw new Error('no settings');
    return newConference('3000', settings, this.nowMs);
  }

  step({ given, gapMs, reach }: Step): void {
    this.nowMs += gapMs;
    if ((given.what === 'resync' || given.what === 'unanchored') && given.restarted) {
      this.state = this.#fresh();
      this.world.wakesAtMs = Number.POSITIVE_INFINITY;
      this.intact = false;
    }
    if (this.state.status === 'ended') this.state = this.#fresh();
    const input = this.#inputFor(given);
    if (input) this.feed(input, input.type === 'resync' ? null : reach);
  }

  #inputFor(given: Happening): Input | null {
    const { world } = this;
    switch (given.what) {
      case 'dialplan':
      case 'lobby':
      case 'transferred': {
        const channelId = `channel-${++this.#channels}`;
        world.calls(channelId);
        return {
          type: 'join',
          channelId,
          caller: CALLER,
          flags: given.flags,
          origin: given.what,
          path: pathOf(channelId),
        };
      }
      case 'report':
        return world.reports.splice(given.who % Math.max(1, world.reports.length), 1)[0] ?? null;
      case 'ended': {
        const channelId = this.#channelAt(given.who);
        if (channelId === undefined) return null;
        world.channels.delete(channelId);
        return { type: 'left', channelId, destroyed: true };
      }
      case 'entry-failed':
      case 'talking':
      case 'dtmf': {
        const channelId = this.#channelAt(given.who);
        if (channelId === undefined) return null;
        if (given.what === 'dtmf') return { type: 'dtmf', channelId, digit: given.key };
        return given.what === 'talking'
          ? { type: 'talking', channelId, talking: given.talking, levelDbov: null }
          : { type: 'entry-failed', channelId };
      }
      case 'returned':
        return this.#returned(given.who);
      case 'replaced':
        return this.#replaced(given.who);
      case 'command':
        return this.state.status === 'new' ? null : { type: 'command', command: given.command };
      case 'playback-ended':
        return this.#ended('playback-ended');
      case 'recording-ended':
        return this.#ended('recording-ended');
      case 'told':
        return this.state.status === 'new' ? null : given.input;
      case 'settings': {
        this.#settings = given.settings;
        const settings = SETTINGS[given.settings];
        this.intact = false;
        return settings ? { type: 'settings', settings } : null;
      }
      case 'resync':
        return world.resync(given.restarted);
      case 'unanchored': {
        const channelId = this.#channelAt(given.who);
        if (channelId !== undefined) world.unanchor(channelId);
        return world.resync(given.restarted);
      }
      case 'wake':
        this.nowMs = Math.max(this.nowMs, Number.isFinite(world.wakesAtMs) ? world.wakesAtMs : 0);
        return { type: 'tick' };
    }
  }

  #channelAt(who: number): string | undefined {
    return [...this.world.channels.keys()][who % Math.max(1, this.world.channels.size)];
  }

  #replaced(who: number): Input | null {
    const { world } = this;
    const members = [...world.channels].filter(([id, { at }]) => at === 'application' && this.state.members.has(id));
    const [channelId] = members[who % Math.max(1, members.length)] ?? [];
    if (channelId === undefined) return null;
    const by = `channel-${++this.#channels}`;
    world.calls(by);
    world.channels.delete(channelId);
    return {
      type: 'replaced',
      channelId,
      by: { channelId: by, caller: CALLER, path: pathOf(by), phoneHold: false },
    };
  }

  #returned(who: number): Input | null {
    const away = [...this.world.channels].filter(([, { at }]) => at === 'dialplan');
    const [channelId, channel] = away[who % Math.max(1, away.length)] ?? [];
    // The end of the stay in the application is reported before.
    if (!channelId || !channel || this.world.reports.some((r) => r.type === 'left' && r.channelId === channelId))
      return null;
    // The conference has ended meanwhile: the controller sends the caller on in the dialplan.
    if (!this.state.members.has(channelId)) {
      this.world.channels.delete(channelId);
      return null;
    }
    channel.at = 'application';
    return { type: 'returned', channelId };
  }

  #ended(type: 'playback-ended' | 'recording-ended'): Input | null {
    const { playbacks, recordings } = this.world;
    const [id] = type === 'playback-ended' ? playbacks : recordings;
    if (id === undefined) return null;
    (type === 'playback-ended' ? playbacks : recordings).delete(id);
    return type === 'playback-ended' ? { type, id } : { type, name: id, failed: false };
  }

  feed(input: Input, reach: number | null): void {
    const { world } = this;
    if (input.type === 'tick' && this.nowMs >= world.wakesAtMs) world.wakesAtMs = Number.POSITIVE_INFINITY;
    const { conference: after, effects, refusal } = reduce(this.state, input, this.nowMs);
    if (refusal && input.type === 'command') this.#checkRefused(effects, input.command.type === 'set-flags-of-all');
    this.#checkEffects(after, effects);
    this.state = after;
    if (input.type === 'resync') {
      this.differs = false;
      this.#resynced = true;
    }
    // A connection that is lost stays so until there is a new one.
    let left = this.differs ? 0 : (reach ?? Number.POSITIVE_INFINITY);
    for (const effect of effects) {
      if (World.mayBeLost(effect) && left-- <= 0) {
        this.differs = true;
        this.intact = false;
      } else world.apply(effect);
    }
    if (input.type === 'resync') world.tidy(after.playback?.id);
    this.#check(input);
  }

  #checkRefused(effects: readonly Effect[], partly: boolean): void {
    hold(partly || effects.length === 0, 'a refused command has effects', effects);
  }

  #checkEffects(after: Conference, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (!('channelId' in effect)) continue;
      const { channelId, type } = effect;
      // After a lost connection it is not known whether that was done.
      const again = type === 'release' && this.#resynced;
      hold(again || !this.world.released.has(channelId), `${type} for a released channel`, channelId);
      hold(type === 'hand-over' || after.members.has(channelId), `${type} for one who left`, channelId);
    }
  }

  #check(input: Input): void {
    const { state, world } = this;
    const members = [...state.members.values()];
    hold(new Set(members.map(({ id }) => id)).size === members.length, 'a number given twice');
    for (const { id } of members) hold(id < state.nextMemberId, 'a number that will be given again', id);
    const { status } = state;
    if (status !== 'new')
      hold((status === 'running' || status === 'ending') === members.length > 0, `${status} with`, members);
    this.#checkCounts();
    this.#checkTime(input);
    this.#checkRooms();
    for (const member of members) {
      hold(!member.talking || Boolean(channelSetupOf(state, member)?.talkDetect), 'talks unheard', member);
    }
    if (this.differs) return;
    for (const channelId of state.members.keys()) {
      const reported = world.reports.some((report) => report.type === 'left' && report.channelId === channelId);
      hold(world.channels.has(channelId) || reported, 'a member without a channel', channelId);
    }
    this.#checkChannels();
    hold(state.playback === null || world.playbacks.has(state.playback.id), 'plays what Asterisk does not');
    hold(world.playbacks.size <= (state.playback ? 1 : 0), 'Asterisk plays what nobody knows of', [...world.playbacks]);
  }

  #checkCounts(): void {
    const { state } = this;
    const admitted = [...state.members.values()].filter(({ place: { at } }) => at !== 'door' && at !== 'leaving');
    const { admitted: others, ghosts, speakers: speaking } = state.remote ?? { admitted: 0, ghosts: 0, speakers: 0 };
    const counting = admitted.filter(({ flags }) => !flags.ghost).length;
    hold(countMembers(state) === counting + others - ghosts, 'members are miscounted');
    const speakers = admitted.filter(({ flags }) => flags.speaker).length;
    hold(countSpeakers(state) === speakers + speaking, 'speakers are miscounted');
    const { limit } = { limit: state.settings.profile.limits.speakers };
    if (this.intact) hold(speakers <= limit, 'too many speakers', speakers, limit);
    const hands = raisedHands(state);
    const times = hands.map(({ handRaisedAtMs }) => handRaisedAtMs ?? 0);
    hold(
      times.every((time, index) => index === 0 || (times[index - 1] ?? 0) <= time),
      'hands out of order',
    );
    hold(hands.length === admitted.filter(({ handRaisedAtMs }) => handRaisedAtMs !== null).length, 'hands miscounted');
  }

  #checkTime(input: Input): void {
    const deadlineMs = nextDeadlineMs(this.state);
    const waits = [...this.state.members.values()].some(({ place }) => place.at === 'door');
    hold(!waits || Number.isFinite(deadlineMs), 'nobody will come to the door');
    if (this.state.status === 'ended') return;
    hold(this.world.wakesAtMs <= deadlineMs, 'nobody wakes us in time', this.world.wakesAtMs, deadlineMs);
    if (input.type === 'tick') hold(deadlineMs > this.nowMs, 'a tick leaves something to do', deadlineMs, this.nowMs);
  }

  #checkRooms(): void {
    const rooms = new Map<number, number>();
    for (const { place } of this.state.members.values()) {
      if (place.at === 'private') rooms.set(place.room, (rooms.get(place.room) ?? 0) + 1);
    }
    for (const [room, count] of rooms) hold(count === 2, `${count} in the room`, room);
  }

  #checkChannels(): void {
    const { state, world } = this;
    for (const [channelId, { setup, saved, at }] of world.channels) {
      const member = state.members.get(channelId);
      // The conference has ended without this member.
      if (!member && at === 'dialplan') continue;
      if (!member) throw new Error(`nobody knows of ${channelId}`);
      const { place, flags } = member;
      hold((at === 'dialplan') <= (place.at === 'away' || place.at === 'leaving'), 'away without being so', member);
      if (place.at === 'leaving') continue;
      const onFloor = place.at === 'floor' || place.at === 'arriving';
      // Said once more without the code's own words.
      const hears = ['floor', 'audience'].includes(setup.bridge);
      hold(hears === onFloor, 'in a wrong place', place, setup);
      this.#checkAudience(member, setup, onFloor);
      if (onFloor) hold(setup.voice === (flags.speaker && !flags.mute), 'a wrong voice', flags, setup);
      const isDeaf = setup.relay?.deaf ?? !setup.hearing;
      if (onFloor) hold(isDeaf === flags.deaf, 'a wrong ear', flags, setup);
      const to = channelSetupOf(state, member);
      hold(!member.talking || to?.talkDetect != null, 'talks unheard', member);
      const wrong = to
        ? CHANNEL_SETUP_KEYS.filter((key) => JSON.stringify(to[key]) !== JSON.stringify(setup[key]))
        : [];
      hold(wrong.length === 0, `${channelId} is not as it should be in`, wrong, setup, to);
      // The member is saved when back.
      if (at === 'dialplan') continue;
      const settled = { id: member.id, flags, place: place.at === 'arriving' ? { at: 'floor' } : place };
      hold(
        JSON.stringify({ id: saved?.id, flags: saved?.flags, place: saved?.place }) === JSON.stringify(settled),
        'saved as',
        saved,
        settled,
      );
      hold(
        saved?.settled === true && saved.handRaisedAtMs === member.handRaisedAtMs,
        'not saved as settled',
        saved,
        member,
      );
    }
  }

  #checkAudience({ path, flags }: Member, { bridge, relay, voice, hearing }: ChannelSetup, onFloor: boolean): void {
    const { controls, adminControls } = this.state.settings;
    const passesKeys = (flags.admin ? adminControls : controls).passThrough;
    const belongs = onFloor && path.at === 'relay' && !flags.speaker && !passesKeys;
    hold((bridge === 'audience') === belongs, 'wrongly in the audience, or not in it', flags, path, bridge);
    hold((relay !== null) === belongs, 'the relay sends to somebody else, or not', flags, path, relay);
    hold(bridge !== 'audience' || (!voice && !flags.speaker), 'heard from the audience', flags, voice);
    hold(bridge !== 'audience' || hearing, 'deaf to prompts in the audience', flags);
  }

  /** A caller who reviews the name accepts it. */
  #accepted(): Input | null {
    const reviewing = [...this.state.members.values()].find(({ reviewDueMs }) => reviewDueMs !== null);
    return reviewing ? { type: 'dtmf', channelId: reviewing.channelId, digit: '1' } : null;
  }

  /** Lets everything that is under way come to its end: nobody may stay half way. */
  drain(): void {
    if (this.differs) this.feed(this.world.resync(false), null);
    for (let turns = 0; turns < 300; turns++) {
      const input = this.world.reports.shift() ?? this.#returned(0) ?? this.#accepted();
      if (!input) break;
      this.feed(input, null);
    }
    hold(this.world.reports.length === 0, 'there is no end to reports', this.world.reports.slice(0, 3));
    for (const { place, id } of this.state.members.values()) {
      const halfWay = ['naming', 'greeting', 'arriving', 'leaving', 'away'].includes(place.at);
      hold(!halfWay, `member ${id} is for ever`, place);
    }
  }
}

function tell({ settings, steps }: Story): void {
  const run = new Run(settings);
  for (const step of steps) run.step(step);
  run.drain();
}

it('whatever happens, everybody is in one place, the right one, and nobody stays half way', () => {
  fc.assert(fc.property(reliable, tell), { numRuns: 6000 });
}, 60_000);

it('the same holds through crashes of the controller and lost effects, after each resync', () => {
  fc.assert(fc.property(unreliable, tell), { numRuns: 6000 });
}, 60_000);

const step = (given: Happening, reach: number | null = null) => ({ given, gapMs: 0, reach });

it('one who was in an application when the conference ended gets another number in a new one of that name', () => {
  tell({
    settings: 0,
    steps: [
      step({ what: 'dialplan', flags: {} }),
      step({ what: 'report', who: 0 }),
      step({ what: 'command', command: { type: 'execute', memberId: 1, application: 'Echo', data: '' } }),
      step({ what: 'told', input: { type: 'broadcast', broadcast: { type: 'terminate', result: 'ENDED' } } }),
      step({ what: 'wake' }),
      step({ what: 'dialplan', flags: {} }, 0),
    ],
  });
});

it('a private talk of which only one half was done leaves nothing behind after a resync', () => {
  tell({
    settings: 0,
    steps: [
      step({ what: 'dialplan', flags: {} }),
      step({ what: 'dialplan', flags: {} }),
      step({ what: 'dtmf', who: 1, key: '7' }),
      step({ what: 'resync', restarted: true }),
      step({ what: 'dtmf', who: 0, key: '5' }, 3),
      step({ what: 'resync', restarted: true }),
    ],
  });
});
