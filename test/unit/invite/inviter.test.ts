import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AriError } from '../../../src/ari/errors.ts';
import { Inviter, type InviterOptions } from '../../../src/controller/calls/inviter.ts';
import type { InvitationEvent } from '../../../src/invite/invitation.ts';
import type { OriginateRequest } from '../../../src/invite/originator.ts';
import type { InviteRequest } from '../../../src/invite/request.ts';
import { ROOM_FOR_ALL } from '../../kit/room.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An inviter whose calls are written down; `refuse` makes Asterisk refuse them. */
function harness(options: Partial<InviterOptions> = {}) {
  const calls: OriginateRequest[] = [];
  const hungUp: string[] = [];
  const events: InvitationEvent[] = [];
  const asterisk: { refuse: AriError | null } = { refuse: null };
  const inviter = new Inviter(
    { application: 'rostrum', endpoint: 'PJSIP/{number}@provider', ...options },
    {
      ari: {
        originate: async (request) => {
          if (asterisk.refuse) throw asterisk.refuse;
          calls.push(request);
        },
        hangUp: async (channelId) => void hungUp.push(channelId),
      },
      room: ROOM_FOR_ALL,
      publish: (_conference, event) => void events.push(event),
      now: Date.now,
      logger: { warn: vi.fn() as never },
    },
  );
  const invite = (...targets: string[]) => inviter.invite({ ...REQUEST, targets });
  const ids = () => calls.map((call) => call.channelId);
  const dialled = () => calls.map((call) => call.endpoint.replace(/^PJSIP\/(.*)@provider$/, '$1'));
  const end = (channelId: string, cause: number) => inviter.handle({ type: 'ChannelDestroyed', channelId, cause });
  const answer = (channelId: string) => inviter.handle({ type: 'StasisStart', channelId });
  const states = () => inviter.list().map(({ state }) => (state.status === 'failed' ? state.reason : state.status));
  return { inviter, invite, asterisk, calls, ids, dialled, hungUp, events, end, answer, states };
}

const REQUEST: InviteRequest = {
  conference: '3000',
  profileName: 'default',
  targets: [],
  flags: { speaker: true },
  callerId: null,
  timeoutMs: 30_000,
  tries: 1,
  retryAfterMs: 60_000,
};
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

describe('the inviter', () => {
  it('calls into our application, and tells how it goes', async () => {
    const { inviter, invite, calls, ids, answer, events } = harness({ callerId: 'Board <5551>' });
    const [invitation] = invite('100');
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toEqual([
      {
        channelId: `${invitation?.id}-1`,
        endpoint: 'PJSIP/100@provider',
        application: 'rostrum',
        args: ['join', '3000', 'default', '+speaker'],
        callerId: '"Board" <5551>',
        timeoutSeconds: 30,
        variables: { 'CALLERID(all)': '<100>', ROSTRUM_INVITATION: invitation?.id },
      },
    ]);
    answer(ids()[0] ?? '');
    expect(events.map((event) => event.status)).toEqual(['calling', 'answered']);
    expect(inviter.list('3000')).toMatchObject([{ state: { status: 'answered', memberChannelId: ids()[0] } }]);
    expect(inviter.list('4000')).toEqual([]);
  });

  it('makes no more calls at once and within a second than it may', async () => {
    const { invite, dialled, ids, end } = harness({ atOnce: 6, perSecond: 4 });
    invite(...numbers(9));
    await vi.advanceTimersByTimeAsync(999);
    expect(dialled()).toEqual(numbers(4));
    await vi.advanceTimersByTimeAsync(1);
    expect(dialled()).toEqual(numbers(6));
    await vi.advanceTimersByTimeAsync(5000);
    expect(dialled()).toEqual(numbers(6));
    end(ids()[2] ?? '', 17);
    expect(dialled()).toEqual(numbers(7));
  });

  it('calls a thousand people in the end', async () => {
    const { inviter, invite, dialled, ids, end, answer, states } = harness();
    invite(...numbers(1000));
    for (let done = 0; done < 1000; done++) {
      if (ids().length === done) await vi.advanceTimersByTimeAsync(1000);
      const channelId = ids()[done] ?? '';
      if (done % 2) answer(channelId);
      else end(channelId, 21);
    }
    expect(dialled()).toEqual(numbers(1000));
    expect(states().filter((state) => state === 'answered')).toHaveLength(500);
    await vi.advanceTimersByTimeAsync(600_001);
    expect(inviter.list()).toEqual([]);
  });

  it('keeps at most a thousand that are finished', async () => {
    const { inviter, invite } = harness();
    for (let list = 0; list < 3; list++) {
      invite(...numbers(700).map((number) => `${list}*${number}`));
      inviter.cancelAll('3000');
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(inviter.list()).toHaveLength(1000);
    expect(inviter.list().at(-1)?.target).toBe('2*699');
  });

  it('tries again who is busy, after the time to wait', async () => {
    const { inviter, ids, end } = harness();
    inviter.invite({ ...REQUEST, targets: ['100'], tries: 2 });
    await vi.advanceTimersByTimeAsync(0);
    end(ids()[0] ?? '', 17);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(ids()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(ids()).toHaveLength(2);
  });

  it('does not call somebody twice who is being called into the same conference', async () => {
    const { inviter, invite, dialled } = harness();
    const [first] = invite('100', '100');
    const [again, other] = invite('100', '101');
    inviter.invite({ ...REQUEST, conference: '4000', targets: ['100'] });
    await vi.advanceTimersByTimeAsync(0);
    expect(again?.id).toBe(first?.id);
    expect(other?.target).toBe('101');
    expect(dialled()).toEqual(['100', '101', '100']);
  });

  it('calls nobody of a list in which one cannot be called', async () => {
    const { invite, inviter, dialled } = harness();
    expect(() => invite('100', 'PJSIP/100')).toThrow(expect.objectContaining({ code: 'bad-target' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(dialled()).toEqual([]);
    expect(inviter.list()).toEqual([]);
  });

  it('takes no names that would be more than one argument', () => {
    const { inviter } = harness();
    for (const bad of [{ conference: 'a,b' }, { profileName: 'default,+admin' }, { profileName: '' }]) {
      const request = { ...REQUEST, ...bad, targets: ['100'] };
      expect(() => inviter.invite(request)).toThrow(expect.objectContaining({ code: 'bad-request' }));
    }
  });

  it('refuses more than it can remember', () => {
    const { inviter, invite } = harness();
    for (let list = 0; list < 5; list++) invite(...numbers(1000).map((number) => `${list}*${number}`));
    expect(() => invite('1')).toThrow(expect.objectContaining({ code: 'too-many-invitations' }));
    expect(inviter.list()).toHaveLength(5000);
  });

  it('ends a call that is cancelled, and calls the next', async () => {
    const { inviter, invite, dialled, ids, hungUp } = harness({ atOnce: 1 });
    const [first] = invite('100', '101');
    await vi.advanceTimersByTimeAsync(0);
    expect(inviter.cancel('3000', first?.id ?? '').state).toMatchObject({ reason: 'cancelled' });
    expect(hungUp).toEqual([ids()[0]]);
    expect(dialled()).toEqual(['100', '101']);
    expect(() => inviter.cancel('3000', 'none')).toThrow(expect.objectContaining({ code: 'no-such-invitation' }));
  });

  it('does not cancel by the name of another conference', async () => {
    const { inviter, invite, hungUp } = harness();
    const [invitation] = invite('100');
    await vi.advanceTimersByTimeAsync(0);
    const cancel = () => inviter.cancel('4000', invitation?.id ?? '');
    expect(cancel).toThrow(expect.objectContaining({ code: 'no-such-invitation' }));
    expect(hungUp).toEqual([]);
  });

  it('calls nobody any more into a conference that is over', async () => {
    const { inviter, invite, states, hungUp, ids } = harness({ atOnce: 1 });
    invite('100', '101');
    await vi.advanceTimersByTimeAsync(0);
    inviter.cancelAll('4000');
    expect(states()).toEqual(['calling', 'waiting']);
    inviter.cancelAll('3000');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(states()).toEqual(['cancelled', 'cancelled']);
    expect(hungUp).toEqual(ids());
  });

  it.each([
    [new AriError('refused', 'Allocation failed', { status: 500 }), 'unreachable'],
    [new AriError('refused', 'Invalid', { status: 400 }), 'invalid'],
    [new AriError('refused', 'no', { status: 403 }), 'failed'],
    [new AriError('refused', 'exists', { status: 409 }), 'calling'],
  ])('takes the refusal %s for: %s', async (error, state) => {
    const { invite, asterisk, states } = harness();
    asterisk.refuse = error;
    invite('100');
    await vi.advanceTimersByTimeAsync(0);
    expect(states()).toEqual([state]);
  });

  it('waits for an Asterisk that does not answer, but not for ever', async () => {
    const { invite, asterisk, states, ids } = harness();
    asterisk.refuse = new AriError('unreachable', 'no answer');
    invite('100', '101');
    await vi.advanceTimersByTimeAsync(12_000);
    expect(states()).toEqual(['waiting', 'waiting']);
    asterisk.refuse = null;
    await vi.advanceTimersByTimeAsync(5000);
    expect(ids()).toHaveLength(2);

    const { invite: inviteOther, asterisk: dead, states: statesOther } = harness();
    dead.refuse = new AriError('unreachable', 'no answer');
    inviteOther('100');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(statesOther()).toEqual(['failed']);
  });

  it('makes up for what happened while there was no connection', async () => {
    const { inviter, invite, ids, states } = harness();
    invite('100', '101', '102');
    await vi.advanceTimersByTimeAsync(0);
    const [first = '', second = ''] = ids();
    inviter.resync([
      { id: first, stasis: { application: 'rostrum', args: [] } },
      { id: second, stasis: null },
      { id: 'other', stasis: null },
    ]);
    expect(states()).toEqual(['answered', 'calling', 'failed']);
  });

  it('gives up a call of whose end it is never told', async () => {
    const { invite, ids, hungUp, states } = harness();
    invite('100');
    await vi.advanceTimersByTimeAsync(40_000);
    expect(states()).toEqual(['no-answer']);
    expect(hungUp).toEqual(ids());
  });

  it('leaves channels alone that are not of its calls', async () => {
    const { invite, end, answer, states } = harness();
    invite('100');
    await vi.advanceTimersByTimeAsync(0);
    end('1700000000.12', 16);
    answer('PJSIP-1');
    expect(states()).toEqual(['calling']);
  });

  it('begins no more calls when it has stopped, and lets those that ring go on', async () => {
    const { inviter, invite, dialled, hungUp } = harness({ perSecond: 1 });
    invite('100', '101');
    inviter.stop();
    inviter.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(dialled()).toEqual(['100']);
    expect(hungUp).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
