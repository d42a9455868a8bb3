import { execFile, spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { StatusView } from '../../../src/api/schemas.ts';
import { dialEvenly } from '../../e2e/crowd-harness.ts';
import { openDescriptors } from '../../kit/descriptors.ts';
import { silence } from '../../kit/phone/sound.ts';
import type { Scene } from './scene.ts';

const execute = promisify(execFile);

export const VICTIMS = ['controller', 'relay', 'asterisk', 'nats', 'supervisor'] as const;
export type Victim = (typeof VICTIMS)[number];

/** What happens to a process. It is over when this resolves. */
type Fault = (scene: Scene, victim: Victim) => Promise<void>;

/** How long it lasts where something is missing or slow. */
const SPELL_MS = 10_000;
/** As a service manager waits before it starts something again. */
const SERVICE_RESTART_MS = 1000;
const CALLERS = 60;
const CALLERS_PER_SECOND = 10;
const WRITERS = 4;
const CHUNK_BYTES = 65_536;

export const FAULTS: Readonly<Record<string, Fault>> = {
  'kill -9': kill,
  'SIGSTOP 10 s': (scene, victim) => pause(scene, victim, 10_000),
  'SIGSTOP 60 s': (scene, victim) => pause(scene, victim, 60_000),
  'restart under load': restartUnderLoad,
  'no disk': noDisk,
  'no descriptors': (scene, victim) =>
    withoutResource(scene, victim, (pid) => ['--nofile', String(openDescriptors(pid))]),
  'no memory': (scene, victim) => withoutResource(scene, victim, async (pid) => ['--as', await addressSpace(pid)]),
  'slow disk': slowDisk,
};

async function pidOf({ node, cluster }: Scene, victim: Victim): Promise<number> {
  switch (victim) {
    case 'controller':
      return node.controllerPid();
    case 'relay':
      return (await node.api.get<StatusView>('/status')).relay.pid ?? 0;
    case 'asterisk':
      return node.asterisk.pid;
    case 'supervisor':
      return node.supervisorPid;
    case 'nats':
      return cluster?.nats.pid ?? 0;
  }
}

/** What a service manager does after the end of a process that nobody else starts again. */
async function startAgain({ node, cluster }: Scene, victim: Victim): Promise<void> {
  if (victim === 'controller' || victim === 'relay') return;
  await sleep(SERVICE_RESTART_MS);
  if (victim === 'asterisk') await node.asterisk.start();
  else if (victim === 'supervisor') await node.startRostrum();
  else await cluster?.nats.start();
}

async function kill(scene: Scene, victim: Victim): Promise<void> {
  if (victim === 'nats') await scene.cluster?.nats.kill();
  else process.kill(await pidOf(scene, victim), 'SIGKILL');
  await startAgain(scene, victim);
}

async function pause(scene: Scene, victim: Victim, durationMs: number): Promise<void> {
  const pid = await pidOf(scene, victim);
  process.kill(pid, 'SIGSTOP');
  await sleep(durationMs);
  // It may have been killed meanwhile because it was silent.
  if (isAlive(pid)) process.kill(pid, 'SIGCONT');
}

async function restartUnderLoad(scene: Scene, victim: Victim): Promise<void> {
  const { phones, node, cluster } = scene;
  const calling = dialEvenly(CALLERS, CALLERS_PER_SECOND, (index) =>
    phones.dial('3000', { callerNumber: String(1000 + index), send: silence(), keepAudio: false }),
  );
  await sleep(2000);
  if (victim === 'supervisor') {
    await node.stopRostrum();
    await node.startRostrum();
  } else if (victim === 'asterisk') {
    await node.asterisk.stop();
    await node.asterisk.start();
  } else if (victim === 'nats') {
    await cluster?.nats.kill();
    await cluster?.nats.start();
  } else process.kill(await pidOf(scene, victim), 'SIGTERM');
  await calling;
}

/** Nothing can be written while the process is killed and has to start. The directory of the node must be on a small disk. */
async function noDisk(scene: Scene, victim: Victim): Promise<void> {
  const path = join(scene.node.directory, 'filler');
  const file = await open(path, 'w');
  try {
    for (let bytes = CHUNK_BYTES; bytes >= 1; ) {
      await file.write(Buffer.alloc(bytes)).catch(() => {
        bytes = Math.floor(bytes / 2);
      });
    }
    await kill(scene, victim);
    await sleep(SPELL_MS);
  } finally {
    await file.close();
    await rm(path);
  }
}

/** The disk is busy with writers that wait for it, while the process is killed and has to start. */
async function slowDisk(scene: Scene, victim: Victim): Promise<void> {
  const writers = Array.from({ length: WRITERS }, (_, index) => {
    const path = join(scene.node.directory, `writer-${index}`);
    const words = ['if=/dev/zero', `of=${path}`, 'bs=1M', 'count=64', 'oflag=dsync', 'conv=notrunc'];
    return {
      path,
      child: spawn('sh', ['-c', `while :; do dd ${words.join(' ')}; done`], {
        stdio: 'ignore',
        detached: true,
      }),
    };
  });
  try {
    await kill(scene, victim);
    await sleep(SPELL_MS);
  } finally {
    for (const { path, child } of writers) {
      process.kill(-(child.pid as number), 'SIGKILL');
      await rm(path, { force: true });
    }
  }
}

/** The process gets no more of something than it has, while callers come; then it is as before. */
async function withoutResource(
  scene: Scene,
  victim: Victim,
  limit: (pid: number) => readonly [string, string] | string[] | Promise<string[]>,
): Promise<void> {
  const pid = await pidOf(scene, victim);
  const [resource = '', most = ''] = await limit(pid);
  const { stdout } = await execute('prlimit', [
    '--pid',
    String(pid),
    resource,
    '--noheadings',
    '--output',
    'SOFT,HARD',
  ]);
  const [soft = '', hard = ''] = stdout.trim().split(/\s+/);
  await execute('prlimit', ['--pid', String(pid), `${resource}=${most}:${hard}`]);
  await dialEvenly(CALLERS / 6, CALLERS_PER_SECOND, (index) =>
    scene.phones.dial('3000', { callerNumber: String(1000 + index), send: silence(), keepAudio: false }),
  );
  await sleep(SPELL_MS);
  if (isAlive(pid)) await execute('prlimit', ['--pid', String(pid), `${resource}=${soft}:${hard}`]);
  // Asterisk and NATS are started again by a service manager, as the supervisor is.
  else await startAgain(scene, victim);
}

async function addressSpace(pid: number): Promise<string> {
  const [pages = '0'] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ');
  return String(Number(pages) * 4096);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
