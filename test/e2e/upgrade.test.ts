import { chmod, readFile, writeFile } from 'node:fs/promises';
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

it('a mistake in a profile refuses an upgrade', async () => {
  const path = join(lab.node.directory, 'profiles', 'default.yaml');
  const profile = await readFile(path, 'utf8');
  await writeFile(path, `${profile}\nnonsense: 1\n`);
  expect(await lab.node.cli('upgrade')).toMatchObject({ code: 2, stderr: expect.stringContaining('default.yaml:') });
  await writeFile(path, profile);
});

it('mistakes in rostrum.yaml, a profile and a secret end no node: a process that is killed comes back as it was, and says so', async () => {
  const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const listening = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await listening.waitForTone(440, HEARD);
  const { members } = await lab.node.show('3000');
  const status = () => lab.node.api.get<StatusView>('/status');
  const kill = async () => {
    const { pid, relay } = await status();
    for (const each of [pid, relay.pid ?? 0]) process.kill(each, 'SIGKILL');
    await expect
      .poll(
        () =>
          status()
            .then((now) => now.pid)
            .catch(() => pid),
        WITHIN,
      )
      .not.toBe(pid);
    await lab.node.waitUntilConnected();
    await expect.poll(async () => (await status()).relay.pid, WITHIN).not.toBe(relay.pid);
    await expect.poll(async () => (await status()).relay.connected, WITHIN).toBe(true);
  };

  const paths = [lab.node.configPath, join(lab.node.directory, 'profiles', 'default.yaml')];
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const password = join(lab.node.directory, 'ari-password');
  for (const [index, path] of paths.entries()) await writeFile(path, `${texts[index]}\nnonsense: 1\n`);
  await chmod(password, 0o644);
  const problem = async () => (await status()).problems.map(({ detail }) => detail).join('\n');
  await expect.poll(problem, WITHIN).toMatch(/rostrum.yaml.*default.yaml/s);

  // The second time what was kept has itself been read from there.
  for (const time of ['once', 'twice']) {
    await kill();
    expect(await problem(), time).toMatch(/rostrum.yaml.*default.yaml/s);
    await expect.poll(async () => (await lab.node.show('3000')).members, WITHIN).toEqual(members);
    await listening.waitForTone(440, HEARD);
  }
  expect((await lab.node.cli('status')).stdout).toContain('2 warnings');
  const joining = await lab.phones.call('3000', { callerNumber: '102', send: silence() });
  await joining.waitForTone(440, HEARD);
  const log = await lab.node.log();
  for (const name of ['rostrum.yaml', 'default.yaml']) expect(log).toMatch(new RegExp(`${name}:\\d+:\\d+.*nonsense`));

  for (const [index, path] of paths.entries()) await writeFile(path, texts[index] ?? '');
  await chmod(password, 0o600);
  await expect.poll(problem, WITHIN).toMatch(/^the mistakes in rostrum.yaml or its secrets are corrected.*$/);
  await kill();
  expect((await status()).problems).toEqual([]);
  for (const call of [speaking, listening, joining]) expect(call.end).toBeNull();
});
