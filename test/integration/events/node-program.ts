/** A node that does nothing but be there. Its first argument is its options as JSON. */
import { MeshChannel } from '../../../src/events/mesh/channel.ts';
import { NatsChannel } from '../../../src/events/nats/channel.ts';
import { type ProcessOptions, SECRET } from './ground.ts';
import { Witness } from './witness.ts';

const options = JSON.parse(process.argv[2] ?? '') as ProcessOptions;
const secret = Buffer.from(SECRET);
const witness = new Witness(options.id, (deps) => {
  if (options.transport === 'nats') {
    const servers = [`nats://127.0.0.1:${options.port}`];
    return new NatsChannel({ nodeId: options.id, cluster: 'test', servers, secret }, deps);
  }
  const { id, port, peers } = options;
  const hosts = peers.map((peer) => ({ ...peer, host: '127.0.0.1' }));
  const listen = { host: '127.0.0.1', port };
  return new MeshChannel({ nodeId: id, listen, peers: hosts, secretFor: () => secret }, deps);
});
await witness.channel.start();
process.stdout.write('running\n');
