import { beforeEach, describe, expect, it } from 'vitest';
import type { CallSpec } from '../../../src/relay/protocol/protocol.ts';
import { FakeAsterisk } from './fake-asterisk.ts';

const ANCHORED = { name: 'PJSIP/anonymous-00000001', dialled: '3000' };
const RTP: Record<string, string> = {
  'CHANNEL(rtp,src)': '198.51.100.1:10040',
  'CHANNEL(pjsip,remote_addr)': '192.0.2.7:5060',
  'CHANNEL(pjsip,local_addr)': '198.51.100.1:5060',
  'CHANNEL(audionativeformat)': '(ulaw)',
};

let asterisk: FakeAsterisk;

beforeEach(() => {
  asterisk = new FakeAsterisk();
  const { answers } = asterisk;
  const otherVariable = answers.get('getVariable');
  answers.set('getVariable', (channelId, name) =>
    String(name).startsWith('PJSIP_ENDPOINT') ? '127.0.99.1' : otherVariable?.(channelId, name),
  );
  answers.set('readVariables', (_, names) =>
    Object.fromEntries((names as string[]).map((name) => [name, RTP[name] ?? null])),
  );
});

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
const opened = () => asterisk.controller.handleRelayReport({ type: 'call-open', channelId: 'a' });
const methods = () => asterisk.requests.map(({ method }) => method);
const lastCall = () => asterisk.requests.findLast(({ method }) => method === 'setCall')?.args[0] as CallSpec;

/** A call that is in the audience of conference 3000. */
async function joined(): Promise<void> {
  asterisk.call('a', ANCHORED);
  await settle();
  opened();
  await settle();
  asterisk.channels = asterisk.channels.map((channel) => ({ ...channel, dialled: null }));
}

describe('a call of an anchored endpoint', () => {
  it('is answered only when the relay has its port', async () => {
    asterisk.call('a', ANCHORED);
    await settle();
    expect(asterisk.members).toEqual([]);
    expect(methods()).not.toContain('answer');
    opened();
    await settle();
    expect(asterisk.members).toEqual(['a']);
    expect(methods()).toEqual(expect.arrayContaining(['progress', 'setCall', 'answer', 'createHoldingBridge']));
    expect(methods().indexOf('answer')).toBeGreaterThan(methods().indexOf('setCall'));
    expect(lastCall().hearing).toMatchObject({ conference: '3000' });
  });

  it('is refused where the relay cannot open its port', async () => {
    asterisk.call('a', ANCHORED);
    await settle();
    asterisk.controller.handleRelayReport({ type: 'call-failed', channelId: 'a', message: 'address already in use' });
    await settle();
    expect(asterisk.members).toEqual([]);
    expect(asterisk.requests.at(-1)).toEqual({ method: 'hangUp', args: ['a', 42] });
  });

  it('that ends before is no member', async () => {
    asterisk.call('a', ANCHORED);
    await settle();
    asterisk.hangUp('a');
    opened();
    await settle();
    expect(asterisk.members).toEqual([]);
    expect(methods()).not.toContain('hangUp');
    expect(methods().at(-1)).toBe('endCall');
  });

  it('is told of twice, and comes once', async () => {
    asterisk.call('a', ANCHORED);
    asterisk.comes('a');
    await settle();
    opened();
    await settle();
    asterisk.comes('a');
    expect(asterisk.members).toEqual(['a']);
    expect(asterisk.times('answer')).toBe(1);
  });
});

describe('a call that goes on in the dialplan', () => {
  it('is passed on by the relay until it ends', async () => {
    await joined();
    asterisk.leaves('a');
    expect(lastCall().hearing).toBeNull();
    expect(methods()).not.toContain('endCall');
    asterisk.hangUp('a');
    expect(methods().at(-1)).toBe('endCall');
  });

  it('may come to another conference afterwards', async () => {
    await joined();
    asterisk.leaves('a');
    asterisk.comes('a', '4000');
    await settle();
    expect([asterisk.members, asterisk.membersOf('4000')]).toEqual([[], ['a']]);
    expect(lastCall().hearing).toMatchObject({ conference: '4000' });
    expect(methods()).not.toContain('endCall');
  });

  it('may be led to another conference by an application to which it was sent', async () => {
    await joined();
    const sent = { type: 'execute', memberId: 1, application: 'VoiceMail', data: '100' } as const;
    asterisk.answers.set('readLocation', () => ({ context: 'c', extension: '3000', priority: 1 }));
    await asterisk.controller.command('3000', sent);
    asterisk.leaves('a');
    expect(asterisk.members).toEqual(['a']);
    asterisk.comes('a', '4000');
    await settle();
    expect([asterisk.members, asterisk.membersOf('4000')]).toEqual([[], ['a']]);
    // Its port stays open.
    expect(methods()).not.toContain('endCall');
  });
});
