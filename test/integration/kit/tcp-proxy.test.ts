import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpProxy, type TcpProxyOptions } from '../../kit/impairment/tcp-proxy.ts';
import type { Endpoint } from '../../kit/loopback.ts';
import { waitUntil } from '../../kit/phone/wait.ts';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

/** A server that sends back what it gets, and ends when its client does. */
async function startEcho(): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return { address: '127.0.0.1', port: address !== null && typeof address === 'object' ? address.port : 0 };
}

async function startProxy(options: Partial<TcpProxyOptions> = {}): Promise<TcpProxy> {
  const proxy = new TcpProxy({ target: await startEcho(), ...options });
  await proxy.start();
  ends.push(() => proxy.stop());
  return proxy;
}

interface Client {
  readonly socket: Socket;
  text: string;
  error: string | null;
  /** Resolves when that much text has come in all. */
  got(length: number): Promise<string>;
}

async function connected(to: Endpoint): Promise<Client> {
  const socket = connect({ host: to.address, port: to.port, noDelay: true, allowHalfOpen: true });
  ends.push(() => socket.destroy());
  const client: Client = {
    socket,
    text: '',
    error: null,
    got: (length) =>
      waitUntil({ waitedFor: 'text', timeoutMs: 3000 }, () => (client.text.length >= length ? client.text : null)),
  };
  socket.setEncoding('utf8').on('data', (text: string) => {
    client.text += text;
  });
  await once(socket, 'connect');
  socket.on('error', (error: NodeJS.ErrnoException) => {
    client.error = error.code ?? 'unknown';
  });
  return client;
}

describe('the TCP proxy', () => {
  it('forwards both ways, with the end of the stream, and counts', async () => {
    const proxy = await startProxy();
    const client = await connected(proxy.address);
    const long = 'x'.repeat(3_000_000);
    client.socket.end(long);
    await once(client.socket, 'end');
    expect(client.text).toBe(long);
    await waitUntil({ waitedFor: 'the end', timeoutMs: 1000 }, () => (proxy.connections === 0 ? true : null));
    expect(proxy.counters()).toMatchObject({ accepted: 1, bytesToTarget: 3_000_000, bytesFromTarget: 3_000_000 });
  });

  it('delays each direction and keeps the order, also when the delay gets shorter', async () => {
    const proxy = await startProxy({ delayMs: 60 });
    const client = await connected(proxy.address);
    const startMs = performance.now();
    client.socket.write('slow ');
    await waitUntil({ waitedFor: 'the first half', timeoutMs: 1000 }, () => proxy.counters().bytesToTarget || null);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
    await client.got(5);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(119);
    expect(performance.now() - startMs).toBeLessThan(250);
    client.socket.write('first ');
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.setDelayMs(0);
    client.socket.write('second');
    expect(await client.got(17)).toBe('slow first second');
  });

  it('resets connections when it is cut, refuses new ones, and takes them again when it is healed', async () => {
    const proxy = await startProxy();
    const { port } = proxy.address;
    const client = await connected(proxy.address);
    client.socket.write('hello');
    await client.got(5);
    await proxy.cut();
    await waitUntil({ waitedFor: 'the reset', timeoutMs: 1000 }, () => client.error);
    expect(client.error).toBe('ECONNRESET');
    await expect(connected(proxy.address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.heal();
    expect(proxy.address.port).toBe(port);
    const again = await connected(proxy.address);
    again.socket.write('hello again');
    expect(await again.got(11)).toBe('hello again');
    expect(proxy.counters()).toMatchObject({ accepted: 2, cut: 1 });
  });

  it('is silent while it is stalled, and then delivers what was held up', async () => {
    const proxy = await startProxy();
    const client = await connected(proxy.address);
    client.socket.write('before ');
    await client.got(7);
    proxy.stall();
    client.socket.write('after');
    const late = await connected(proxy.address);
    late.socket.write('late');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([client.text, late.text, client.error]).toEqual(['before ', '', null]);
    await proxy.heal();
    expect(await client.got(12)).toBe('before after');
    expect(await late.got(4)).toBe('late');
  });

  it('ends a connection whose target is not there', async () => {
    const proxy = await startProxy();
    const gone = await startProxy();
    await gone.stop();
    proxy.retarget(gone.address);
    const client = await connected(proxy.address);
    await waitUntil({ waitedFor: 'the reset', timeoutMs: 1000 }, () => client.error);
    expect(proxy.counters()).toMatchObject({ accepted: 1, failed: 1 });
    expect(proxy.connections).toBe(0);
  });
});
