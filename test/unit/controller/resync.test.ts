import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AriError } from '../../../src/ari/errors.ts';
import { channelOf, FakeAsterisk } from './fake-asterisk.ts';

const FLOOR = 'r-floor-3000';
const LEG = 'r-floorleg-3000';
const PROFILE = 'sound: { prompts: { welcome: none, alone: none }, music: none }\naudio: { comfortNoise: -50 }';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a controller that is started again', () => {
  it('tells the relay of the floors that it finds before it says that this is everything', async () => {
    const former = new FakeAsterisk(PROFILE);
    former.call('a');
    await vi.advanceTimersByTimeAsync(100);
    former.controller.stop();

    const asterisk = new FakeAsterisk(PROFILE);
    asterisk.channels = former.channels;
    asterisk.bridges = [{ id: FLOOR, channelIds: ['a', LEG] }];
    for (const [variable, value] of former.variables) asterisk.variables.set(variable, value);
    // As over a network; it is there already, but that is not known.
    asterisk.answers.set('createMixingBridge', () => new Promise((resolve) => setTimeout(resolve, 10)));
    asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(100);
    const told = asterisk.requests.filter(({ method }) => method === 'setFloor' || method === 'ready');
    expect(told[0]).toEqual({ method: 'setFloor', args: [expect.objectContaining({ conference: '3000' })] });
    expect(told[1]?.method).toBe('ready');
    expect(asterisk.members).toEqual(['a']);
    asterisk.controller.stop();
  });
});

describe('a listener whose phone begins to hold while there is no controller', () => {
  it('is a speaker later who is not heard', async () => {
    const former = new FakeAsterisk(PROFILE);
    former.call('a');
    former.call('b', { stasis: { application: 'r', args: ['join', '3000', 'default', '-speaker'] } });
    await vi.advanceTimersByTimeAsync(100);
    former.controller.stop();

    const asterisk = new FakeAsterisk(PROFILE);
    asterisk.channels = former.channels;
    asterisk.bridges = [{ id: FLOOR, channelIds: ['a', 'b', LEG] }];
    for (const [variable, value] of former.variables) asterisk.variables.set(variable, value);
    asterisk.variables.set('b CHANNEL(rtp,hold,audio)', '1');
    const readVariables = asterisk.answers.get('readVariables');
    asterisk.answers.set('readVariables', (channelId, names) => {
      // It is no SIP call.
      if (channelId === 'a') throw new AriError('refused', 'unknown item', { status: 500 });
      return readVariables?.(channelId, names);
    });
    await asterisk.controller.resync();
    const members = asterisk.controller.conferences.get('3000')?.members;
    expect(members?.get('a')).toMatchObject({ phoneHold: false });
    expect(members?.get('b')).toMatchObject({ phoneHold: true });
    asterisk.controller.stop();
  });
});

describe('a private talk whose bridge was just made', () => {
  it('keeps the bridge when the controller is killed before anybody is in it', async () => {
    const former = new FakeAsterisk(PROFILE);
    former.call('a');
    former.call('b');
    await vi.advanceTimersByTimeAsync(100);
    former.answers.set('addChannel', () => new Promise(() => {}));
    const talk = { type: 'talk-privately', memberId: 1, withMemberId: 2 } as const;
    former.controller.command('3000', talk).catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    former.controller.stop();

    const asterisk = new FakeAsterisk(PROFILE);
    asterisk.channels = former.channels;
    asterisk.bridges = [
      { id: FLOOR, channelIds: ['a', 'b', LEG] },
      { id: 'r-room-1-3000', channelIds: [] },
      { id: 'r-room-9-3000', channelIds: [] },
    ];
    for (const [variable, value] of former.variables) asterisk.variables.set(variable, value);
    await asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(100);
    const destroyed = asterisk.requests.filter(({ method }) => method === 'destroyBridge').map(({ args }) => args[0]);
    expect(destroyed).toEqual(['r-room-9-3000']);
    expect(asterisk.requests).toContainEqual({ method: 'addChannel', args: ['r-room-1-3000', 'a', expect.anything()] });
    asterisk.controller.stop();
  });
});

describe('a playback that is ordered while Asterisk is being read', () => {
  it('is not taken for one that has ended', async () => {
    const asterisk = new FakeAsterisk(PROFILE);
    asterisk.call('a');
    await vi.advanceTimersByTimeAsync(100);
    asterisk.answers.set('listChannels', () => {
      const { channels } = asterisk;
      return new Promise((resolve) => setTimeout(resolve, 50, [...channels]));
    });
    const reconciled = asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(20);
    asterisk.controller.command('3000', { type: 'play', media: ['beep'], volume: 0 }).catch(() => {});
    await vi.advanceTimersByTimeAsync(50);
    await reconciled;
    const playback = () => asterisk.controller.conferences.get('3000')?.playback;
    expect(playback()).toMatchObject({ media: ['beep'] });
    // Nor does it count as playing for ever: here no player comes.
    await vi.advanceTimersByTimeAsync(11_000);
    expect(playback()).toBeNull();
    asterisk.controller.stop();
  });
});

describe('a member who is transferred while Asterisk is being read', () => {
  it.each([20, 70, 120, 170, 220])('is a member of the other conference: after %i ms', async (afterMs) => {
    const asterisk = new FakeAsterisk(PROFILE);
    asterisk.call('a');
    asterisk.call('b');
    asterisk.channels.push(channelOf('c', ['join', '3001', 'default']));
    asterisk.comes('c', '3001');
    await vi.advanceTimersByTimeAsync(100);
    for (const conference of ['3000', '3001']) {
      await asterisk.controller.command(conference, { type: 'record', name: null });
    }
    const late = (answer: unknown) => new Promise((resolve) => setTimeout(resolve, 50, answer));
    asterisk.answers.set('listChannels', () => late([...asterisk.channels]));
    asterisk.answers.set('isRecording', () => late(true));
    const reconciled = asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(afterMs);
    const memberId = asterisk.controller.conferences.get('3000')?.members.get('a')?.id ?? 0;
    const transfer = { type: 'transfer', memberId, conference: '3001', profileName: null } as const;
    asterisk.controller.command('3000', transfer).catch(() => {});
    await vi.advanceTimersByTimeAsync(500);
    await reconciled;
    expect(asterisk.membersOf('3000')).toEqual(['b']);
    expect(asterisk.membersOf('3001')).toEqual(['c', 'a']);
    asterisk.controller.stop();
  });
});
