import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openDescriptors, settledDescriptors } from '../kit/descriptors.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import {
  callersAtRelay,
  gapsMs,
  HEARD,
  listen,
  MOST_GAP_MS,
  parked,
  relayPid,
  waitForRelay,
} from './audience-harness.ts';
import { missedMs } from './crowd-harness.ts';
import { harness } from './harness.ts';

const lab = harness({ profile: { idleSeconds: 1 } });

const LEVEL_DBOV = -20;
const WITHIN = { timeout: 20_000, interval: 20 };

const CALLERS = ['101', '102', '103', '104', '105', '106'];
const SPEAKER = '200';
const EVERYBODY = [...CALLERS, SPEAKER];

const speaker = () => lab.phones.call('4000', { callerNumber: SPEAKER, send: tone(440, LEVEL_DBOV) });
const listener = (callerNumber: string) => lab.phones.call('3000', { callerNumber, send: silence() });

async function audience(): Promise<{ speaking: Call; listeners: Call[] }> {
  const speaking = await speaker();
  const listeners = await Promise.all(CALLERS.map((number) => listener(number)));
  await expect.poll(async () => (await callersAtRelay(lab.node)).sort(), WITHIN).toEqual(EVERYBODY);
  await listen(200);
  return { speaking, listeners };
}

const hear = (calls: readonly Call[]) => Promise.all(calls.map((call) => call.waitForTone(440, HEARD)));

async function keysWork(call: Call): Promise<void> {
  const volume = async () => (await lab.node.member('3000', call.callerNumber)).listenVolume;
  const before = await volume();
  await call.pressKeys('6');
  await expect.poll(volume, WITHIN).toBe(before + 1);
}

async function killController(): Promise<void> {
  const killed = await lab.node.controllerPid();
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => lab.node.controllerPid().catch(() => killed), WITHIN).not.toBe(killed);
  await lab.node.waitUntilConnected();
}

describe('kill -9 of the relay', () => {
  it('is over within a second for its listeners, on the same ports', async () => {
    const { speaking, listeners } = await audience();
    for (const call of [speaking, ...listeners]) call.resetStats();
    const killed = await relayPid(lab.node);
    const allowedMs = await lab.node.relayBackMs();
    process.kill(killed, 'SIGKILL');
    await expect.poll(() => relayPid(lab.node).catch(() => killed), WITHIN).not.toBe(killed);
    await hear(listeners);
    expect(Math.max(...gapsMs(listeners, speaking))).toBeLessThan(allowedMs);
    for (const call of listeners) {
      expect(call.end).toBeNull();
      await call.waitForToneLevel(440, LEVEL_DBOV);
      expect(performance.now() - (call.stats().lastPacketMs ?? 0)).toBeLessThan(200);
    }
    expect((await callersAtRelay(lab.node)).sort()).toEqual(EVERYBODY);
    if (listeners[0]) await keysWork(listeners[0]);
  });
});

describe('kill -9 of the controller', () => {
  it('interrupts nothing at the relay, whose listeners are adopted as they are, also by a relay that dies next', async () => {
    const { speaking, listeners } = await audience();
    const { members } = await lab.node.show('3000');
    for (const call of [speaking, ...listeners]) call.resetStats();
    await killController();
    await expect.poll(async () => (await lab.node.show('3000')).members, WITHIN).toEqual(members);
    await listen(500);
    for (const call of listeners) expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
    // What Asterisk itself did not mix in time, those in the bridge miss as well.
    for (const call of listeners) expect(missedMs(call)).toBeLessThanOrEqual(missedMs(speaking) + MOST_GAP_MS);
    if (listeners[0]) await keysWork(listeners[0]);

    // What the new controller knows of the relay is what the old one knew.
    const killed = await relayPid(lab.node);
    process.kill(killed, 'SIGKILL');
    await expect.poll(() => relayPid(lab.node).catch(() => killed), WITHIN).not.toBe(killed);
    await listen(400);
    await hear(listeners);
    expect((await callersAtRelay(lab.node)).sort()).toEqual(EVERYBODY);
    if (listeners[1]) await keysWork(listeners[1]);
  });

  it('while callers join leaves nobody half in', async () => {
    const speaking = await speaker();
    await waitForRelay(lab.node, [SPEAKER]);
    const descriptors = await settledDescriptors(await relayPid(lab.node));
    const numbers = Array.from({ length: 20 }, (_, index) => String(101 + index));
    const joining = numbers.map((number) => listener(number));
    await expect.poll(async () => (await callersAtRelay(lab.node)).length, { interval: 1 }).toBeGreaterThan(3);
    await killController();
    const listeners = await Promise.all(joining);
    await expect.poll(async () => (await callersAtRelay(lab.node)).length, WITHIN).toBe(21);
    await hear(listeners);
    await expect.poll(() => parked(lab.node), WITHIN).toBe(20);
    await expect.poll(async () => openDescriptors(await relayPid(lab.node)), WITHIN).toBe(descriptors + 2 * 20);
    await Promise.all(listeners.map((call) => call.hangUp()));
    await expect.poll(() => parked(lab.node), WITHIN).toBe(0);
    await expect.poll(async () => openDescriptors(await relayPid(lab.node)), WITHIN).toBe(descriptors);
    expect(speaking.end).toBeNull();
  });
});

/** @returns the controller that the supervisor has started then; it is stopped */
async function killBoth(): Promise<number> {
  const { supervisorPid } = lab.node;
  const old = await lab.node.controllerPid();
  for (const pid of [await relayPid(lab.node), old]) process.kill(pid, 'SIGKILL');
  const find = async () => {
    const children = await readFile(`/proc/${supervisorPid}/task/${supervisorPid}/children`, 'utf8');
    for (const pid of children.trim().split(' ').map(Number)) {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (pid !== old && words.split('\0').includes('controller')) return pid;
    }
    return null;
  };
  await expect.poll(find, { ...WITHIN, interval: 5 }).not.toBeNull();
  const controller = (await find()) ?? 0;
  process.kill(controller, 'SIGSTOP');
  return controller;
}

/** Something has come after what was on its way when the relay was killed, and it is the tone. */
async function soundIsBack(calls: readonly Call[]): Promise<void> {
  const killedMs = performance.now();
  const lastMs = () => Math.min(...calls.map((call) => call.stats().lastPacketMs ?? 0));
  await expect.poll(lastMs, WITHIN).toBeGreaterThan(killedMs + 100);
  await hear(calls);
}

describe('kill -9 of both', () => {
  it('costs listeners a second of sound, as a new relay goes on without a controller, which then finds all as it was', async () => {
    const { speaking, listeners } = await audience();
    const { members } = await lab.node.show('3000');
    await listen(10_000);
    for (const call of [speaking, ...listeners]) call.resetStats();
    const allowedMs = await lab.node.relayBackMs();
    const controller = await killBoth();
    try {
      await soundIsBack(listeners);
      expect(Math.max(...gapsMs(listeners))).toBeLessThan(allowedMs);
      for (const call of listeners) await call.waitForToneLevel(440, LEVEL_DBOV);
    } finally {
      process.kill(controller, 'SIGCONT');
    }
    for (const call of [speaking, ...listeners]) call.resetStats();
    await lab.node.waitUntilConnected();
    await expect.poll(async () => (await lab.node.show('3000')).members, WITHIN).toEqual(members);
    await listen(500);
    for (const call of listeners) expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
    for (const call of listeners) expect(missedMs(call)).toBeLessThanOrEqual(missedMs(speaking) + MOST_GAP_MS);
    await expect.poll(() => parked(lab.node), WITHIN).toBe(CALLERS.length);
    if (listeners[0]) await keysWork(listeners[0]);
  });

  it('leaves no call in the relay whose phone has hung up meanwhile', async () => {
    const { listeners } = await audience();
    const descriptors = await settledDescriptors(await relayPid(lab.node));
    const controller = await killBoth();
    try {
      await listeners[0]?.hangUp();
      await soundIsBack(listeners.slice(1));
    } finally {
      process.kill(controller, 'SIGCONT');
    }
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', EVERYBODY.length - 1);
    await expect.poll(async () => openDescriptors(await relayPid(lab.node)), WITHIN).toBe(descriptors - 2);
    await hear(listeners.slice(1));
  });
});

describe('a relay that hangs', () => {
  it('is waited for: nobody is moved or dropped, and all hear when it goes on', async () => {
    const { listeners } = await audience();
    const { members } = await lab.node.show('3000');
    const pid = await relayPid(lab.node);
    process.kill(pid, 'SIGSTOP');
    try {
      await listen(6000);
      expect(await lab.node.show('3000')).toMatchObject({ members });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await hear(listeners);
    await expect.poll(async () => (await callersAtRelay(lab.node)).sort(), WITHIN).toEqual(EVERYBODY);
    for (const call of listeners) expect(call.end).toBeNull();
    if (listeners[0]) await keysWork(listeners[0]);
  });
});

describe('nothing is left behind', () => {
  it('when a caller hangs up at any moment', async () => {
    await speaker();
    const staying = await listener('101');
    await staying.waitForTone(440, HEARD);
    const descriptors = await settledDescriptors(await relayPid(lab.node));
    for (let delayMs = 0; delayMs <= 120; delayMs += 5) {
      const call = lab.phones.dial('3000', { callerNumber: '102', send: silence() });
      call.answered.catch(() => {});
      await sleep(delayMs);
      await call.hangUp();
    }
    await expect.poll(() => parked(lab.node), WITHIN).toBe(1);
    await expect.poll(async () => openDescriptors(await relayPid(lab.node)), WITHIN).toBe(descriptors);
    await staying.waitForTone(440, HEARD);
    await lab.phones.hangUpAll();
    await lab.node.waitForMembers('3000', 0);
    const counted = () => lab.node.asterisk.cli('core show channels count');
    await expect.poll(counted, WITHIN).toContain('0 active channels');
  });

  it('in the relay when Asterisk dies', async () => {
    await lab.node.waitForMembers('3000', 0);
    const descriptors = await settledDescriptors(await relayPid(lab.node));
    await audience();
    const callCount = async () => JSON.parse((await lab.node.cli('nodes', '--json')).stdout)[0].traffic.calls?.calls;
    await expect.poll(callCount, WITHIN).toBeGreaterThan(0);
    await lab.node.asterisk.kill('SIGKILL');
    await lab.node.asterisk.stop();
    await lab.node.asterisk.start();
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', 0);
    await expect.poll(async () => openDescriptors(await relayPid(lab.node)), WITHIN).toBe(descriptors);
    await expect.poll(callCount, WITHIN).toBe(0);
    await lab.phones.hangUpAll();
    await speaker();
    const listening = await listener('101');
    await listening.waitForTone(440, HEARD);
  });
});
