import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InvitationView } from '../../src/api/invite-routes.ts';
import { ownAddress } from '../kit/loopback.ts';
import type { Call } from '../kit/phone/call.ts';
import { type AnswerPlan, PhoneBank } from '../kit/phone/phone-bank.ts';
import { tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

/** Where the phones are that are called. */
const CALLED = { bindAddress: ownAddress(), sipPort: 5060 };
const TONE_HZ = { 'invite-failed': 600, 'enter-pin': 700 };
const sound = {
  ...SILENT,
  prompts: {
    ...SILENT.prompts,
    ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/400`])),
  },
};

const lab = harness({
  profile: { sound, controls: 'calling-keys', idleSeconds: 1 },
  profiles: {
    pinned: { kind: 'conference', sound, access: { userPin: '1234', timeoutSeconds: 10 }, idleSeconds: 1 },
    'calling-keys': {
      kind: 'controls',
      keys: { '1': 'invite:7001', '2': 'invite:7002', '3': 'invite:7003', '4': 'invite:7001x' },
    },
  },
  config: {
    invite: {
      endpoint: `PJSIP/anonymous/sip:{number}@${CALLED.bindAddress}`,
      callerId: 'Town Hall <5551>',
      allowEndpoints: true,
    },
  },
});

const ANSWERS: AnswerPlan = { kind: 'answer', afterMs: 100, send: tone(1000, -20) };
const BUSY: AnswerPlan = { kind: 'reject', status: 486, reason: 'Busy Here' };
const PLANS: Record<string, AnswerPlan> = {
  '7001': ANSWERS,
  '7002': BUSY,
  '7003': { kind: 'ring-for-ever' },
  '7004': { kind: 'reject', status: 603, reason: 'Decline', afterMs: 100 },
  '7005': { kind: 'reject', status: 503, reason: 'Service Unavailable' },
  '7006': { kind: 'reject', status: 404, reason: 'Not Found' },
  '7007': ANSWERS,
};
const HEARD = { aboveDbov: -30, timeoutMs: 5000 };

let called: PhoneBank;
/** The numbers that were called, in order. */
let calledNumbers: string[] = [];
/** Replaces the plan of a number, given how often it was called before. */
let planOf: ((number: string, before: number) => AnswerPlan) | null = null;

beforeAll(async () => {
  called = new PhoneBank({
    ...CALLED,
    server: lab.node.server,
    onIncoming: ({ calledNumber }) => {
      const before = calledNumbers.filter((number) => number === calledNumber).length;
      calledNumbers.push(calledNumber);
      return planOf?.(calledNumber, before) ?? PLANS[calledNumber] ?? BUSY;
    },
  });
  await called.start();
});

beforeEach(() => {
  calledNumbers = [];
  planOf = null;
});

afterEach(async () => {
  await called.hangUpAll();
  // Fetched by no test.
  while (await called.nextCall({ timeoutMs: 0 }).catch(() => null));
});

afterAll(() => called.stop());

const invite = (...words: string[]) => lab.node.cli('invite', ...words);
const nextCall = () => called.nextCall({ timeoutMs: 5000 });
const lines = (stdout: string) => stdout.trim().split('\n');
const dialIn = (number: string, callerNumber: string): Promise<Call> =>
  lab.phones.call(number, { callerNumber, send: tone(440, -20) });

describe('who is invited', () => {
  it('sees who calls, joins in the given role, and hears and is heard', async () => {
    const speaker = await dialIn('4000', '200');
    const done = invite('3000', '7001', '--speaker', '--flags', '+admin', '--wait');
    const call = await nextCall();
    expect(call).toMatchObject({ calledNumber: '7001', callerNumber: '5551', callerName: 'Town Hall' });
    await call.answered;
    await Promise.all([call.waitForTone(440, HEARD), speaker.waitForTone(1000, HEARD)]);
    expect(await done).toMatchObject({ code: 0, stderr: '' });
    expect(lines((await done).stdout).at(-1)).toBe('7001: answered, try 1 of 1');
    expect(await lab.node.member('3000', '7001')).toMatchObject({
      role: 'speaker',
      admin: true,
      place: 'floor',
      caller: { number: '7001', name: '' },
    });
    await call.hangUp();
    await lab.node.waitForMembers('3000', 1);
  });

  it('is a listener if nothing is said, and sees the number that is given for it', async () => {
    const speaker = await dialIn('4000', '200');
    const done = invite('3000', '7001', '--caller-id', 'Board <42>', '--wait');
    const call = await nextCall();
    expect(call).toMatchObject({ callerNumber: '42', callerName: 'Board' });
    await call.waitForTone(440, HEARD);
    expect(await done).toMatchObject({ code: 0 });
    expect(await lab.node.member('3000', '7001')).toMatchObject({ role: 'listener', admin: false });
    expect(speaker.toneLevelDbov(1000, { lastMs: 300 })).toBeLessThan(-60);
  });

  it('may be the first of a conference', async () => {
    expect(await invite('3100', '7001', '--wait')).toMatchObject({ code: 0 });
    await lab.node.waitForMembers('3100', 1);
  });

  it('dials the PIN like everybody', async () => {
    const done = invite('secret', '7001', '--profile', 'pinned', '--wait');
    const call = await nextCall();
    await call.answered;
    await call.waitForTone(TONE_HZ['enter-pin'], HEARD);
    expect(await lab.node.member('secret', '7001')).toMatchObject({ place: 'door' });
    await call.pressKeys('1234');
    await lab.node.waitForMembers('secret', 1);
    expect(await done).toMatchObject({ code: 0 });
  });

  it('need not dial the PIN if that is said', async () => {
    await invite('secret', '7001', '--profile', 'pinned', '--skip-pin', '--wait');
    await lab.node.waitForMembers('secret', 1);
    const call = await nextCall();
    expect(call.toneLevelDbov(TONE_HZ['enter-pin'], { lastMs: 1000 })).toBeLessThan(-60);
  });
});

describe('who does not come', () => {
  it.each([
    ['is busy', '7002', 'busy'],
    ['does not answer', '7003', 'no-answer'],
    ['declines', '7004', 'rejected'],
    ['cannot be reached', '7005', 'unreachable'],
    ['does not exist', '7006', 'invalid'],
    ['is at an endpoint that there is not', 'PJSIP/nobody', 'unreachable'],
  ])('because the called person %s: that is told, with status 1', async (_, target, reason) => {
    await dialIn('4000', '200');
    const { code, stdout } = await invite('3000', target, '--timeout', '1', '--wait');
    expect(lines(stdout).at(-1)).toBe(`${target}: failed (${reason}), try 1 of 1`);
    expect(code).toBe(1);
    await lab.node.waitForMembers('3000', 1);
  });

  it('is called again as often as is said, and may come then', async () => {
    await dialIn('4000', '200');
    planOf = (_, before) => (before < 2 ? BUSY : ANSWERS);
    const { code, stdout } = await invite('3000', '7002', '--tries', '3', '--retry', '1', '--wait');
    expect(code).toBe(0);
    expect(calledNumbers).toEqual(['7002', '7002', '7002']);
    expect(lines(stdout)).toContain('7002: waiting (busy), try 1 of 3');
    expect(lines(stdout).at(-1)).toBe('7002: answered, try 3 of 3');
    await lab.node.waitForMembers('3000', 2);
  });

  it('is called no more than that, and not at all after declining', async () => {
    await dialIn('4000', '200');
    const options = ['--tries', '2', '--retry', '1', '--wait'];
    const [busy, declined] = await Promise.all([
      invite('3000', '7002', ...options),
      invite('3000', '7004', ...options),
    ]);
    expect([busy.code, declined.code]).toEqual([1, 1]);
    expect(lines(busy.stdout).at(-1)).toBe('7002: failed (busy), try 2 of 2');
    expect(lines(declined.stdout).at(-1)).toBe('7004: failed (rejected), try 1 of 2');
    expect(calledNumbers.toSorted()).toEqual(['7002', '7002', '7004']);
  });
});

describe('an invitation', () => {
  it('is cancelled while it rings: the phone stops', async () => {
    await dialIn('4000', '200');
    const { stdout } = await invite('3000', '7003', '--json');
    const [{ id } = { id: '' }] = JSON.parse(stdout) as InvitationView[];
    const call = await nextCall();
    const cancelled = await invite('3000', '--cancel', id, '--json');
    expect(JSON.parse(cancelled.stdout)).toMatchObject([{ id, status: 'failed', reason: 'cancelled' }]);
    expect(await call.ended).toMatchObject({ by: 'them' });
    expect(JSON.parse((await invite('3000', '--list', '--json')).stdout)).toContainEqual(
      expect.objectContaining({ id, reason: 'cancelled' }),
    );
  });

  it('ends with the conference', async () => {
    await dialIn('4000', '200');
    await invite('3000', '7003');
    const call = await nextCall();
    await lab.node.command('3000', { type: 'terminate' });
    await call.ended;
  });

  it('of several calls all at once, and tells of each', async () => {
    await dialIn('4000', '200');
    const done = invite('3000', '7001', '7002', '7003', '7007', '--timeout', '2', '--wait', '--json');
    await lab.node.waitForMembers('3000', 3);
    const { code, stdout } = await done;
    expect(code).toBe(1);
    const last = new Map(
      lines(stdout).map((line) => {
        const { target, status, reason } = JSON.parse(line) as InvitationView;
        return [target, reason ?? status];
      }),
    );
    expect(Object.fromEntries(last)).toEqual({
      '7001': 'answered',
      '7002': 'busy',
      '7003': 'no-answer',
      '7007': 'answered',
    });
  });

  it('is made by programs as well', async () => {
    await dialIn('4000', '200');
    const body = { targets: ['7001'], speaker: true };
    const [invitation] = await lab.node.api.post<InvitationView[]>('/conferences/3000/invitations', body);
    expect(invitation).toMatchObject({ target: '7001', status: 'calling', tries: 1 });
    await lab.node.waitForMembers('3000', 2);
    const list = await lab.node.api.get<InvitationView[]>('/conferences/3000/invitations');
    expect(list).toContainEqual(expect.objectContaining({ id: invitation?.id, status: 'answered' }));
  });

  it.each([
    'call me',
    '12ab',
    'Local/100@rostrum-dial-in',
    'PJSIP/a&PJSIP/b',
    'PJSIP/anonymous/sip:1@127.0.0.1?X-Header=1',
  ])('to %s is refused with status 2, and nobody is called', async (target) => {
    await dialIn('4000', '200');
    const { code, stderr } = await invite('3000', '7001', target, '--wait');
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(/cannot be called/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(calledNumbers).toEqual([]);
  });
});

describe('a key', () => {
  it('calls a phone into the conference', async () => {
    const speaker = await dialIn('4000', '200');
    await speaker.pressKeys('1');
    const call = await nextCall();
    await call.waitForTone(440, HEARD);
    await lab.node.waitForMembers('3000', 2);
  });

  it.each([
    ['busy', '2'],
    ['no phone number', '4'],
  ])('tells the member who pressed it, and nobody else, that the called person is %s', async (_, key) => {
    const speaker = await dialIn('4000', '200');
    const other = await dialIn('4000', '201');
    await other.waitForTone(440, HEARD);
    await speaker.pressKeys(key);
    await speaker.waitForTone(TONE_HZ['invite-failed'], HEARD);
    expect(other.toneLevelDbov(TONE_HZ['invite-failed'], { lastMs: 1000 })).toBeLessThan(-55);
    await speaker.waitForTone(440, HEARD);
  });
});
