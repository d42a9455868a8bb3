import { describe, expect, it } from 'vitest';
import { reduce } from '../../../src/conference/reduce.ts';
import { CALLER, conference, enters, joins, leaves, play, presses } from './conferences.ts';

const types = (effects: readonly { type: string }[]) => effects.map((effect) => effect.type);

describe('joining', () => {
  it('opens the floor for the first member, and only for that one', () => {
    const first = play(conference(), [joins('a')]);
    expect(types(first.effects)).toEqual(['publish', 'open-floor', 'answer', 'enter-floor', 'save-member']);
    const second = reduce(first.conference, joins('b'), 1000);
    expect(types(second.effects)).toEqual(['answer', 'enter-floor', 'save-member']);
  });

  it('makes a caller a listener who is not heard', () => {
    const { effects } = play(conference(), [joins('a')]);
    expect(effects).toContainEqual({ type: 'enter-floor', channelId: 'a', voice: false });
  });

  it('gives a voice to a speaker, but not to a muted one', () => {
    expect(play(conference(), [joins('a', { speaker: true })]).effects).toContainEqual(
      expect.objectContaining({ type: 'enter-floor', voice: true }),
    );
    expect(play(conference(), [joins('a', { speaker: true, mute: true })]).effects).toContainEqual(
      expect.objectContaining({ type: 'enter-floor', voice: false }),
    );
  });

  it("lets the dialplan's flags win over the profile's", () => {
    const { conference: state } = play(conference({ flags: ['+speaker', '+mute'] }), [joins('a', { mute: false })]);
    expect(state.members.get('a')?.flags).toMatchObject({ speaker: true, mute: false });
  });

  it('tells of a member when he is in, and of his leaving only if he was', () => {
    const joined = play(conference(), [joins('a'), enters('a')]);
    expect(joined.effects).toEqual([
      { type: 'publish', event: expect.objectContaining({ type: 'joined', memberId: 1, caller: CALLER }) },
    ]);
    expect(types(reduce(joined.conference, leaves('a'), 0).effects)).toEqual(['publish', 'wake']);
    expect(types(play(conference(), [joins('a'), leaves('a')]).effects)).toEqual(['wake']);
  });

  it('ignores a second join of the same channel', () => {
    const { conference: state, effects } = play(conference(), [joins('a'), joins('a', { speaker: true })]);
    expect(effects).toEqual([]);
    expect(state.members.size).toBe(1);
  });

  it('never gives a number twice', () => {
    const { conference: state } = play(conference(), [joins('a'), joins('b'), leaves('b'), joins('c')]);
    expect([...state.members.values()].map((member) => member.id)).toEqual([1, 3]);
  });

  it('hangs up a caller whom Asterisk will not take into the bridge', () => {
    const { effects } = play(conference(), [joins('a'), { type: 'entry-failed', channelId: 'a' }]);
    expect(effects).toContainEqual({ type: 'hang-up', channelId: 'a', reason: 'failure' });
  });
});

describe('flags', () => {
  const set = (memberId: number, changes: object) =>
    ({ type: 'command', command: { type: 'set-flags', memberId, changes } }) as const;

  it('are saved as unsettled before they change the audio, and as settled after', () => {
    const { effects } = play(conference(), [joins('a'), enters('a'), set(1, { speaker: true })]);
    expect(effects).toMatchObject([
      { type: 'save-member', member: { settled: false, flags: { speaker: true } } },
      { type: 'enter-floor', voice: true },
      { type: 'save-member', member: { settled: true, flags: { speaker: true } } },
      { type: 'publish', event: { type: 'flags-changed' } },
    ]);
  });

  it('touch no audio that they do not change', () => {
    const { effects } = play(conference(), [joins('a'), enters('a'), set(1, { mute: true, admin: true })]);
    expect(types(effects)).toEqual(['save-member', 'publish']);
  });

  it('do nothing when they are set already', () => {
    expect(play(conference(), [joins('a'), enters('a'), set(1, { speaker: false })]).effects).toEqual([]);
  });

  it('of nobody are refused', () => {
    expect(reduce(conference(), set(7, { mute: true }), 0).refusal).toEqual({ code: 'no-such-member', memberId: 7 });
  });
});

describe('kicking', () => {
  const kick = { type: 'command', command: { type: 'kick', memberId: 1 } } as const;

  it('hangs up once, and the member is gone for further commands', () => {
    const kicked = play(conference(), [joins('a'), enters('a'), kick]);
    expect(kicked.effects).toContainEqual({ type: 'hang-up', channelId: 'a', reason: 'kicked' });
    expect(reduce(kicked.conference, kick, 0)).toMatchObject({ effects: [], refusal: { code: 'no-such-member' } });
  });
});

describe('keys', () => {
  const flagsAfter = (keys: string) =>
    play(conference(), [joins('a'), enters('a'), ...[...keys].map((key) => presses('a', key))]).conference.members.get(
      'a',
    )?.flags;

  it('toggle deaf', () => {
    expect(flagsAfter('*')).toMatchObject({ deaf: true, mute: false });
    expect(flagsAfter('**')).toMatchObject({ deaf: false });
  });

  it('toggle deaf and mute together, whatever each was', () => {
    expect(flagsAfter('0')).toMatchObject({ deaf: true, mute: true });
    expect(flagsAfter('00')).toMatchObject({ deaf: false, mute: false });
    expect(flagsAfter('*0')).toMatchObject({ deaf: true, mute: true });
  });

  it('hang up at the wish of the caller', () => {
    const { effects } = play(conference(), [joins('a'), enters('a'), presses('a', '#')]);
    expect(effects).toContainEqual({ type: 'hang-up', channelId: 'a', reason: 'own-wish' });
  });

  it('do nothing where the profile has nothing for them', () => {
    expect(play(conference(), [joins('a'), enters('a'), presses('a', '5')]).effects).toEqual([]);
  });

  it('carry out several actions in the order of the profile', () => {
    const start = conference({}, { '1': ['mute', 'deaf'] });
    const { conference: state } = play(start, [joins('a'), enters('a'), presses('a', '1')]);
    expect(state.members.get('a')?.flags).toMatchObject({ mute: true, deaf: true });
  });

  it('wait for a longer sequence, and act on a tick after the pause', () => {
    const start = conference({}, { '1': 'mute', '12': 'deaf' });
    const waiting = play(start, [joins('a'), enters('a'), presses('a', '1')], 1000);
    expect(waiting.effects).toEqual([{ type: 'wake', atMs: 3000 }]);
    const { conference: state } = reduce(waiting.conference, { type: 'tick' }, 3000);
    expect(state.members.get('a')?.flags.mute).toBe(true);
  });
});

describe('an empty conference', () => {
  it('ends after its idle time', () => {
    const empty = play(conference({ idleSeconds: 30 }), [joins('a'), enters('a'), leaves('a')], 1000);
    expect(empty.conference.status).toBe('empty');
    expect(empty.effects).toContainEqual({ type: 'wake', atMs: 31_000 });
    expect(reduce(empty.conference, { type: 'tick' }, 30_999).conference.status).toBe('empty');
    const ended = reduce(empty.conference, { type: 'tick' }, 31_000);
    expect(ended.conference.status).toBe('ended');
    expect(types(ended.effects)).toEqual(['close-floor', 'publish']);
  });

  it('goes on when somebody comes in time', () => {
    const { conference: state } = play(conference(), [joins('a'), leaves('a'), joins('b')]);
    expect(reduce(state, { type: 'tick' }, 1e9).conference.status).toBe('running');
  });
});
