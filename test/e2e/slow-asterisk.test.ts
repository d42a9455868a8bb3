import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { callersAtRelay, gapsMs, HEARD, listen, MOST_GAP_MS, relayPid } from './audience-harness.ts';
import { boundPorts } from './crowd-harness.ts';
import { slowHarness } from './slow-harness.ts';

const { lab, slowDown } = slowHarness({ admission: { waitSeconds: 60 } });

const WITHIN = { timeout: 20_000, interval: 20 };
const SLOW_MS = 60_000;

const speaker = () => lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
const dial = (callerNumber: string) =>
  lab.phones.dial('3000', { callerNumber, send: silence(), answerTimeoutMs: SLOW_MS });
const hear = (calls: readonly Call[]) => Promise.all(calls.map((call) => call.waitForTone(440, HEARD)));
const pids = () => Promise.all([lab.node.controllerPid(), relayPid(lab.node)]);

describe('an Asterisk that answers ARI after 3 s', () => {
  it(
    'lets callers in late; those who are in notice nothing, nobody is stuck, and nothing is restarted for it',
    async () => {
      const speaking = await speaker();
      const listeners = ['101', '102', '103'].map(dial);
      await Promise.all(listeners.map(({ answered }) => answered));
      await hear(listeners);
      await listen(200);
      const before = await pids();
      const logged = (await lab.node.log()).length;
      for (const call of [speaking, ...listeners]) call.resetStats();

      // There and back.
      slowDown(1500);
      const dialledMs = performance.now();
      const calls = ['104', '105', '106', '107'].map(dial);
      // One gives up, and one who was in goes.
      const [, , , impatient] = calls;
      await expect.poll(() => impatient?.state, WITHIN).toBe('ringing');
      await impatient?.hangUp();
      await listeners.pop()?.hangUp();
      const coming = calls.slice(0, 3);
      await Promise.all(coming.map(({ answered }) => answered));
      expect(performance.now() - dialledMs).toBeGreaterThan(3 * 3000);
      await hear(coming);
      const expected = ['101', '102', '104', '105', '106', '200'];
      await expect
        .poll(async () => (await callersAtRelay(lab.node)).sort(), { ...WITHIN, timeout: 30_000 })
        .toEqual(expected);
      for (const call of listeners) expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
      expect(Math.max(...gapsMs(listeners, speaking))).toBeLessThanOrEqual(MOST_GAP_MS);
      slowDown(0);

      await lab.node.waitForMembers('3000', expected.length);
      await hear([...listeners, ...coming]);
      expect(await pids()).toEqual(before);
      expect((await lab.node.log()).slice(logged)).not.toMatch(/trying again|connected to/);
    },
    2 * SLOW_MS,
  );
});

describe('kill -9 of the relay between the opening of the port and the answer', () => {
  it('costs the caller a moment: the next relay opens the same port', async () => {
    const speaking = await speaker();
    const first = dial('101');
    await first.answered;
    await hear([first]);
    const before = await boundPorts(lab.node);
    // The answer has to wait for so long.
    slowDown(300);
    const call = dial('102');
    const ownPorts = async () => {
      const ports = await boundPorts(lab.node);
      return ports.filter((port) => port.startsWith(`${lab.node.server.host}:`) && !before.includes(port));
    };
    await expect.poll(async () => (await ownPorts()).length, { timeout: 10_000, interval: 2 }).toBeGreaterThan(0);
    const opened = await ownPorts();
    const killed = await relayPid(lab.node);
    process.kill(killed, 'SIGKILL');
    expect(call.answeredAtMs).toBeNull();
    await call.answered;
    await hear([call, first]);
    slowDown(0);
    expect(await relayPid(lab.node)).not.toBe(killed);
    expect(await ownPorts()).toEqual(expect.arrayContaining(opened));
    await expect.poll(async () => (await callersAtRelay(lab.node)).sort(), WITHIN).toEqual(['101', '102', '200']);
    expect(speaking.end).toBeNull();
  });
});
