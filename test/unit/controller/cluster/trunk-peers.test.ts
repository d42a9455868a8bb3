import { expect, it } from 'vitest';
import { Membership } from '../../../../src/cluster/membership.ts';
import type { Message, MessageOf } from '../../../../src/cluster/messages.ts';
import { TrunkPeers } from '../../../../src/controller/cluster/trunk-peers.ts';
import type { TrunkPeerSpec } from '../../../../src/relay/protocol/protocol.ts';

const ANNOUNCEMENT = { epoch: 7, key: Buffer.alloc(32, 1).toString('base64'), fromCounter: { high: 0, low: 9 } };
const GROUP = { group: '239.0.0.1', port: 7500 };

function peers(own: MessageOf<'hello'>['trunk'], found: TrunkPeerSpec[] = []) {
  const relay: unknown[][] = [];
  const sent: [string | null, Message][] = [];
  const ask =
    (method: string) =>
    (...args: unknown[]) =>
      void relay.push([method, ...args]);
  const trunkPeers = new TrunkPeers(
    { own },
    {
      relay: {
        foundPeers: found,
        setPeers: ask('setPeers'),
        announceTo: ask('announceTo'),
        installKey: ask('installKey'),
        keyAcknowledged: ask('keyAcknowledged'),
      },
      channel: {
        send: (to, message) => sent.push([to, message]) > 0,
        broadcast: (message) => sent.push([null, message]),
      },
    },
  );
  return { trunkPeers, relay, sent };
}

function nodeWith(nodes: Membership, id: string, trunk: MessageOf<'hello'>['trunk']) {
  nodes.up(id, 0).hello = { type: 'hello', version: '1', incarnation: 1, sip: null, trunk };
}

it('the relay is told of all nodes that have one and are not gone, and by which way it reaches them', () => {
  const { trunkPeers, relay } = peers({ host: '192.0.2.1', port: 7500, multicast: GROUP });
  const nodes = new Membership({ lifetimeMs: 1000 });
  nodeWith(nodes, 'oslo', { host: '192.0.2.2', port: 7500, multicast: GROUP });
  nodeWith(nodes, 'lyon', { host: '192.0.2.3', port: 7501, multicast: { ...GROUP, port: 1 } });
  nodeWith(nodes, 'rome', { host: '192.0.2.4', port: 7500, multicast: null });
  nodeWith(nodes, 'bern', null);
  nodeWith(nodes, 'kiev', { host: '192.0.2.5', port: 7500, multicast: null });
  nodes.down('kiev', 0);
  nodes.expire(1000);
  trunkPeers.changed(nodes.all.values());
  expect(relay).toEqual([
    [
      'setPeers',
      [
        { nodeId: 'oslo', address: { host: '192.0.2.2', port: 7500 }, multicast: true },
        { nodeId: 'lyon', address: { host: '192.0.2.3', port: 7501 }, multicast: false },
        { nodeId: 'rome', address: { host: '192.0.2.4', port: 7500 }, multicast: false },
      ],
    ],
  ]);
});

it('keys go from relay to relay, and back comes word that they have arrived', () => {
  const here = peers({ host: '192.0.2.1', port: 7500, multicast: null });
  here.trunkPeers.up('oslo');
  expect(here.relay).toEqual([['announceTo', 'oslo']]);
  here.trunkPeers.announce('oslo', ANNOUNCEMENT);
  here.trunkPeers.announce(null, ANNOUNCEMENT);
  const message = { type: 'media-key' as const, ...ANNOUNCEMENT };
  expect(here.sent).toEqual([
    ['oslo', message],
    [null, message],
  ]);

  const there = peers(null);
  there.trunkPeers.handleMessage('lyon', message);
  expect(there.relay).toEqual([['installKey', 'lyon', ANNOUNCEMENT]]);
  // Not before the relay takes packets under it.
  expect(there.sent).toEqual([]);
  there.trunkPeers.installed('lyon', 7);
  expect(there.sent).toEqual([['lyon', { type: 'media-key-ack', epoch: 7 }]]);
  here.trunkPeers.handleMessage('oslo', { type: 'media-key-ack', epoch: 7 });
  expect(here.relay.at(-1)).toEqual(['keyAcknowledged', 'oslo', 7]);
});

it('a relay that was started anew tells its keys to all nodes, and is told theirs', () => {
  const { trunkPeers, relay, sent } = peers(null);
  const nodes = new Membership({ lifetimeMs: 1000 });
  nodeWith(nodes, 'rome', null);
  trunkPeers.relayStarted(nodes.all.values());
  expect(relay).toEqual([['announceTo', 'rome']]);
  expect(sent).toEqual([[null, { type: 'want-media-key' }]]);
  trunkPeers.handleMessage('oslo', { type: 'want-media-key' });
  expect(relay.at(-1)).toEqual(['announceTo', 'oslo']);
});

it('a relay keeps the nodes that it knew until the controller, started anew, has met those that are still there', () => {
  const spec = (nodeId: string) => ({ nodeId, address: { host: '192.0.2.2', port: 7500 }, multicast: false });
  const { trunkPeers, relay } = peers(null, [spec('oslo'), spec('rome')]);
  const nodes = new Membership({ lifetimeMs: 1000 });
  nodeWith(nodes, 'oslo', { host: '192.0.2.9', port: 7500, multicast: null });
  trunkPeers.changed(nodes.all.values());
  const moved = { ...spec('oslo'), address: { host: '192.0.2.9', port: 7500 } };
  expect(relay.at(-1)).toEqual(['setPeers', [moved, spec('rome')]]);
  trunkPeers.settled(nodes.all.values());
  expect(relay.at(-1)).toEqual(['setPeers', [moved]]);
});
