import { createLogger } from 'winston';
import type { AriEvent } from '../../../src/ari/messages.ts';
import type { AriBridge, AriChannel, AriPort } from '../../../src/ari/port.ts';
import { Cluster } from '../../../src/controller/cluster.ts';
import { Controller } from '../../../src/controller/controller.ts';
import type { Inviter } from '../../../src/controller/inviter.ts';
import type { RelayLink } from '../../../src/controller/relay-link.ts';
import { parseProfiles } from '../../../src/profiles/profiles.ts';
import type { Speech } from '../../../src/speech/speech.ts';

const SILENT = 'sound: { prompts: { welcome: none, alone: none }, music: none }';

type Request = (...args: unknown[]) => unknown;

/** A controller of a node on its own, with an Asterisk that does everything at once but what a test says. */
export class AsteriskStandIn {
  readonly controller: Controller;
  /** What was asked of Asterisk and told to the relay, in order. */
  readonly requests: { method: string; args: unknown[] }[] = [];
  /** What Asterisk has. */
  channels: AriChannel[] = [];
  bridges: AriBridge[] = [];
  /** Variables of channels, by channel and name. */
  readonly variables = new Map<string, string>();
  /** How Asterisk answers other than by doing it. */
  readonly answers = new Map<string, Request>([
    ['listChannels', () => [...this.channels]],
    ['listBridges', () => [...this.bridges]],
    ['getVariable', (channelId, name) => this.variables.get(`${channelId} ${name}`) ?? null],
    ['setVariable', (channelId, name, value) => void this.variables.set(`${channelId} ${name}`, String(value))],
    ['getGlobalVariable', () => null],
  ]);

  constructor(profile = SILENT) {
    const note = (method: string, args: unknown[]) => void this.requests.push({ method, args });
    const request =
      (method: string) =>
      async (...args: unknown[]) => {
        note(method, args);
        return this.answers.get(method)?.(...args);
      };
    const ari = new Proxy({} as AriPort, { get: (_, method: string) => request(method) });
    const profiles = parseProfiles([
      { path: 'keys.yaml', name: 'default-keys', text: 'kind: controls\n' },
      { path: 'default.yaml', name: 'default', text: `kind: conference\n${profile}\n` },
    ]);
    if (Array.isArray(profiles)) throw new Error(JSON.stringify(profiles));
    const nothing = () => {};
    const inviter = { handle: nothing, resync: nothing, cancelAll: nothing } as unknown as Inviter;
    const link = {
      ready: () => note('ready', []),
      setFloor: (floor: unknown) => note('setFloor', [floor]),
      endFloor: nothing,
    } as unknown as RelayLink;
    const relay = {
      foundPeers: [],
      setPeers: nothing,
      announceTo: nothing,
      installKey: nothing,
      keyAcknowledged: nothing,
    };
    const limits = { lifetimeMs: 15_000, capacity: null, placement: 'here-first' as const };
    const alone = { nodeId: 'a', version: '1', ...limits, sip: null, trunk: null };
    const logger = createLogger({ silent: true });
    const cluster = new Cluster(alone, { openChannel: null, relay, logger, now: Date.now, load: () => 0 });
    const deps = { ari, link, profiles, cluster, logger, speech: {} as Speech, inviter, now: Date.now, watch: nothing };
    this.controller = new Controller({ application: 'r', nodeId: 'a' }, deps);
  }

  /** A call comes: Asterisk has it from now on, and tells of it. */
  call(id: string): void {
    const channel = channelOf(id, ['join', '3000', 'default']);
    this.channels.push(channel);
    this.controller.handle({ type: 'StasisStart', args: ['join', '3000', 'default'], channel });
  }

  /** A call ends. */
  hangUp(id: string): void {
    this.channels = this.channels.filter((channel) => channel.id !== id);
    const event: AriEvent = { type: 'ChannelDestroyed', channel: channelOf(id, []), cause: 16 };
    this.controller.handle(event);
  }

  /** Channels of the members of conference 3000. */
  get members(): string[] {
    return [...(this.controller.conferences.get('3000')?.members.keys() ?? [])];
  }

  times(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }
}

export function channelOf(id: string, args: readonly string[]): AriChannel {
  const stasis = { application: 'r', args };
  return {
    id,
    name: `PJSIP/${id}`,
    caller: { number: '1', name: '' },
    language: 'en',
    context: 'c',
    dialled: null,
    stasis,
  };
}
