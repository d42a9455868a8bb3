import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const invitation = (id: string, status: string) => ({
  id,
  conference: '3000',
  target: id,
  status,
  reason: null,
  tries: 1,
  mostTries: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
});

it('rostrum invite --wait fails where the controller is restarted before everybody has answered', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rostrum-invite-cli-'));
  const socketPath = join(directory, 'api.sock');
  const answers = [
    [invitation('21', 'waiting'), invitation('22', 'waiting')],
    [invitation('21', 'answered'), invitation('22', 'calling')],
    [],
  ];
  const server = createServer((_request, response) => response.end(JSON.stringify(answers.shift()))).listen(socketPath);
  await once(server, 'listening');
  try {
    const words = ['invite', '3000', '21', '22', '--wait', '--socket', socketPath];
    const child = spawn(process.execPath, [MAIN, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close') as Promise<[number]>;
    const [stdout, [code]] = await Promise.all([text(child.stdout), closed]);
    expect(stdout.trim().split('\n')).toEqual([
      '21: answered, try 1 of 1',
      '22: calling, try 1 of 1',
      '22: failed (forgotten), try 1 of 1',
    ]);
    expect(code).toBe(1);
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});
