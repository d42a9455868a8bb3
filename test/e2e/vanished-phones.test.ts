import { describe, expect, it } from 'vitest';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { nothing, silence, tone } from '../kit/phone/sound.ts';
import { HEARD, MOST_GAP_MS } from './audience-harness.ts';
import { boundPorts } from './crowd-harness.ts';
import { harness } from './harness.ts';

/** SIP repeats a request that nobody answers for 64 times this. As shipped it is 250 ms: then all of it takes 57 s. */
const T1_MS = 100;

const lab = harness({
  profile: { idleSeconds: 1 },
  extra: {
    set: [
      ['pjsip.conf', 'system', 'timer_t1', String(T1_MS)],
      ['pjsip.conf', 'system', 'timer_b', String(64 * T1_MS)],
    ],
  },
});

/** The relay asks after 25 s. Without an answer Asterisk says BYE, and without one to that it gives the call up. */
const GONE_MS = 25_000 + 2 * 64 * T1_MS + 5000;

/** Of a speaker who sends nothing: the relay reminds Asterisk each 200 ms of where to send; see `asterisk-reminder.ts`. */
const MOST_LOST_BY_REFRESH = (200 + MOST_GAP_MS) / 20;

it(
  'phones that vanish without BYE are hung up; those that only send nothing stay, and hear',
  async () => {
    const vanishing = new PhoneBank({ server: lab.node.server });
    await vanishing.start();
    const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    const mute = await Promise.all([
      lab.phones.call('3000', { callerNumber: '101', send: nothing() }),
      lab.phones.call('4000', { callerNumber: '201', send: nothing() }),
    ]);
    const ports = await boundPorts(lab.node);
    await vanishing.call('3000', { callerNumber: '102', send: silence() });
    await vanishing.call('4000', { callerNumber: '202', send: tone(1300, -20) });
    await lab.node.waitForMembers('3000', 5);
    await Promise.all(mute.map((call) => call.waitForTone(1300, HEARD)));
    for (const call of mute) call.resetStats();

    await vanishing.vanish();
    await lab.node.waitForMembers('3000', 3, GONE_MS);
    await expect.poll(() => boundPorts(lab.node)).toEqual(ports);
    const { members } = await lab.node.show('3000');
    expect(members.map(({ caller }) => caller.number).sort()).toEqual(['101', '200', '201']);
    for (const call of mute) {
      expect(call.end).toBeNull();
      expect(call.stats().streams).toBe(1);
      await call.waitForToneLevel(440, -20);
    }
    const [listening, onFloor] = mute;
    expect(listening?.stats().lost).toBe(0);
    expect(onFloor?.stats().lost).toBeLessThanOrEqual(MOST_LOST_BY_REFRESH);
    expect(speaking.end).toBeNull();
  },
  2 * GONE_MS,
);

describe('a phone that sends nothing', () => {
  /** Has Asterisk describe the call to the phone again, which answers with its own description. */
  async function refresh(callerNumber: string): Promise<void> {
    const { ariUrl, ariUsername, ariPassword } = lab.node.asterisk;
    const login = Buffer.from(`${ariUsername}:${ariPassword}`).toString('base64');
    const headers = { authorization: `Basic ${login}` };
    const channels = (await (await fetch(`${ariUrl}/ari/channels`, { headers })).json()) as {
      id: string;
      caller: { number: string };
    }[];
    const id = channels.find(({ caller }) => caller.number === callerNumber)?.id;
    const query = new URLSearchParams({ variable: 'PJSIP_SEND_SESSION_REFRESH()', value: 'update' });
    const answer = await fetch(`${ariUrl}/ari/channels/${id}/variable?${query}`, { method: 'POST', headers });
    expect(answer.status).toBe(204);
  }

  it('hears on after a refresh of its session, and a listener hears prompts', async () => {
    const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    const onFloor = await lab.phones.call('4000', { callerNumber: '201', send: nothing() });
    const listening = await lab.phones.call('3000', { callerNumber: '101', send: nothing() });
    await Promise.all([onFloor, listening].map((call) => call.waitForTone(440, HEARD)));
    const descriptions = () => [onFloor, listening].map((call) => call.descriptions);
    const before = descriptions();
    onFloor.resetStats();
    await Promise.all(['201', '101'].map(refresh));
    await expect.poll(descriptions).toEqual(before.map((count) => count + 1));
    const { received } = onFloor.stats();
    await expect.poll(() => onFloor.stats().received, { timeout: 1000 }).toBeGreaterThan(received + 10);
    await onFloor.waitForToneLevel(440, -20);
    expect(onFloor.stats().lost).toBeLessThanOrEqual(MOST_LOST_BY_REFRESH);
    const { id } = await lab.node.member('3000', '101');
    await lab.node.command('3000', { type: 'play-to-member', memberId: id, media: ['tone:1550/8000'] });
    await listening.waitForTone(1550, { aboveDbov: -35, timeoutMs: 8000 });
    expect(speaking.end).toBeNull();
  });
});
