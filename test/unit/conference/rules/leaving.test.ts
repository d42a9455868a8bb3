import { describe, expect, it } from 'vitest';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { reduce } from '../../../../src/conference/reduce.ts';
import {
  ALOUD,
  comes,
  commands,
  conference,
  effectsOf,
  heardBy,
  joins,
  leaves,
  memberAt,
  NOBODY_ELSEWHERE,
  play,
  told,
  wake,
} from '../conferences.ts';

const kick = commands({ type: 'kick', memberId: 1 });
const start = play(conference(), [...comes('a', { admin: true }), ...comes('b'), ...comes('c')]).conference;

describe('a phone that asks to be sent elsewhere', () => {
  const to = { context: 'dial-in', extension: '3001' };
  const referred = { type: 'referred', channelId: 'b', to } as const;

  it('leaves without a word, and its call goes on there', () => {
    const { conference: after, effects } = play({ ...start, settings: conference(ALOUD).settings }, [referred]);
    expect(heardBy('b', effects)).toEqual([]);
    expect(told(effects)).toContainEqual({ type: 'leaving', memberId: 2, result: 'TRANSFERRED' });
    const heard = { type: 'heard', channelId: 'b', nextStep: 'release' } as const;
    expect(play(after, [heard]).effects).toEqual([{ type: 'release', channelId: 'b', result: 'TRANSFERRED', to }]);
  });

  it('is not heard where the member is being released already', () => {
    const kicked = play(start, [commands({ type: 'kick', memberId: 2 })]).conference;
    expect(play(kicked, [referred])).toMatchObject({ effects: [] });
  });
});

describe('a kick', () => {
  const kicked = play(start, [kick]);

  it('ends what is played, tells the member, then gives the call back to the dialplan with the reason', () => {
    const { effects } = play({ ...start, settings: conference(ALOUD).settings }, [kick]);
    expect(effects).toContainEqual({ type: 'hush', channelId: 'a' });
    expect(effectsOf(effects, 'play-to')).toMatchObject([{ nextStep: 'release' }]);
    expect(heardBy('a', effects)).toEqual(['confbridge-removed']);
    const heard = { type: 'heard', channelId: 'a', nextStep: 'release' } as const;
    expect(play(kicked.conference, [heard]).effects).toEqual([{ type: 'release', channelId: 'a', result: 'KICKED' }]);
  });

  it('is told at once, and the leaving when the member has left', () => {
    expect(told(kicked.effects)).toContainEqual({ type: 'leaving', memberId: 1, result: 'KICKED' });
    expect(told(play(kicked.conference, [leaves('a')]).effects)).toContainEqual({ type: 'left', memberId: 1 });
  });

  it('happens once, and the member is gone for further commands', () => {
    expect(reduce(kicked.conference, kick, 0)).toMatchObject({ effects: [], refusal: { code: 'no-such-member' } });
  });

  it('of the last one is of who joined last, admins excepted', () => {
    expect(memberAt(play(start, [commands({ type: 'kick-last' })]).conference, 'c').place.at).toBe('leaving');
    const admins = play(conference(), comes('a', { admin: true })).conference;
    expect(reduce(admins, commands({ type: 'kick-last' }), 0).refusal).toMatchObject({ code: 'not-possible' });
  });

  it.each([
    ['all', 'leaving leaving leaving'],
    ['non-admins', 'floor leaving leaving'],
  ] as const)('can be of %s', (audience, expected) => {
    const { conference: state } = play(start, [commands({ type: 'kick-all', audience })]);
    expect([...state.members.values()].map(({ place }) => place.at).join(' ')).toBe(expected);
  });
});

describe('ghosts who are left alone', () => {
  const ghost = { ghost: true };
  const mute = commands({ type: 'mute-all', audience: 'all' });
  const busy = [commands({ type: 'lock', locked: true }), mute, commands({ type: 'record', name: 'r' })];
  const both = play(
    conference({ idleSeconds: 30 }),
    [...comes('a', { admin: true }), ...comes('g', ghost), ...busy],
    0,
  );
  const left = play(both.conference, [leaves('a')], 1000);

  it('find the conference as those who come next shall: open, not muted, not recorded', () => {
    expect(both.conference).toMatchObject({ locked: true, mutedAll: 'all', recording: { name: 'r' } });
    expect(left.conference).toMatchObject({ locked: false, mutedAll: null, recording: null, recorded: false });
    expect(left.effects).toContainEqual({ type: 'stop-recording', name: 'r' });
    expect(left.conference).toMatchObject({ status: 'running', mostAdmins: 0 });
  });

  it('are let go after the idle time, with the end of the conference', () => {
    expect(left.effects).toContainEqual({ type: 'wake', atMs: 31_000 });
    expect(wake(left.conference, 30_999).conference.status).toBe('running');
    const ending = wake(left.conference, 31_000);
    expect(ending.conference).toMatchObject({ status: 'ending', result: 'ENDED' });
    const gone = play(ending.conference, [{ type: 'end-announced' }, leaves('g')], 32_000);
    expect(wake(gone.conference, 32_000).conference.status).toBe('ended');
  });

  it('stay when somebody comes, and while a caller dials a PIN', () => {
    const back = play(left.conference, [joins('b')], 5000).conference;
    expect(wake(back, 1e9).conference.status).toBe('running');
    const guarded = {
      ...left.conference,
      settings: conference({ idleSeconds: 30, access: { userPin: '1234' } }).settings,
    };
    const asked = play(guarded, [joins('b')], 30_000);
    expect(wake(asked.conference, 31_000).conference.status).toBe('running');
    const hungUp = play(asked.conference, [leaves('b')], 32_000);
    expect(hungUp.effects).toContainEqual({ type: 'wake', atMs: 31_000 });
  });

  it('wait for the first who is none, and stay while somebody is there on another node', () => {
    const first = play(conference({ idleSeconds: 30 }), comes('g', ghost), 0).conference;
    expect(wake(first, 1e9).conference.status).toBe('running');
    const elsewhere = (admitted: number): Input => ({ type: 'remote', remote: { ...NOBODY_ELSEWHERE, admitted } });
    const shared = play(both.conference, [elsewhere(1), leaves('a')], 1000).conference;
    expect(shared).toMatchObject({ locked: true, desertedAtMs: null });
    expect(play(shared, [elsewhere(0)], 5000).conference).toMatchObject({ locked: false, desertedAtMs: 5000 });
  });

  it('on other nodes keep the lock of an empty conference no more than nobody', () => {
    const remote = { ...NOBODY_ELSEWHERE, admitted: 1, ghosts: 1 };
    const alone = play(conference(), [
      ...comes('a'),
      { type: 'remote', remote },
      commands({ type: 'lock', locked: true }),
    ]);
    expect(play(alone.conference, [leaves('a')]).conference).toMatchObject({ status: 'empty', locked: false });
  });
});

it('hanging up says good-bye and has a result of its own', () => {
  const { conference: state, effects } = play({ ...start, settings: conference(ALOUD).settings }, [
    commands({ type: 'hang-up', memberId: 1 }),
  ]);
  expect(heardBy('a', effects)).toEqual(['vm-goodbye']);
  expect(memberAt(state, 'a').place).toMatchObject({ result: 'HANGUP' });
});

it('who was deaf hears the good-bye, and the dialplan after it', () => {
  const deaf = play(start, [commands({ type: 'set-flags', memberId: 1, changes: { deaf: true } })]).conference;
  for (const command of [kick, commands({ type: 'execute', memberId: 1, application: 'Echo', data: '' })]) {
    const { effects } = play(deaf, [command]);
    const configured = effectsOf(effects, 'configure-channel');
    expect(configured).toMatchObject([{ channelId: 'a', to: { hearing: true }, changed: ['hearing'] }]);
    const after = effects.findIndex(({ type }) => type === 'play-to' || type === 'execute');
    expect(effects.indexOf(configured[0] as never)).toBeLessThan(after);
  }
});

it('who only waits for an admin is gone without a word to the others, who never heard of that member', () => {
  const access = { waitForAdmin: true };
  const profile = { access, sound: { announce: 'tone', music: 'none' } };
  const running = play(conference(profile), [...comes('a', { admin: true }), ...comes('b'), leaves('a')]).conference;
  const { effects } = play(running, [joins('c'), leaves('c')]);
  expect(told(effects)).toEqual([]);
  expect(effectsOf(effects, 'announce')).toEqual([]);
});

it('a leaver counts no more: there is room for another one at once', () => {
  const full = play(conference({ limits: { members: 1 } }), [...comes('a'), kick, joins('b')]).conference;
  expect(memberAt(full, 'b').place.at).toBe('arriving');
});

describe('an empty conference', () => {
  const empty = play(conference({ idleSeconds: 30 }), [...comes('a'), leaves('a')], 1000);

  it('ends after its idle time', () => {
    expect(empty.conference.status).toBe('empty');
    expect(empty.effects).toContainEqual({ type: 'wake', atMs: 31_000 });
    expect(empty.effects).toContainEqual({ type: 'drop-announcements' });
    expect(wake(empty.conference, 30_999).conference.status).toBe('empty');
    const ended = wake(empty.conference, 31_000);
    expect(ended.conference.status).toBe('ended');
    expect(ended.effects).toEqual([
      { type: 'close-floor' },
      { type: 'publish', event: { type: 'ended' } },
      { type: 'save-conference', saved: null },
    ]);
  });

  it('goes on when somebody comes in time', () => {
    const { conference: state } = play(empty.conference, [joins('b')]);
    expect(wake(state, 1e9).conference.status).toBe('running');
  });

  it('says so when it is told to end: nobody is to be called into it any more', () => {
    const empty = play(start, [leaves('a'), leaves('b'), leaves('c')]).conference;
    expect(told(play(empty, [commands({ type: 'terminate' })]).effects)).toMatchObject([
      { type: 'ending', result: 'ENDED' },
      { type: 'ended' },
    ]);
  });

  it('ends at once when it is told to', () => {
    expect(play(empty.conference, [commands({ type: 'terminate' })]).conference.status).toBe('ended');
  });

  it('plays and records no more', () => {
    const busy = play(conference(), [
      ...comes('a'),
      commands({ type: 'play', media: ['tone:440/100'], volume: 0 }),
      commands({ type: 'record', name: 'r' }),
    ]).conference;
    const { conference: state, effects } = play(busy, [leaves('a')]);
    expect(state).toMatchObject({ playback: null, recording: null });
    expect(effectsOf(effects, 'control-playback')).toMatchObject([{ operation: { type: 'stop' } }]);
    expect(told(effects).map((event) => ('state' in event ? `${event.type} ${event.state}` : event.type))).toEqual([
      'left',
      'playback ended',
      'recording stopped',
    ]);
  });
});
