import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/machine.ts';
import { RouteServer } from '../../src/api/route-server.ts';
import type { Route } from '../../src/cluster/route.ts';

const HOST = '127.0.0.1';
const OSLO: Route = { node: 'oslo', sip: 'sip:192.0.2.2:5060', reason: 'full' };

let servers: RouteServer[] = [];

async function serve(port: number, route: Route = OSLO): Promise<void> {
  const server = new RouteServer({ listen: { host: HOST, port } }, { cluster: { routeOf: () => route } });
  servers.push(server);
  await server.start();
}

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

describe('the server of routes', () => {
  it('answers where a caller goes, or that no node takes the caller', async () => {
    const [one, other] = [await freePort(HOST), await freePort(HOST)];
    await serve(one);
    await serve(other, { node: null, sip: null, reason: 'no-room' });
    const answer = await fetch(`http://${HOST}:${one}/route?conference=3000`);
    expect(await answer.json()).toEqual({ conference: '3000', ...OSLO });
    expect((await fetch(`http://${HOST}:${other}/route?conference=3000`)).status).toBe(503);
  });

  it('serves nothing else, and takes no large requests', async () => {
    const port = await freePort(HOST);
    await serve(port);
    const get = (path: string, init?: RequestInit) => fetch(`http://${HOST}:${port}${path}`, init);
    for (const path of ['/', '/v1/status', '/nodes', '/route/']) expect((await get(path)).status).toBe(404);
    const body = 'x'.repeat(10_000);
    expect((await get('/route?conference=1', { method: 'POST', body })).status).toBeGreaterThanOrEqual(400);
    expect((await get(`/route?conference=${'1'.repeat(1000)}`)).status).toBe(400);
  });

  it('answers while programs that only connect take all connections, of which the oldest are closed', async () => {
    const port = await freePort(HOST);
    await serve(port);
    const sockets = Array.from({ length: 110 }, () => connect(port, HOST).on('error', () => {}));
    const closed = () => sockets.filter(({ destroyed }) => destroyed).length;
    await expect.poll(closed, { timeout: 3000 }).toBe(11);
    expect(sockets.slice(0, 11).every(({ destroyed }) => destroyed)).toBe(true);
    for (let times = 0; times < 3; times += 1) {
      expect((await fetch(`http://${HOST}:${port}/route?conference=1`)).status).toBe(200);
    }
    for (const socket of sockets) socket.destroy();
  });

  it('says so when it cannot listen', async () => {
    const port = await freePort(HOST);
    await serve(port);
    await expect(serve(port)).rejects.toMatchObject({ code: 'address-unusable' });
  });
});
