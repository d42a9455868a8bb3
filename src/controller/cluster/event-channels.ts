import { hostPort } from '../../config/cluster-config.ts';
import type { LoadedConfig } from '../../config/read-config.ts';
import { MeshChannel } from '../../events/mesh/channel.ts';
import { NatsChannel } from '../../events/nats/channel.ts';
import type { ClusterDeps } from './cluster.ts';

/** How the event channel of a node is opened; null for a node by itself. */
export function channelOpener(cluster: LoadedConfig['cluster']): ClusterDeps['openChannel'] {
  const { nodeId, secret, transport, listen, peers, nats } = cluster;
  if (secret === null) return null;
  if (transport === 'nats') {
    const options = { ...nats, nodeId, secret };
    return (deps) => new NatsChannel(options, deps);
  }
  const options = { nodeId, listen: hostPort(listen), peers: peers.map(hostPort), secretFor: () => secret };
  return (deps) => new MeshChannel(options, deps);
}
