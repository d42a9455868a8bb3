import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFinished } from '../../../src/invite/invitation.ts';
import { advance, type InviteInput } from '../../../src/invite/tries.ts';
import { answered, cancel, destroyed, dial, dialled, invitation, played, tick } from './invitations.ts';

const HANG_UP = { type: 'hang-up', channelId: 'i1-1' };

describe('an invitation', () => {
  it('calls, with what an answered call needs to join', () => {
    const { state, outputs } = played(invitation(), dial);
    expect(state).toEqual({ status: 'calling', sinceMs: 1000, accepted: false, unanswered: 0 });
    expect(outputs).toEqual([
      {
        type: 'publish',
        event: { type: 'invitation', id: 'i1', target: '100', status: 'calling', reason: null, attempt: 1, tries: 1 },
      },
      {
        type: 'originate',
        request: {
          channelId: 'i1-1',
          endpoint: 'PJSIP/100@provider',
          args: ['join', '3000', 'default', '+speaker', '-mute', '+auth'],
          callerId: '<5551>',
          timeoutSeconds: 30,
          variables: { 'CALLERID(all)': '<100>', ROSTRUM_INVITATION: 'i1' },
        },
      },
    ]);
  });

  it('has succeeded when the call is answered, and its end changes nothing then', () => {
    const { state, outputs } = played(invitation(), dial, dialled('ok'), answered());
    expect(state).toEqual({ status: 'answered', memberChannelId: 'i1-1', atMs: 3000 });
    expect(outputs).toMatchObject([{ event: { status: 'answered', reason: null } }]);
    expect(played(invitation(), dial, dialled('ok'), answered(), destroyed(16)).state.status).toBe('answered');
    expect(played(invitation(), dial, dialled('ok'), answered(), cancel).did).toEqual([]);
  });

  it('may be answered before Asterisk has said that it calls', () => {
    expect(played(invitation(), dial, answered(), dialled('ok')).state.status).toBe('answered');
  });

  it.each([
    [17, 'busy'],
    [18, 'no-answer'],
    [19, 'no-answer'],
    [21, 'rejected'],
    [1, 'invalid'],
    [28, 'invalid'],
    [3, 'unreachable'],
    [27, 'unreachable'],
    [34, 'unreachable'],
    [38, 'unreachable'],
    [16, 'failed'],
    [0, 'failed'],
    [999, 'failed'],
  ])('has failed after a call that ended with cause %i: %s', (cause, reason) => {
    const { invitation: then, outputs } = played(invitation(), dial, dialled('ok'), destroyed(cause));
    expect(then.state).toMatchObject({ status: 'failed', reason, atMs: 3000 });
    expect(then.history).toEqual([{ calledAtMs: 1000, endedAtMs: 3000, reason, cause }]);
    expect(outputs).toMatchObject([{ event: { status: 'failed', reason, attempt: 1 } }]);
  });

  it.each([17, 19, 34])('is tried again later after cause %i, by another channel', (cause) => {
    const waiting = played(invitation({ tries: 2 }), dial, dialled('ok'), destroyed(cause));
    expect(waiting.state).toEqual({ status: 'waiting', notBeforeMs: 63_000, unanswered: 0 });
    expect(waiting.outputs).toMatchObject([{ event: { status: 'waiting', attempt: 2, tries: 2 } }]);
    expect(played(waiting.invitation, dial).did).toMatchObject([{ request: { channelId: 'i1-2' } }]);
    expect(played(waiting.invitation, dial, destroyed(cause, 2)).state.status).toBe('failed');
  });

  it.each([21, 1, 16])('is not tried again after cause %i', (cause) => {
    expect(played(invitation({ tries: 10 }), dial, dialled('ok'), destroyed(cause)).state.status).toBe('failed');
  });

  it('fails when Asterisk refuses the call, and is tried again where that may pass', () => {
    expect(played(invitation({ tries: 2 }), dial, dialled('invalid')).state).toMatchObject({ reason: 'invalid' });
    expect(played(invitation({ tries: 2 }), dial, dialled('unreachable')).state.status).toBe('waiting');
  });

  it('asks again with the same channel, a few times, when Asterisk does not answer', () => {
    const waiting = played(invitation(), dial, dialled('unknown'));
    expect(waiting.state).toEqual({ status: 'waiting', notBeforeMs: 7000, unanswered: 1 });
    expect(played(waiting.invitation, dial).did).toMatchObject([{ request: { channelId: 'i1-1' } }]);
    const sixTimes = Array(6)
      .fill([dial, dialled('unknown')])
      .flat();
    expect(played(invitation(), ...sixTimes)).toMatchObject({ state: { reason: 'failed' }, did: [HANG_UP] });
  });

  it('has succeeded if a call of which Asterisk did not tell is answered', () => {
    expect(played(invitation(), dial, dialled('unknown'), answered()).state.status).toBe('answered');
  });

  it('ignores events of an earlier call', () => {
    const second = played(invitation({ tries: 2 }), dial, dialled('ok'), destroyed(17), dial).invitation;
    expect(played(second, destroyed(16, 1)).state.status).toBe('calling');
  });

  it('hangs up, and goes on, when Asterisk never tells of the end of a call', () => {
    const calling = played(invitation({ tries: 2 }), dial, dialled('ok')).invitation;
    expect(advance(calling, tick, 40_999).invitation).toBe(calling);
    const overdue = advance(calling, tick, 41_000);
    expect(overdue.invitation.state.status).toBe('waiting');
    expect(overdue.outputs).toContainEqual(HANG_UP);
  });
});

describe('a cancelled invitation', () => {
  it('calls no more', () => {
    const { state, outputs } = played(invitation(), cancel);
    expect(state).toEqual({ status: 'failed', reason: 'cancelled', atMs: 1000, abandonedChannelId: null });
    expect(outputs).toMatchObject([{ event: { status: 'failed', reason: 'cancelled', attempt: 0 } }]);
    expect(played(invitation(), cancel, dial).outputs).toEqual([]);
  });

  it('ends a call that rings', () => {
    expect(played(invitation(), dial, dialled('ok'), cancel).did).toEqual([HANG_UP]);
  });

  it('ends a call that Asterisk had not yet begun, when it has', () => {
    expect(played(invitation(), dial, cancel).did).toEqual([]);
    expect(played(invitation(), dial, cancel, dialled('ok')).did).toEqual([HANG_UP]);
    expect(played(invitation(), dial, cancel, dialled('unknown')).did).toEqual([HANG_UP]);
    expect(played(invitation(), dial, cancel, dialled('unreachable')).did).toEqual([]);
  });

  it('ends a call that was answered just then', () => {
    expect(played(invitation(), dial, dialled('ok'), cancel, answered())).toMatchObject({
      state: { reason: 'cancelled' },
      did: [HANG_UP],
    });
  });

  it('is not called again', () => {
    const busy = played(invitation({ tries: 3 }), dial, dialled('ok'), destroyed(17)).invitation;
    expect(played(busy, cancel).state).toMatchObject({ reason: 'cancelled' });
  });
});

it('an invitation makes at most its number of tries, and stays finished once it is, whatever happens', () => {
  const input = fc.constantFrom<InviteInput>(
    dial,
    cancel,
    tick,
    ...[1, 2, 3].flatMap((n) => [
      dialled('ok', n),
      dialled('unknown', n),
      dialled('unreachable', n),
      answered(n),
      destroyed(17, n),
      destroyed(21, n),
    ]),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), input), { maxLength: 60 }), (steps) => {
      let current = invitation({ tries: 3 });
      let nowMs = 0;
      const channels = new Set<string>();
      for (const [elapsedMs, given] of steps) {
        nowMs += elapsedMs;
        const next = advance(current, given, nowMs);
        if (isFinished(current)) expect(next.invitation.state).toEqual(current.state);
        for (const output of next.outputs) if (output.type === 'originate') channels.add(output.request.channelId);
        current = next.invitation;
      }
      expect(channels.size).toBeLessThanOrEqual(3);
      expect(current.history.length).toBeLessThanOrEqual(3);
    }),
  );
});
