import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatusView } from '../../src/api/schemas.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { callersAtRelay, HEARD, listen } from './audience-harness.ts';
import { harness } from './harness.ts';

const lab = harness({ profile: { idleSeconds: 1 } });

const WITHIN = { timeout: 20_000, interval: 20 };
const LISTENERS = ['101', '102', '103'];

it('rostrum upgrade replaces relay and controller, and no caller notices', async () => {
  const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const listeners = await Promise.all(
    LISTENERS.map((callerNumber) => lab.phones.call('3000', { callerNumber, send: silence() })),
  );
  await expect.poll(async () => (await callersAtRelay(lab.node)).length, WITHIN).toBe(LISTENERS.length + 1);
  await Promise.all(listeners.map((call) => call.waitForTone(440, HEARD)));
  await listen(200);
  const { members } = await lab.node.show('3000');
  for (const call of [speaking, ...listeners]) call.resetStats();

  const { stdout } = await lab.node.cli('upgrade', '--json');
  const { before, after } = JSON.parse(stdout) as { before: StatusView; after: StatusView };
  expect(after.pid).not.toBe(before.pid);
  expect(after.relay.pid).not.toBe(before.relay.pid);

  await expect.poll(async () => (await lab.node.show('3000')).members, WITHIN).toEqual(members);
  await listen(500);
  for (const call of listeners) {
    expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
    await call.waitForToneLevel(440, -20);
  }
  const [first] = listeners;
  const volume = async () => (await lab.node.member('3000', '101')).listenVolume;
  const quieter = await volume();
  await first?.pressKeys('6');
  await expect.poll(volume, WITHIN).toBe(quieter + 1);
});

it('a mistake in a profile refuses an upgrade, and no call ends over it where the controller dies', async () => {
  const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const listening = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await listening.waitForTone(440, HEARD);
  const path = join(lab.node.directory, 'profiles', 'default.yaml');
  const profile = await readFile(path, 'utf8');
  await writeFile(path, `${profile}\nnonsense: 1\n`);
  expect(await lab.node.cli('upgrade')).toMatchObject({ code: 2, stderr: expect.stringContaining('default.yaml:') });

  const { pid } = await lab.node.api.get<StatusView>('/status');
  listening.resetStats();
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => lab.node.log(), WITHIN).toContain('controller died (status 2)');
  await listening.waitForToneLevel(440, -20);
  expect(listening.stats()).toMatchObject({ lost: 0, streams: 1 });

  await writeFile(path, profile);
  const members = async () => (await lab.node.show('3000').catch(() => ({ members: [] }))).members;
  await expect.poll(async () => (await members()).length, WITHIN).toBe(2);
  for (const call of [speaking, listening]) expect(call.end).toBeNull();
});
