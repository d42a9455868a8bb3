import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PROFILES = fileURLToPath(new URL('../../profiles', import.meta.url));
/** A process that is silent for 10 s is killed; it is looked at each second, and another one has to start. */
const RESTARTED = { timeout: 16_000, interval: 50 };

type Process = 'relay' | 'controller';

/** A node that has started; its Asterisk does not answer. */
async function startNode({ onTestFinished }: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'rostrum-watchdog-'));
  const config = join(directory, 'rostrum.yaml');
  const api = { socket: join(directory, 'api.sock') };
  await writeFile(config, JSON.stringify({ api, profiles: PROFILES, asterisk: { url: 'http://127.0.0.1:1' } }));
  const node = spawn(process.execPath, [MAIN, 'start', '--config', config], {
    env: { ...process.env, ROSTRUM_ARI_PASSWORD: 'x', ROSTRUM_SOCKET: api.socket },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(async () => {
    const ended = once(node, 'exit');
    node.kill('SIGCONT');
    node.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true });
  });
  let log = '';
  node.stderr.on('data', (chunk) => {
    log += chunk;
  });
  /** The process that was started last, by the log. */
  const processOf = (name: Process): number => {
    const pids = [...log.matchAll(new RegExp(`${name} running, process (\\d+)`, 'g'))].map(([, pid]) => Number(pid));
    return pids.at(-1) ?? 0;
  };
  await expect.poll(() => [processOf('relay'), processOf('controller')]).not.toContain(0);
  // They have said that they are alive.
  await sleep(1500);
  return { pid: node.pid ?? 0, processOf, log: () => log };
}

function stateOf(pid: number): string | undefined {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}

describe.concurrent('a process that is stopped', () => {
  it.for(['controller', 'relay'] as const)('is killed after 10 s, and started again: the %s', async (name, test) => {
    const { processOf, log } = await startNode(test);
    const pid = processOf(name);
    process.kill(pid, 'SIGSTOP');
    await sleep(8000);
    expect(stateOf(pid)).toBe('T');
    await expect.poll(() => processOf(name), RESTARTED).not.toBe(pid);
    expect(log()).toContain(`${name} has not shown for 10 s that it is alive; killing it`);
  });

  it('is not killed where the whole machine stood still', async (test) => {
    const { pid, processOf, log } = await startNode(test);
    const pids = [pid, processOf('relay'), processOf('controller')];
    for (const each of pids) process.kill(each, 'SIGSTOP');
    await sleep(13_000);
    for (const each of pids) process.kill(each, 'SIGCONT');
    await sleep(3000);
    expect(log()).not.toContain('alive');
    expect([processOf('relay'), processOf('controller')]).toEqual(pids.slice(1));
  });
});
