import { describe, expect, it } from 'vitest';
import { type MemberFlags, NO_FLAGS } from '../../../src/conference/flags.ts';
import type { ChannelSeen, Input } from '../../../src/conference/inputs.ts';
import { CALLER, conference, enters, joins, play } from './conferences.ts';

function seen(channelId: string, saved: { id: number; flags?: MemberFlags; settled?: boolean } | null, inFloor = true) {
  const member = saved && { joinedAtMs: 5, flags: NO_FLAGS, settled: true, ...saved };
  return { channelId, caller: CALLER, flags: {}, inFloor, saved: member } satisfies ChannelSeen;
}

const resync = (channels: readonly ChannelSeen[], floorOpen = true): Input => ({ type: 'resync', floorOpen, channels });

describe('after a restart of the controller', () => {
  it('members are adopted as they were, and their channels are not touched', () => {
    const flags = { ...NO_FLAGS, speaker: true };
    const { conference: state, effects } = play(conference(), [resync([seen('a', { id: 4, flags })])]);
    expect(state.members.get('a')).toMatchObject({ id: 4, flags, joinedAtMs: 5, presence: 'present' });
    expect(effects).toEqual([{ type: 'publish', event: { type: 'adopted', memberId: 4, flags } }]);
  });

  it('numbers go on behind the highest saved one', () => {
    const { conference: state } = play(conference(), [resync([seen('a', { id: 4 })]), joins('b')]);
    expect(state.members.get('b')?.id).toBe(5);
  });

  it('a call that nobody had admitted yet is admitted with the flags of the dialplan', () => {
    const channel = { ...seen('a', null, false), flags: { speaker: true } };
    const { conference: state, effects } = play(conference(), [resync([channel])]);
    expect(state.members.get('a')).toMatchObject({ presence: 'joining', flags: { speaker: true } });
    expect(effects).toContainEqual({ type: 'enter-floor', channelId: 'a', voice: true });
  });

  it('a change that was cut off is made again', () => {
    const flags = { ...NO_FLAGS, deaf: true };
    const { effects } = play(conference(), [resync([seen('a', { id: 1, flags, settled: false })])]);
    expect(effects).toContainEqual({ type: 'enter-floor', channelId: 'a', voice: false });
    expect(effects).toContainEqual({ type: 'set-hearing', channelId: 'a', hearing: false });
  });

  it('a deafness that was being lifted is lifted', () => {
    const { effects } = play(conference(), [resync([seen('a', { id: 1, settled: false })])]);
    expect(effects).toContainEqual({ type: 'set-hearing', channelId: 'a', hearing: true });
  });

  it('the floor is opened again if it is gone, and members are put back', () => {
    const { effects } = play(conference(), [resync([seen('a', { id: 1 }, false)], false)]);
    expect(effects.map((effect) => effect.type)).toContain('open-floor');
    expect(effects).toContainEqual({ type: 'enter-floor', channelId: 'a', voice: false });
  });
});

describe('after a lost connection', () => {
  const running = play(conference(), [joins('a'), enters('a'), joins('b'), enters('b')]).conference;

  it('members whose calls ended are dropped', () => {
    const { conference: state, effects } = play(running, [resync([seen('b', { id: 2 })])]);
    expect([...state.members.keys()]).toEqual(['b']);
    expect(effects).toEqual([{ type: 'publish', event: { type: 'left', memberId: 1 } }]);
  });

  it('a conference whose calls have all ended waits for its idle time', () => {
    const { conference: state } = play(running, [resync([])]);
    expect(state.status).toBe('empty');
  });

  it('flags that could not be saved are brought into force', () => {
    const { effects } = play(running, [
      { type: 'command', command: { type: 'set-flags', memberId: 1, changes: { speaker: true } } },
      resync([seen('a', { id: 1 }), seen('b', { id: 2 })]),
    ]);
    expect(effects).toContainEqual({ type: 'enter-floor', channelId: 'a', voice: true });
    expect(effects).not.toContainEqual(expect.objectContaining({ channelId: 'b' }));
  });

  it('a kick that Asterisk did not get is repeated', () => {
    const { effects } = play(running, [
      { type: 'command', command: { type: 'kick', memberId: 1 } },
      resync([seen('a', { id: 1 }), seen('b', { id: 2 })]),
    ]);
    expect(effects).toContainEqual(expect.objectContaining({ type: 'hang-up', channelId: 'a' }));
  });
});
