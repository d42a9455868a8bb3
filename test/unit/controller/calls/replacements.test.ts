import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { channelOf, FakeAsterisk } from '../fake-asterisk.ts';

let asterisk: FakeAsterisk;

const settle = () => vi.advanceTimersByTimeAsync(5);
const asked = (method: string) => asterisk.requests.filter((each) => each.method === method).map(({ args }) => args);

/** Call `b` takes the place of call `a`, as Asterisk says it. */
function replaces(name = 'PJSIP/b'): void {
  const channel = { ...channelOf('b', []), name };
  asterisk.channels.push(channel);
  asterisk.controller.handle({ type: 'StasisStart', args: [], channel, replace_channel: { id: 'a' } });
}

/** It has gone to the dialplan, and comes back. Asterisk says once more whose place it takes. */
function comesBack(): void {
  asterisk.leaves('b');
  const channel = channelOf('b', ['return']);
  asterisk.controller.handle({ type: 'StasisStart', args: ['return'], channel, replace_channel: { id: 'a' } });
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

  it('is left alone by a reconciliation, and goes on in the dialplan where the member has left meanwhile', async () => {
    replaces();
    asterisk.channels = asterisk.channels.filter(({ id }) => id === 'b');
    const reconciled = asterisk.controller.resync();
    await settle();
    await reconciled;
    expect(asterisk.members).toEqual([]);
    expect(asked('hangUp')).toEqual([]);
    comesBack();
    await settle();
    expect(asked('continueInDialplan')).toEqual([['b', 'rostrum-replacement'], ['b']]);
  });
});
