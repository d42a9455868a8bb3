import type { ChildProcess } from 'node:child_process';
import { freePort } from '../../../scripts/machine.ts';
import { NatsChannel } from '../../../src/events/nats/channel.ts';
import { NatsServer } from '../../kit/nats-server.ts';
import { DEAD_AFTER_MS, type Ground, type NodeSettings, SECRET } from './ground.ts';
import { startNodeProcess } from './node-process.ts';
import { Witness } from './witness.ts';

export async function natsGround(): Promise<Ground & { server: NatsServer }> {
  const server = new NatsServer(await freePort('127.0.0.1'));
  await server.start();
  const witnesses: Witness[] = [];
  const children: ChildProcess[] = [];
  return {
    server,
    node(id: string, { secret = SECRET, revoked, maxMessageBytes }: NodeSettings = {}) {
      const options = {
        nodeId: id,
        cluster: 'test',
        servers: [server.url],
        secret: Buffer.from(secret),
        isRevoked: (peer: string) => revoked?.has(peer) ?? false,
        heartbeatMs: DEAD_AFTER_MS / 5,
        deadAfterMs: DEAD_AFTER_MS,
        maxMessageBytes,
      };
      const witness = new Witness(id, (deps) => new NatsChannel(options, deps));
      witnesses.push(witness);
      return witness;
    },
    async process(id) {
      const child = await startNodeProcess({ transport: 'nats', id, port: server.port });
      children.push(child);
      return { kill: () => child.kill('SIGKILL') };
    },
    cut: () => server.kill(),
    restore: () => server.start(),
    async close() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(witnesses.map(({ channel }) => channel.stop()));
      await server.kill();
    },
  };
}
