import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { longestSilenceMs } from '../kit/phone/judge.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { callersAtRelay, HEARD, listen, MOST_GAP_MS, parked, relayPid } from './audience-harness.ts';
import { missedMs } from './crowd-harness.ts';
import { harness } from './harness.ts';

const lab = harness({ profile: { idleSeconds: 1 } });

const WITHIN = { timeout: 20_000, interval: 20 };
const SPEAKER = '200';
const CALLERS = Array.from({ length: 20 }, (_, index) => String(101 + index));
const EVERYBODY = [...CALLERS, SPEAKER];

async function audience(): Promise<{ speaking: Call; listeners: Call[] }> {
  const speaking = await lab.phones.call('4000', { callerNumber: SPEAKER, send: tone(440, -20) });
  const listeners = await Promise.all(
    CALLERS.map((callerNumber) => lab.phones.call('3000', { callerNumber, send: silence() })),
  );
  await Promise.all(listeners.map((call) => call.waitForTone(440, HEARD)));
  await expect.poll(() => parked(lab.node), WITHIN).toBe(CALLERS.length);
  await listen(500);
  return { speaking, listeners };
}

/** Stops processes for a time, as a machine does that is moved. */
async function standStill(pids: readonly number[], durationMs: number, meanwhile = async () => {}): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await Promise.all([listen(durationMs), meanwhile()]);
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
}

/** What was decided of members, calls and connections since the log had so many characters. */
const decided = async (since: number) =>
  (await lab.node.log())
    .slice(since)
    .split('\n')
    .filter((line) => /warn|error|relay|Asterisk|left/.test(line));

const volumes = async () =>
  (await lab.node.show('3000')).members
    .filter(({ role }) => role === 'listener')
    .map(({ listenVolume, talkVolume }) => ({ listenVolume, talkVolume }));

describe('a controller that stands still for 6 s', () => {
  it('costs no sound, moves nobody, and has each key once that was pressed meanwhile', async () => {
    const { speaking, listeners } = await audience();
    const { members } = await lab.node.show('3000');
    const logged = (await lab.node.log()).length;
    const pid = await lab.node.controllerPid();
    for (const call of [speaking, ...listeners]) call.resetStats();
    await standStill([pid], 6000, async () => {
      await listen(1000);
      await Promise.all(listeners.map((call) => call.pressKeys('663')));
    });
    const pressed = CALLERS.map(() => ({ listenVolume: 2, talkVolume: 1 }));
    await expect.poll(volumes, WITHIN).toEqual(pressed);
    await listen(1000);
    const after = (await lab.node.show('3000')).members;
    expect(after.map(({ path, role }) => ({ path, role }))).toEqual(members.map(({ path, role }) => ({ path, role })));
    expect(await volumes()).toEqual(pressed);
    for (const call of listeners) {
      expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
      expect(missedMs(call)).toBeLessThanOrEqual(missedMs(speaking) + MOST_GAP_MS);
      expect(longestSilenceMs(call.audio({ lastMs: 6000 }).samples)).toBeLessThanOrEqual(MOST_GAP_MS);
    }
    expect(await parked(lab.node)).toBe(CALLERS.length);
    expect(await lab.node.controllerPid()).toBe(pid);
    expect(await decided(logged)).toEqual([]);
  });
});

describe('a node that stands still for 8 s as a whole', () => {
  it('goes on as it was: nobody is moved or hung up, no process is killed, no connection closed', async () => {
    const { listeners } = await audience();
    const { members } = await lab.node.show('3000');
    const logged = (await lab.node.log()).length;
    const own = [lab.node.supervisorPid, await relayPid(lab.node), await lab.node.controllerPid()];
    lab.node.asterisk.kill('SIGSTOP');
    try {
      await standStill(own, 8000);
    } finally {
      lab.node.asterisk.kill('SIGCONT');
    }
    await listen(6000);
    for (const call of listeners) expect(call.end).toBeNull();
    await Promise.all(listeners.map((call) => call.waitForTone(440, HEARD)));
    expect((await lab.node.show('3000')).members).toEqual(members);
    expect((await callersAtRelay(lab.node)).sort()).toEqual(EVERYBODY);
    expect(await parked(lab.node)).toBe(CALLERS.length);
    expect([lab.node.supervisorPid, await relayPid(lab.node), await lab.node.controllerPid()]).toEqual(own);
    await listeners[0]?.pressKeys('6');
    await expect.poll(async () => (await lab.node.member('3000', '101')).listenVolume, WITHIN).toBe(1);
    expect(await decided(logged)).toEqual([]);
  });
});
