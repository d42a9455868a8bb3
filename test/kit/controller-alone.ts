import { createLogger } from 'winston';
import type { AriPort } from '../../src/ari/port.ts';
import type { Message } from '../../src/cluster/messages.ts';
import { SettingsBook } from '../../src/conference-table/settings-book.ts';
import type { Inviter } from '../../src/controller/calls/inviter.ts';
import { Cluster, type ClusterOptions } from '../../src/controller/cluster/cluster.ts';
import { Controller } from '../../src/controller/controller.ts';
import type { RelayLink } from '../../src/controller/relay/relay-link.ts';
import type { EventChannel, EventChannelDeps } from '../../src/events/channel.ts';
import { parseProfiles } from '../../src/profiles/profiles.ts';
import type { CallSpec } from '../../src/relay/protocol/protocol.ts';
import type { Speech } from '../../src/speech/speech.ts';
import { ROOM_FOR_ALL } from './room.ts';

export type ControllerAlone = { readonly controller: Controller; readonly cluster: Cluster };

export type ControllerAloneOptions = {
  readonly nodeId: string;
  /** The default profile, in YAML. */
  readonly profile: string;
  /** Null for a node without a cluster. */
  readonly openChannel: ((deps: EventChannelDeps<Message>) => EventChannel<Message>) | null;
  readonly cluster?: Partial<ClusterOptions>;
  /** Takes every request to Asterisk. */
  readonly ask: (method: string, ...args: unknown[]) => unknown;
  /** Takes what the relay is told. */
  readonly tell?: (method: string, ...args: unknown[]) => void;
};

/** A controller, and its part in a cluster, without Asterisk, relay and invitations. */
export function controllerAlone(options: ControllerAloneOptions): ControllerAlone {
  const { nodeId, openChannel, ask, tell = () => {} } = options;
  const nothing = () => {};
  const ari = new Proxy({} as AriPort, {
    get:
      (_, method: string) =>
      async (...args: unknown[]) =>
        ask(method, ...args),
  });
  const profiles = parseProfiles([
    { path: 'keys.yaml', name: 'default-keys', text: 'kind: controls\n' },
    { path: 'default.yaml', name: 'default', text: `kind: conference\n${options.profile}\n` },
  ]);
  if (Array.isArray(profiles)) throw new Error(JSON.stringify(profiles));
  const inviter = { handle: nothing, resync: nothing, cancelAll: nothing } as unknown as Inviter;
  const calls = new Map<string, CallSpec>();
  const link = {
    status: { connected: true, pid: 1, sockets: 'libc' },
    connected: async () => {},
    get calls() {
      return [...calls.keys()];
    },
    callOf: (channelId: string) => calls.get(channelId) ?? null,
    setCall: (call: CallSpec) => {
      calls.set(call.channelId, call);
      tell('setCall', call);
    },
    endCall: (channelId: string) => {
      if (calls.delete(channelId)) tell('endCall', channelId);
    },
    ready: () => tell('ready'),
    setFloor: (floor: unknown) => tell('setFloor', floor),
    expectMeter: nothing,
    endFloor: nothing,
  } as unknown as RelayLink;
  const relay = {
    foundPeers: [],
    setPeers: nothing,
    announceTo: nothing,
    installKey: nothing,
    keyAcknowledged: nothing,
  };
  const common = { logger: createLogger({ silent: true }), now: Date.now, wallNow: Date.now };
  const limits = { lifetimeMs: 15_000, capacity: null, placement: 'here-first' as const };
  const cluster = new Cluster(
    { nodeId, version: '1', ...limits, sip: null, trunk: null, ...options.cluster },
    { openChannel, relay, load: () => 0, problems: () => 0, ...common },
  );
  const controller = new Controller(
    { application: 'r', nodeId, waitMs: 20_000, anySource: false, recordings: '/nowhere' },
    {
      ari,
      room: ROOM_FOR_ALL,
      link,
      book: new SettingsBook(profiles),
      inviter,
      cluster,
      ...common,
      speech: {} as Speech,
      watch: nothing,
    },
  );
  return { controller, cluster };
}
