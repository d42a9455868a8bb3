import type { Message } from '../../cluster/messages.ts';
import { hostPort } from '../../config/host-port.ts';
import type { LoadedConfig } from '../../config/read-config.ts';
import type { EventChannel, EventChannelDeps } from '../../events/channel.ts';
import { MeshChannel } from '../../events/mesh/channel.ts';
import { NatsChannel } from '../../events/nats/channel.ts';

/** How the event channel of a node is opened; null for a node by itself. */
export function channelOpener({
  nodeId,
  secret,
  transport,
  listen,
  peers,
  nats,
}: LoadedConfig['cluster']): ((deps: EventChannelDeps<Message>) => EventChannel<Message>) | null {
  if (secret === null) return null;
  if (transport === 'nats') {
    const options = { ...nats, nodeId, secret };
    return (deps) => new NatsChannel(options, deps);
  }
  const options = { nodeId, listen: hostPort(listen), peers: peers.map(hostPort), secretFor: () => secret };
  return (deps) => new MeshChannel(options, deps);
}
