import type { ChildProcess } from 'node:child_process';
import { freePort } from '../../../scripts/machine.ts';
import { MeshChannel } from '../../../src/events/mesh/channel.ts';
import { DEAD_AFTER_MS, type Ground, type NodeSettings, SECRET } from './ground.ts';
import { startNodeProcess } from './node-process.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { Witness } from './witness.ts';

/** @param isCuttable whether nodes reach each other through a proxy, which can be cut */
export async function meshGround(
  ids: readonly string[],
  isCuttable = false,
): Promise<Ground & { proxies: TcpProxy[] }> {
  const ports = new Map<string, { own: number; reached: number }>();
  const proxies: TcpProxy[] = [];
  for (const id of ids) {
    const own = await freePort('127.0.0.1');
    const reached = isCuttable ? await freePort('127.0.0.1') : own;
    ports.set(id, { own, reached });
    if (!isCuttable) continue;
    const proxy = new TcpProxy(own);
    await proxy.start(reached);
    proxies.push(proxy);
  }
  const peersOf = (own: string) =>
    [...ports]
      .filter(([id]) => id !== own)
      .map(([nodeId, { reached }]) => ({ nodeId, host: '127.0.0.1', port: reached }));
  const portOf = (id: string) => ports.get(id)?.own ?? 0;
  const witnesses: Witness[] = [];
  const children: ChildProcess[] = [];
  return {
    proxies,
    node(id: string, { secret = SECRET, revoked, maxMessageBytes }: NodeSettings = {}) {
      const options = {
        nodeId: id,
        listen: { host: '127.0.0.1', port: portOf(id) },
        peers: peersOf(id),
        secretFor: (peer: string) => (revoked?.has(peer) ? null : Buffer.from(secret)),
        pingIntervalMs: DEAD_AFTER_MS / 3,
        deadAfterMs: DEAD_AFTER_MS,
        maxMessageBytes,
      };
      const witness = new Witness(id, (deps) => new MeshChannel(options, deps));
      witnesses.push(witness);
      return witness;
    },
    async process(id) {
      const child = await startNodeProcess({ transport: 'mesh', id, port: portOf(id), peers: peersOf(id) });
      children.push(child);
      return { kill: () => child.kill('SIGKILL') };
    },
    async cut() {
      for (const proxy of proxies) proxy.cut();
    },
    async restore() {
      for (const proxy of proxies) proxy.restore();
    },
    async close() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(witnesses.map(({ channel }) => channel.stop()));
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    },
  };
}
