import { appendFile, chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StatusView } from '../../src/api/schemas.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { HEARD } from './audience-harness.ts';
import { harness } from './harness.ts';

/** `rostrum start` is killed and started again while its files have mistakes. */

const lab = harness();

const WITHIN = { timeout: 10_000, interval: 50 };
const MISTAKE = '\nnonsense: 1\n';

const profilePath = () => join(lab.node.directory, 'profiles', 'default.yaml');
const passwordPath = () => join(lab.node.directory, 'ari-password');
const problem = async () => {
  const { problems } = await lab.node.api.get<StatusView>('/status');
  return problems.map(({ detail }) => detail).join('\n');
};
const keptFiles = async () => (await readdir(lab.node.directory)).filter((name) => name.startsWith('kept-'));

/** As the service manager does when it has died. */
async function killAndStart(): Promise<void> {
  process.kill(lab.node.supervisorPid, 'SIGKILL');
  // Its processes end too.
  await expect
    .poll(
      () =>
        lab.node.api.get('/status').then(
          () => true,
          () => false,
        ),
      WITHIN,
    )
    .toBe(false);
  await lab.node.launchRostrum();
}

it('ends no node that has calls: the last good files count, it says so, and takes them once they are corrected', async () => {
  const config = await readFile(lab.node.configPath, 'utf8');
  const profile = await readFile(profilePath(), 'utf8');
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await lab.phones.call('4000', { callerNumber: '200', send: tone(450, -20) });
  await listener.waitForTone(450, HEARD);
  await appendFile(lab.node.configPath, MISTAKE);
  await appendFile(profilePath(), MISTAKE);
  await killAndStart();

  await lab.node.waitForMembers('3000', 2);
  await listener.waitForTone(450, HEARD);
  const { stdout } = await lab.node.cli('status');
  expect(stdout).toContain('WARNING rostrum.yaml: the former content counts until this is corrected:');
  expect(stdout).toMatch(/rostrum\.yaml:\d+:\d+: .*nonsense/);
  expect(stdout).toMatch(/default\.yaml:\d+:\d+: .*nonsense/);
  expect(await lab.node.log()).toContain(
    'the configuration has mistakes; it counts as it was until they are corrected',
  );

  // A second time, from what was kept by a process that has had it kept for it.
  await chmod(passwordPath(), 0o644);
  await killAndStart();
  await listener.waitForTone(450, HEARD);

  await writeFile(profilePath(), profile);
  await expect.poll(problem, WITHIN).not.toContain('default.yaml');
  await writeFile(lab.node.configPath, config);
  await chmod(passwordPath(), 0o600);
  await expect.poll(problem, WITHIN).toContain('the new content counts once this process starts again');
  process.kill(await lab.node.controllerPid(), 'SIGKILL');
  await expect.poll(() => problem().catch(() => 'away'), WITHIN).toBe('');
  await listener.waitForTone(450, HEARD);
});

it('keeps nothing where it was stopped: then mistakes end the next start with status 2', async () => {
  const config = await readFile(lab.node.configPath, 'utf8');
  expect(await keptFiles()).toHaveLength(1);
  await lab.node.stopRostrum();
  expect(await keptFiles()).toEqual([]);
  await appendFile(lab.node.configPath, MISTAKE);
  const { code, stderr } = await lab.node.cli('start', '--config', lab.node.configPath);
  expect(code).toBe(2);
  expect(stderr).toContain('nonsense');
  await writeFile(lab.node.configPath, config);
  await lab.node.launchRostrum();
});
