import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../../src/cluster/diff.ts';
import { parseMessage } from '../../../src/cluster/messages.ts';
import { memberOf, recordOf } from '../../../src/cluster/record.ts';
import type { ChannelSeen, Input } from '../../../src/conference/model/inputs.ts';
import {
  CALLER,
  comes,
  commands,
  conference,
  joins,
  leaves,
  memberAt,
  play,
  presses,
} from '../conference/conferences.ts';

describe('a message of another node', () => {
  it.each([
    [{ type: 'want-snapshot' }],
    [{ type: 'ack', id: '1-1', result: { ok: false, code: 'no-such-member', message: 'no member 7' } }],
    [{ type: 'media-key', epoch: 3, key: Buffer.alloc(32).toString('base64'), fromCounter: { high: 0, low: 1 } }],
    [
      {
        type: 'broadcast',
        conference: '3000',
        broadcast: { type: 'set-flags-of-all', audience: 'all', changes: { mute: true } },
      },
    ],
    [{ type: 'command', id: '1-1', conference: '3000', noForward: true, command: { type: 'call-on', memberId: 7 } }],
  ])('is understood: %j', (message) => {
    expect(parseMessage(JSON.parse(JSON.stringify(message)))).toEqual(message);
  });

  it('forges no line of the log with the name of an operator', () => {
    const broadcast = { type: 'set-flags-of-all', audience: 'all', changes: { mute: true } };
    const message = { type: 'broadcast', conference: '3000', broadcast, by: 'operator anna\n2026 \u2028\u202e' };
    expect(parseMessage(message)).toMatchObject({ by: 'operator anna?2026 ??' });
  });

  it.each([
    [null],
    [[]],
    ['hello'],
    [{}],
    [{ type: 'dance' }],
    [{ type: '__proto__' }],
    [{ type: 'ack', id: 7, result: { ok: true } }],
    [{ type: 'delta', incarnation: 1, sequence: -1, changes: [] }],
    [{ type: 'delta', incarnation: 1, sequence: 1, changes: [{ type: 'left', conference: '../x', memberId: 1 }] }],
    [{ type: 'delta', incarnation: 1, sequence: 1, changes: Array(501).fill({ type: 'ended', conference: '3000' }) }],
    [{ type: 'command', id: '1', conference: '3000', noForward: false, command: { type: 'dance' } }],
    [{ type: 'command', id: '1', conference: '3000', noForward: false, command: { type: 'kick', memberId: 0 } }],
    [
      {
        type: 'broadcast',
        conference: '3000',
        broadcast: { type: 'set-flags-of-all', audience: 'all', changes: { loud: true } },
      },
    ],
    [{ type: 'media-key', epoch: 1, key: 'not base64!' }],
    [{ type: 'snapshot', incarnation: 1, sequence: 1, part: 0, parts: 0, changes: [] }],
  ])('is none: %j', (json) => {
    expect(parseMessage(json)).toBeNull();
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        parseMessage(json);
      }),
    );
  });
});

describe('what is told of a conference', () => {
  const one = play(conference(), comes('a', { speaker: true })).conference;

  it('is a whole member when new, and only the talking when that starts or ends', () => {
    expect(changesBetween(null, one)).toMatchObject([
      { type: 'conference', record: { name: '3000', status: 'running' } },
      { type: 'member', conference: '3000', member: { id: 1, flags: ['speaker', 'vad', 'agc', 'cng'] } },
    ]);
    const talks = play(one, [{ type: 'talking', channelId: 'a', talking: true, levelDbov: null }]).conference;
    expect(changesBetween(one, talks)).toEqual([{ type: 'talking', conference: '3000', memberId: 1, talking: true }]);
  });

  it('is nothing where something has changed that is nobody else’s business', () => {
    const pressed = play(one, [presses('a', '5')]).conference;
    expect(pressed.members).not.toBe(one.members);
    expect(changesBetween(one, pressed)).toEqual([]);
  });

  it('is who has left, and that it has ended', () => {
    const two = play(one, comes('b')).conference;
    expect(changesBetween(two, play(two, [leaves('a')]).conference)).toEqual([
      { type: 'left', conference: '3000', memberId: 1 },
    ]);
    expect(changesBetween(two, null)).toEqual([{ type: 'ended', conference: '3000' }]);
  });

  it.each(['0', 'b'])('is the member with another call, where that was replaced by call %s', (channelId) => {
    const by = { channelId, caller: { number: '200', name: 'Bob' }, path: { at: 'relay' as const }, phoneHold: false };
    const replaced = play(one, [{ type: 'replaced', channelId: 'a', by }]).conference;
    expect(changesBetween(one, replaced)).toMatchObject([{ type: 'member', member: { id: 1, channel: channelId } }]);
  });

  it('is that a number is gone, where a call that was found in Asterisk got another one', () => {
    const asked = play(conference({ access: { userPin: '4711' } }), [joins('a')]).conference;
    const channel: ChannelSeen = {
      channelId: 'a',
      caller: CALLER,
      flags: {},
      bridge: 'other',
      path: { at: 'relay' },
      here: true,
      saved: null,
    };
    const found: Input = {
      type: 'resync',
      floorOpen: true,
      channels: [channel],
      disowned: [],
      saved: null,
      recordings: [],
      playbacks: [],
    };
    expect(changesBetween(asked, play(asked, [found]).conference)).toMatchObject([
      { type: 'left', memberId: 1 },
      { type: 'member', member: { id: 2, channel: 'a' } },
    ]);
  });

  it('begins anew with a new conference of the same name', () => {
    const again = { ...one, startedAtMs: one.startedAtMs + 1 };
    expect(changesBetween(one, again).map(({ type }) => type)).toEqual(['ended', 'conference', 'member']);
  });

  it('has the member, but for the path and what is being dialled', () => {
    const locked = play(one, [commands({ type: 'adjust', memberId: 1, setting: 'talkVolume', adjustment: { by: 1 } })]);
    const member = memberAt(locked.conference, 'a');
    const { dtmf, pinEntry, ignoreHashUntilMs, path, ...told } = member;
    expect(memberOf(recordOf(member))).toMatchObject(told);
  });

  it('has no PIN in it', () => {
    const asked = play(conference({ access: { userPin: '4711' } }), [
      comes('a')[0] ?? { type: 'tick' },
      presses('a', '4'),
    ]);
    expect(JSON.stringify(changesBetween(null, asked.conference))).not.toContain('4711');
    expect(JSON.stringify(changesBetween(null, asked.conference))).not.toContain('digits');
  });
});
