import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AriError } from '../../../../src/ari/errors.ts';
import { channelOf, FakeAsterisk } from '../fake-asterisk.ts';

let asterisk: FakeAsterisk;

const settle = () => vi.advanceTimersByTimeAsync(5);
const asked = (method: string) => asterisk.requests.filter((each) => each.method === method).map(({ args }) => args);

/** Call `b` takes the place of another one, as Asterisk says it. */
function replaces(name = 'PJSIP/b', replaced = 'a'): void {
  const channel = { ...channelOf('b', []), name };
  asterisk.channels.push(channel);
  asterisk.controller.handle({ type: 'StasisStart', args: [], channel, replace_channel: { id: replaced } });
}

/** It has gone to the dialplan, and comes back. Asterisk says once more whose place it takes. */
function comesBack(replaced = 'a'): void {
  asterisk.leaves('b');
  const channel = channelOf('b', ['return']);
  asterisk.controller.handle({ type: 'StasisStart', args: ['return'], channel, replace_channel: { id: replaced } });
}

beforeEach(async () => {
  vi.useFakeTimers();
  asterisk = new FakeAsterisk();
  asterisk.call('a');
  await settle();
  expect(asterisk.members).toEqual(['a']);
});

afterEach(() => vi.useRealTimers());

describe('a call that takes the place of a member', () => {
  it('is the member when it is back from the dialplan, and the former call is hung up', async () => {
    replaces();
    await settle();
    expect(asked('continueInDialplan')).toEqual([['b', 'rostrum-replacement']]);
    comesBack();
    await settle();
    asterisk.leaves('a');
    asterisk.hangUp('a');
    await settle();
    expect(asterisk.members).toEqual(['b']);
    expect(asked('hangUp')).toEqual([['a', 16]]);
    asterisk.hangUp('b');
    expect(asterisk.members).toEqual([]);
  });

  it('is the member also where the former call has ended before', async () => {
    replaces();
    asterisk.hangUp('a');
    await settle();
    expect(asterisk.members).toEqual(['a']);
    comesBack();
    await settle();
    expect(asterisk.members).toEqual(['b']);
  });

  it('leaves no member behind where it ends before it is back', async () => {
    replaces();
    asterisk.hangUp('b');
    await settle();
    expect(asterisk.members).toEqual([]);
    expect(asked('hangUp')).toEqual([['a', 16]]);
  });

  it('leaves no member behind where the dialplan does not bring it back', async () => {
    replaces();
    asterisk.leaves('b');
    await vi.advanceTimersByTimeAsync(4000);
    expect(asterisk.members).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asterisk.members).toEqual([]);
    expect(asked('hangUp')).toEqual([
      ['b', 16],
      ['a', 16],
    ]);
  });

  it('is hung up where the other is no member, or where it leads from one conference to another', async () => {
    replaces('Local/3001@rostrum-dial-in-00000001;1');
    await settle();
    expect(asked('hangUp')).toEqual([['b', 16]]);
    expect(asterisk.members).toEqual(['a']);
    asterisk.hangUp('a');
    replaces();
    await settle();
    expect(asked('hangUp')).toEqual([
      ['b', 16],
      ['b', 16],
    ]);
    expect(asterisk.members).toEqual([]);
  });

  it('is ended too where Asterisk does not send it to the dialplan', async () => {
    asterisk.answers.set('continueInDialplan', () => Promise.reject(new AriError('refused', 'no', { status: 500 })));
    replaces();
    await settle();
    expect(asked('hangUp')).toEqual([
      ['b', 16],
      ['a', 16],
    ]);
    expect(asterisk.members).toEqual([]);
  });

  it.each([
    ['before', () => asterisk.hangUp('a'), () => {}],
    ['after', () => {}, () => asterisk.hangUp('a')],
  ])('takes the place also where the former call ends %s a reconciliation', async (_, before, after) => {
    replaces();
    before();
    await asterisk.controller.resync();
    after();
    expect(asterisk.members).toEqual(['a']);
    comesBack();
    await settle();
    expect(asterisk.members).toEqual(['b']);
    await asterisk.controller.resync();
    expect(asterisk.members).toEqual(['b']);
  });

  it('takes the place also where it comes while Asterisk is being read', async () => {
    asterisk.answers.set('listBridges', () => new Promise((resolve) => setTimeout(resolve, 50, [])));
    asterisk.answers.set('listChannels', () => new Promise((resolve) => setTimeout(resolve, 50, asterisk.channels)));
    const reconciled = asterisk.controller.resync();
    await settle();
    replaces();
    await vi.advanceTimersByTimeAsync(100);
    await reconciled;
    comesBack();
    await settle();
    expect(asked('hangUp')).toEqual([['a', 16]]);
    expect(asterisk.members).toEqual(['b']);
  });

  it('goes on in the dialplan where the member has left meanwhile', async () => {
    replaces();
    const memberId = asterisk.controller.conferences.get('3000')?.members.get('a')?.id ?? 0;
    const transfer = { type: 'transfer', memberId, conference: '3001', profileName: null } as const;
    await asterisk.controller.command('3000', transfer);
    expect(asterisk.members).toEqual([]);
    comesBack();
    await settle();
    expect(asked('continueInDialplan').at(-1)).toEqual(['b']);
  });
});

describe('a call that takes the place of a caller in the lobby', () => {
  it('stays there after a reconciliation', async () => {
    const guest = channelOf('g', ['lobby', 'default']);
    asterisk.channels.push(guest);
    asterisk.controller.handle({ type: 'StasisStart', args: ['lobby', 'default'], channel: guest });
    await settle();
    replaces('PJSIP/b', 'g');
    await settle();
    // The former call is passed over while the new one is on its way.
    await asterisk.controller.resync();
    asterisk.channels = asterisk.channels.map((each) => (each.id === 'b' ? channelOf('b', ['return']) : each));
    comesBack('g');
    asterisk.hangUp('g');
    await asterisk.controller.resync();
    await settle();
    expect(asked('hangUp')).toEqual([['g', 16]]);
    const channel = channelOf('b', []);
    for (const digit of '3000#') asterisk.controller.handle({ type: 'ChannelDtmfReceived', channel, digit });
    await settle();
    expect(asterisk.members).toEqual(['a', 'b']);
  });
});
