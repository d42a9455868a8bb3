import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { countOpenFiles, readFileLimits } from '../../src/process/open-files.ts';
import { findServer } from '../../src/process/server-process.ts';

const NAME = 'testserver';
const SERVE = `require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;

const started: ChildProcess[] = [];
const directories: string[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

/** A server in a process of its own. @returns its URL and process */
async function serve(program: string): Promise<{ url: string; pid: number }> {
  const child = spawn(program, ['-e', SERVE], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${port.toString().trim()}`, pid: child.pid ?? 0 };
}

/** Node.js under another name. */
async function namedProgram(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rostrum-server-'));
  directories.push(directory);
  await copyFile(process.execPath, join(directory, NAME));
  return join(directory, NAME);
}

/** What a user finds who may not look into the process. */
async function asAnotherUser(url: string): Promise<unknown> {
  const module = new URL('../../dist/process/server-process.js', import.meta.url);
  const script = `import(${JSON.stringify(module.href)}).then(({ findServer }) => findServer(${JSON.stringify({ url, name: NAME })})).then(console.log)`;
  const child = spawn('setpriv', ['--reuid', '65534', '--clear-groups', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text);
}

it('the process that has the socket of a server is found, whatever its name', async () => {
  const { url, pid } = await serve(process.execPath);
  expect(await findServer({ url, name: NAME })).toBe(pid);
  const own = createServer().listen(0, '127.0.0.1');
  await once(own, 'listening');
  const { port } = own.address() as AddressInfo;
  expect(await findServer({ url: `http://127.0.0.1:${port}`, name: NAME })).toBe(process.pid);
  own.close();
  await once(own, 'close');
  expect(await findServer({ url: `http://127.0.0.1:${port}`, name: NAME })).toBeNull();
});

it.skipIf(process.getuid?.() !== 0)('another user finds it by its name, if that is unmistakable', async () => {
  const program = await namedProgram();
  const { url, pid } = await serve(program);
  expect(await asAnotherUser(url)).toBe(pid);
  await serve(program);
  expect(await asAnotherUser(url)).toBeNull();
});

it('the files of a process are counted, and its limit is read', async () => {
  const before = await countOpenFiles(process.pid);
  const own = createServer().listen(0, '127.0.0.1');
  await once(own, 'listening');
  expect(await countOpenFiles(process.pid)).toBe((before ?? 0) + 1);
  own.close();
  await once(own, 'close');
  expect((await readFileLimits(process.pid))?.soft).toBe((await readFileLimits('self'))?.soft);
  expect(await readFileLimits(0)).toBeNull();
  expect(await countOpenFiles(0)).toBeNull();
});
