import { hostPort } from '../../config/cluster-config.ts';
import type { LoadedConfig } from '../../config/read-config.ts';
import type { ClusterDeps } from './cluster.ts';

/** How the event channel of a node is opened; null for a node by itself. Only what is used is loaded. */
export async function channelOpener(cluster: LoadedConfig['cluster']): Promise<ClusterDeps['openChannel']> {
  const { nodeId, secret, transport, listen, peers, nats } = cluster;
  if (secret === null) return null;
  if (transport === 'nats') {
    const { NatsChannel } = await import('../../events/nats/channel.ts');
    const options = { ...nats, nodeId, secret };
    return (deps) => new NatsChannel(options, deps);
  }
  const { MeshChannel } = await import('../../events/mesh/channel.ts');
  const options = { nodeId, listen: hostPort(listen), peers: peers.map(hostPort), secretFor: () => secret };
  return (deps) => new MeshChannel(options, deps);
}
