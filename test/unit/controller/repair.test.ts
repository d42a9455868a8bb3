import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AriError } from '../../../src/ari/errors.ts';
import { channelOf, FakeAsterisk } from './fake-asterisk.ts';

const FLOOR = 'r-floor-3000';
const FLOOR_LEG = 'r-floorleg-3000';
const WITH_NOISE = 'sound: { prompts: { welcome: none, alone: none }, music: none }\naudio: { comfortNoise: -50 }';
const unanswered = () => new AriError('unreachable', 'no answer');

let asterisk: FakeAsterisk;

beforeEach(() => {
  vi.useFakeTimers();
  asterisk = new FakeAsterisk();
});
afterEach(() => {
  asterisk.controller.stop();
  vi.useRealTimers();
});

function fails(method: string, error: AriError): void {
  asterisk.answers.set(method, () => {
    throw error;
  });
}

describe('a request that Asterisk does not answer', () => {
  it('is followed by reconciler everything with Asterisk, once', async () => {
    fails('addChannel', unanswered());
    asterisk.call('a');
    asterisk.call('b');
    await vi.advanceTimersByTimeAsync(900);
    expect(asterisk.times('listChannels')).toBe(0);
    asterisk.answers.delete('addChannel');
    await vi.advanceTimersByTimeAsync(5000);
    expect(asterisk.times('listChannels')).toBe(1);
    expect(asterisk.members).toEqual(['a', 'b']);
  });

  it('is reconciled once a second until Asterisk answers', async () => {
    fails('addChannel', unanswered());
    asterisk.call('a');
    await vi.advanceTimersByTimeAsync(0);
    asterisk.answers.delete('addChannel');
    const list = asterisk.answers.get('listChannels');
    fails('listChannels', unanswered());
    await vi.advanceTimersByTimeAsync(3500);
    expect(asterisk.times('listChannels')).toBe(3);
    if (list) asterisk.answers.set('listChannels', list);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asterisk.times('listChannels')).toBe(4);
  });

  it('is repaired though another one was about a call that has just ended', async () => {
    for (const id of ['a', 'b']) asterisk.call(id);
    await vi.advanceTimersByTimeAsync(100);
    const errors: Record<string, AriError> = { a: new AriError('refused', 'gone', { status: 404 }), b: unanswered() };
    asterisk.answers.set('setDeaf', (channelId) => {
      throw errors[String(channelId)];
    });
    const changes = { deaf: true };
    const done = asterisk.controller.command('3000', { type: 'set-flags-of-all', audience: 'all', changes });
    await expect(done).rejects.toMatchObject({ code: 'asterisk-unreachable' });
    asterisk.answers.delete('setDeaf');
    await vi.advanceTimersByTimeAsync(2000);
    expect(asterisk.times('listChannels')).toBe(1);
  });

  it('leaves a caller of the lobby in the conference that was dialled', async () => {
    const args = ['lobby', 'default'];
    const channel = channelOf('a', args);
    asterisk.channels.push(channel);
    asterisk.controller.handle({ type: 'StasisStart', args, channel });
    await vi.advanceTimersByTimeAsync(100);
    fails('addChannel', unanswered());
    asterisk.answers.set('setVariable', () => {
      throw unanswered();
    });
    for (const digit of ['3', '0', '0', '0', '#']) {
      asterisk.controller.handle({ type: 'ChannelDtmfReceived', channel, digit });
      await vi.advanceTimersByTimeAsync(300);
    }
    asterisk.answers.delete('addChannel');
    asterisk.answers.delete('setVariable');
    await vi.advanceTimersByTimeAsync(5000);
    expect(asterisk.members).toEqual(['a']);
  });

  it('is not one that it refuses', async () => {
    fails('addChannel', new AriError('refused', 'no', { status: 500 }));
    asterisk.call('a');
    await vi.advanceTimersByTimeAsync(5000);
    expect(asterisk.times('listChannels')).toBe(0);
  });
});

describe('a command to many', () => {
  it('has succeeded though one of them has just left', async () => {
    for (const id of ['a', 'b']) asterisk.call(id);
    await vi.advanceTimersByTimeAsync(100);
    asterisk.answers.set('setDeaf', (channelId) => {
      if (channelId === 'a') throw new AriError('refused', 'gone', { status: 404 });
    });
    const changes = { deaf: true };
    await asterisk.controller.command('3000', { type: 'set-flags-of-all', audience: 'all', changes });
    const one = asterisk.controller.command('3000', { type: 'set-flags', memberId: 1, changes: { deaf: false } });
    await expect(one).rejects.toMatchObject({ code: 'no-such-member' });
  });
});

describe('a member in an application of the dialplan', () => {
  const conference = () => asterisk.controller.conferences.get('3000');

  beforeEach(async () => {
    for (const id of ['a', 'b']) asterisk.call(id);
    await vi.advanceTimersByTimeAsync(100);
    asterisk.answers.set('readLocation', () => ({ context: 'in', extension: '3000', priority: 1 }));
    await asterisk.controller.command('3000', { type: 'execute', memberId: 1, application: 'VoiceMail', data: '100' });
    expect(conference()?.members.get('a')?.place.at).toBe('away');
  });

  it('joins anew if that leads to a conference again', async () => {
    asterisk.call('a');
    await vi.advanceTimersByTimeAsync(100);
    expect(conference()?.members.get('a')).toMatchObject({ id: 3, place: { at: 'floor' } });
  });

  it('goes on in the dialplan if the conference has ended meanwhile', async () => {
    const ended = asterisk.controller.command('3000', { type: 'terminate' });
    await vi.advanceTimersByTimeAsync(11_000);
    await ended;
    asterisk.hangUp('b');
    await vi.advanceTimersByTimeAsync(1000);
    expect(conference()).toBeUndefined();
    const before = asterisk.times('continueInDialplan');
    asterisk.controller.handle({ type: 'StasisStart', args: ['return', 'SUCCESS'], channel: channelOf('a', []) });
    await vi.advanceTimersByTimeAsync(100);
    expect(asterisk.times('continueInDialplan')).toBe(before + 1);
  });
});

describe('while everything is reconciled with Asterisk', () => {
  /** Lists are read now, and answered with only later. */
  const slowly = (method: string) => {
    const list = asterisk.answers.get(method);
    asterisk.answers.set(method, () => {
      const now = list?.();
      return new Promise((resolve) => setTimeout(resolve, 500, now));
    });
  };

  beforeEach(async () => {
    asterisk.call('a');
    asterisk.call('b');
    asterisk.bridges = [{ id: FLOOR, channelIds: ['a', 'b'] }];
    await vi.advanceTimersByTimeAsync(100);
    slowly('listChannels');
    // Somebody else has done it.
    asterisk.controller.handle({ type: 'BridgeDestroyed', bridge: { id: FLOOR } });
    await vi.advanceTimersByTimeAsync(100);
  });

  it('a caller who joins is a member, though not in the list', async () => {
    asterisk.call('c');
    await vi.advanceTimersByTimeAsync(2000);
    expect(asterisk.members).toEqual(['a', 'b', 'c']);
  });

  it('a member who leaves is no member any more, though still in the list', async () => {
    asterisk.hangUp('b');
    await vi.advanceTimersByTimeAsync(2000);
    expect(asterisk.members).toEqual(['a']);
  });

  it('what happens is told in order', async () => {
    asterisk.call('c');
    asterisk.hangUp('c');
    await vi.advanceTimersByTimeAsync(2000);
    expect(asterisk.members).toEqual(['a', 'b']);
  });

  it('a call that is in the list already comes only once', async () => {
    const args = ['lobby', 'default'];
    const channel = channelOf('c', args);
    asterisk.channels.push(channel);
    asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(700);
    asterisk.controller.handle({ type: 'StasisStart', args, channel });
    await vi.advanceTimersByTimeAsync(2000);
    expect(asterisk.times('answer')).toBe(3);
  });

  it('it is not begun once more, but afterwards', async () => {
    asterisk.controller.resync();
    asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(300);
    expect(asterisk.times('listChannels')).toBe(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asterisk.times('listChannels')).toBe(2);
  });
});

describe("a floor's bridge that somebody has destroyed", () => {
  it("is made again, with the floor's channel to the relay in it", async () => {
    asterisk = new FakeAsterisk(WITH_NOISE);
    const { controller, variables } = asterisk;
    asterisk.call('a');
    await vi.advanceTimersByTimeAsync(100);
    variables.set(`${FLOOR_LEG} UNICASTRTP_LOCAL_ADDRESS`, '127.0.0.1');
    variables.set(`${FLOOR_LEG} UNICASTRTP_LOCAL_PORT`, '10000');
    controller.handleRelayReport({ type: 'floor', conference: '3000', local: { host: '127.0.0.1', port: 33_000 } });
    await vi.advanceTimersByTimeAsync(100);
    variables.set(`${FLOOR_LEG} CHANNEL(name)`, 'UnicastRTP/127.0.0.1:33000-0x7f00');
    variables.set(`${FLOOR_LEG} CHANNEL(audionativeformat)`, '(slin)');
    const channel = channelOf(FLOOR_LEG, []);
    asterisk.channels.push(channel);
    controller.handle({ type: 'StasisStart', args: [], channel });
    await vi.advanceTimersByTimeAsync(100);
    asterisk.requests.length = 0;
    controller.handle({ type: 'BridgeDestroyed', bridge: { id: FLOOR } });
    await vi.advanceTimersByTimeAsync(100);
    const made = asterisk.requests.filter(({ method }) => method === 'createMixingBridge' || method === 'addChannel');
    const what = made.map(({ args }) => args.slice(0, 2).join(' '));
    expect(what.sort()).toEqual([FLOOR, `${FLOOR} ${FLOOR_LEG}`, `${FLOOR} a`].sort());
  });
});

describe('a whisper', () => {
  it('goes on when everything is reconciled with Asterisk, unless nobody knows it', async () => {
    asterisk.call('a');
    await vi.advanceTimersByTimeAsync(100);
    const media = ['sound:hello'];
    void asterisk.controller.command('3000', { type: 'play-to-member', memberId: 1, media });
    await vi.advanceTimersByTimeAsync(2500);
    const whisper = asterisk.requests.find(({ method }) => method === 'whisperTo')?.args[1] as { channelId: string };
    asterisk.channels.push(channelOf(whisper.channelId, ['whisper']), channelOf('left-behind', ['whisper']));
    const ear = asterisk.requests.findLast(({ method }) => method === 'createMixingBridge')?.args[0] as string;
    for (const id of [ear, 'r-ear-left-behind']) asterisk.bridges.push({ id, channelIds: [] });
    asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(100);
    const hungUp = asterisk.requests.filter(({ method }) => method === 'hangUp').map(({ args }) => args[0]);
    expect(hungUp).toEqual(['left-behind']);
    const destroyed = asterisk.requests.filter(({ method }) => method === 'destroyBridge').map(({ args }) => args[0]);
    expect(destroyed).toEqual(['r-ear-left-behind']);
    // A new connection does not tell what became of it.
    asterisk.requests.length = 0;
    asterisk.controller.connecting();
    await vi.advanceTimersByTimeAsync(100);
    expect(asterisk.requests).toContainEqual({ method: 'hangUp', args: [whisper.channelId, 16] });
    expect(asterisk.requests.map(({ method }) => method)).toContain('destroyBridge');
  });
});

describe('a bridge that Asterisk cannot make', () => {
  it.each([404, 409])(
    'gives the call back to the dialplan, whether Asterisk answers %i for a channel to be put there',
    async (status) => {
      fails('createMixingBridge', new AriError('refused', 'Unable to create bridge', { status: 500 }));
      fails('addChannel', new AriError('refused', 'Bridge not found, or not in Stasis application', { status }));
      asterisk.call('a');
      await vi.advanceTimersByTimeAsync(100);
      expect(asterisk.variables.get('a ROSTRUM_RESULT')).toBe('FAILED');
      expect(asterisk.times('continueInDialplan')).toBe(1);
    },
  );

  it('gives the call back although Asterisk says that the bridge is there', async () => {
    fails('addChannel', new AriError('refused', 'Bridge not in Stasis application', { status: 409 }));
    asterisk.call('a');
    await vi.advanceTimersByTimeAsync(100);
    expect(asterisk.variables.get('a ROSTRUM_RESULT')).toBe('FAILED');
    expect(asterisk.times('continueInDialplan')).toBe(1);
  });
});
