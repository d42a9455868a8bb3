import { afterEach, describe, expect, it } from 'vitest';
import type { StatusView } from '../../src/api/schemas.ts';
import type { Call } from '../kit/phone/call.ts';
import { longestSilenceMs } from '../kit/phone/judge.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { callersAtRelay, gapsMs, HEARD, MOST_GAP_MS, NOT_HEARD_DBOV, parked, relayPid } from './audience-harness.ts';
import { dialEvenly } from './crowd-harness.ts';
import { harness } from './harness.ts';

const lab = harness({ profile: { idleSeconds: 1 } });

const LEVEL_DBOV = -20;
const VOICE_HZ = 1300;
const WITHIN = { timeout: 20_000, interval: 20 };

const speaker = () => lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
const dial = (callerNumber: string) => lab.phones.dial('3000', { callerNumber, send: tone(VOICE_HZ, LEVEL_DBOV) });
const hear = (calls: readonly Call[]) => Promise.all(calls.map((call) => call.waitForTone(440, HEARD)));

const areAtRelay = (callers: readonly string[]) =>
  expect.poll(async () => (await callersAtRelay(lab.node)).sort(), WITHIN).toEqual(callers);

/** A speaker and two listeners. */
async function three(): Promise<{ speaking: Call; listeners: Call[] }> {
  const speaking = await speaker();
  const listeners = await Promise.all(
    ['101', '102'].map((callerNumber) => lab.phones.call('3000', { callerNumber, send: silence() })),
  );
  await hear(listeners);
  await areAtRelay(['101', '102', '200']);
  return { speaking, listeners };
}

describe('callers who come while there is no relay', () => {
  afterEach(() => process.kill(lab.node.supervisorPid, 'SIGCONT'));

  it('ring, and are in and hear once it is there again', async () => {
    const { listeners } = await three();
    const relay = await relayPid(lab.node);
    // It would start another one.
    process.kill(lab.node.supervisorPid, 'SIGSTOP');
    process.kill(relay, 'SIGKILL');
    const isThere = async () => (await lab.node.api.get<StatusView>('/status')).relay.connected;
    await expect.poll(isThere, WITHIN).toBe(false);
    const calls = ['103', '104', '105'].map(dial);
    await expect.poll(() => calls.map(({ state }) => state), WITHIN).toEqual(calls.map(() => 'ringing'));
    expect((await lab.node.show('3000')).members.filter(({ presence }) => presence === 'present').length).toBe(3);

    process.kill(lab.node.supervisorPid, 'SIGCONT');
    await Promise.all(calls.map(({ answered }) => answered));
    await hear([...calls, ...listeners]);
    await expect.poll(() => parked(lab.node), WITHIN).toBe(5);
    await areAtRelay(['101', '102', '103', '104', '105', '200']);
  });
});

describe('a voice that is given and taken ten times a second', () => {
  it.each(['+speaker', '-speaker'] as const)(
    'costs nobody a packet, and is in the end as asked last: %s',
    async (last) => {
      const { speaking, listeners } = await three();
      const call = dial('103');
      await call.answered;
      await hear([call]);
      await lab.node.waitForMembers('3000', 4);
      const { id } = await lab.node.member('3000', '103');
      const other = last === '+speaker' ? '-speaker' : '+speaker';
      for (const each of [speaking, ...listeners, call]) each.resetStats();
      const startMs = performance.now();
      const changes: Promise<unknown>[] = [];
      await dialEvenly(30, 10, (index) => {
        const flags = [index % 2 === 0 ? other : last];
        changes.push(lab.node.api.post(`/conferences/3000/members/${id}/flags`, { flags }));
        return call;
      });
      await Promise.all(changes);
      const isSpeaker = last === '+speaker';
      expect(await lab.node.member('3000', '103')).toMatchObject({
        role: isSpeaker ? 'speaker' : 'listener',
        path: 'relay',
      });
      await expect.poll(() => parked(lab.node), WITHIN).toBe(isSpeaker ? 2 : 3);
      if (isSpeaker) await Promise.all([speaking, ...listeners].map((each) => each.waitForTone(VOICE_HZ, HEARD)));
      else {
        const gone = { freqHz: VOICE_HZ, belowDbov: NOT_HEARD_DBOV, timeoutMs: 3000 };
        await Promise.all([speaking, ...listeners].map((each) => each.waitForSilence(gone)));
      }
      const heard = call.audio({ lastMs: performance.now() - startMs }).samples;
      expect(longestSilenceMs(heard)).toBeLessThanOrEqual(MOST_GAP_MS);
      for (const each of [call, ...listeners]) expect(each.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
      expect(Math.max(...gapsMs([call, ...listeners], speaking))).toBeLessThanOrEqual(MOST_GAP_MS);
      expect(speaking.stats().lost).toBe(0);
      await call.waitForToneLevel(440, LEVEL_DBOV);
    },
  );
});
