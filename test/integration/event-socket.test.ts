import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { EventSocket } from '../../src/ari/event-socket.ts';

it('a process that stood still between a ping and its answer keeps its event connection', async ({
  onTestFinished,
}) => {
  const asterisk = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => new Promise<void>((resolve) => asterisk.close(() => resolve())));
  await once(asterisk, 'listening');
  const { port } = asterisk.address() as AddressInfo;
  const accepted = once(asterisk, 'connection');
  let state = 'open';
  const login = { url: `http://127.0.0.1:${port}`, username: 'rostrum', password: 'x' };
  const handlers = {
    onEvent: () => {},
    onClose: () => {
      state = 'closed';
    },
  };
  const socket = await EventSocket.open(login, 'rostrum', handlers);
  onTestFinished(() => socket.close());
  const [peer] = await accepted;
  await once(peer, 'ping');
  // The answer is on its way, and waits in the socket as this process does nothing.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8000);
  let pings = 0;
  peer.on('ping', () => {
    pings += 1;
    if (pings === 2) state = 'in use';
  });
  await expect.poll(() => state).not.toBe('open');
  expect(state).toBe('in use');
});
