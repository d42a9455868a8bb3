import { randomBytes } from 'node:crypto';
import { freePort } from '../../../scripts/machine.ts';
import type { Message } from '../../../src/cluster/messages.ts';
import type { Conference } from '../../../src/conference/model/conference.ts';
import type { Cluster } from '../../../src/controller/cluster/cluster.ts';
import type { Controller } from '../../../src/controller/controller.ts';
import type { EventChannel, EventChannelDeps } from '../../../src/events/channel.ts';
import { MeshChannel } from '../../../src/events/mesh/channel.ts';
import { NatsChannel } from '../../../src/events/nats/channel.ts';
import { controllerAlone } from '../../kit/controller-alone.ts';
import { TcpProxy } from '../../kit/impairment/tcp-proxy.ts';
import { natsGround } from '../events/nats-ground.ts';

/** Whole controllers in one process, without Asterisk, over real sockets. */

const HOST = '127.0.0.1';
const SILENT = 'sound: { prompts: { welcome: none, alone: none, kicked: none, joined: none }, music: none }';

type Open = (deps: EventChannelDeps<Message>) => EventChannel<Message>;

/** What the nodes meet over. */
export type Meeting = {
  /** By name of the node. */
  readonly open: (id: string) => Open;
  /** No one reaches this node, and it reaches nobody. */
  readonly cut: (id: string) => Promise<void>;
  readonly heal: (id: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Every node reaches every other one through a proxy of the latter's own, and one node's are cut together. */
export async function meshMeeting(ids: readonly string[]): Promise<Meeting> {
  const secret = randomBytes(32);
  const listens = new Map<string, number>();
  const ways = new Map<string, TcpProxy>();
  const way = (from: string, to: string) => ways.get(`${from} ${to}`) as TcpProxy;
  for (const to of ids) {
    const port = await freePort(HOST);
    listens.set(to, port);
    for (const from of ids) {
      if (from === to) continue;
      const proxy = new TcpProxy({ target: { address: HOST, port } });
      await proxy.start();
      ways.set(`${from} ${to}`, proxy);
    }
  }
  const of = (id: string) => [...ways].filter(([key]) => key.split(' ').includes(id)).map(([, proxy]) => proxy);
  return {
    open: (nodeId) => {
      const peers = ids
        .filter((id) => id !== nodeId)
        .map((id) => ({ nodeId: id, host: HOST, port: way(nodeId, id).address.port }));
      const listen = { host: HOST, port: listens.get(nodeId) ?? 0 };
      return (deps) => new MeshChannel({ nodeId, listen, peers, secretFor: () => secret }, deps);
    },
    cut: async (id) => void (await Promise.all(of(id).map((proxy) => proxy.cut()))),
    heal: async (id) => void (await Promise.all(of(id).map((proxy) => proxy.heal()))),
    close: async () => void (await Promise.all([...ways.values()].map((proxy) => proxy.stop()))),
  };
}

/** Every node reaches a real NATS server through a proxy of its own. */
export async function natsMeeting(ids: readonly string[]): Promise<Meeting> {
  const secret = randomBytes(32);
  const ground = await natsGround();
  const ways = new Map<string, TcpProxy>();
  for (const id of ids) {
    const proxy = new TcpProxy({ target: { address: HOST, port: ground.server.port } });
    await proxy.start();
    ways.set(id, proxy);
  }
  return {
    open: (nodeId) => {
      const servers = [`nats://${HOST}:${ways.get(nodeId)?.address.port}`];
      return (deps) => new NatsChannel({ nodeId, cluster: 'test', servers, secret }, deps);
    },
    cut: async (id) => ways.get(id)?.cut(),
    heal: async (id) => ways.get(id)?.heal(),
    close: async () => {
      await Promise.all([...ways.values()].map((proxy) => proxy.stop()));
      await ground.close();
    },
  };
}

/** A node whose Asterisk does everything that it is asked. */
export class Shell {
  readonly id: string;
  readonly cluster: Cluster;
  readonly controller: Controller;
  #calls = 0;

  constructor(id: string, openChannel: Open) {
    this.id = id;
    const ask = (method: string) => (method.startsWith('list') ? [] : null);
    const alone = controllerAlone({ nodeId: id, profile: SILENT, openChannel, ask });
    this.controller = alone.controller;
    this.cluster = alone.cluster;
  }

  async start(): Promise<void> {
    await this.cluster.start();
    await this.controller.resync();
  }

  async stop(): Promise<void> {
    this.controller.stop();
    await this.cluster.stop();
  }

  /** @returns the channel's id */
  call(conference: string, ...flags: string[]): string {
    const id = `${this.id}-${++this.#calls}`;
    const channel = this.#channel(id);
    this.controller.handle({ type: 'StasisStart', args: ['join', conference, 'default', ...flags], channel });
    return id;
  }

  hangUp(id: string): void {
    this.controller.handle({ type: 'ChannelDestroyed', channel: this.#channel(id), cause: 16 });
  }

  talk(id: string, talking: boolean): void {
    const type = talking ? 'ChannelTalkingStarted' : 'ChannelTalkingFinished';
    this.controller.handle({ type, channel: this.#channel(id) });
  }

  conference(name: string): Conference {
    const conference = this.controller.conferences.get(name);
    if (!conference) throw new Error(`no conference ${name} on ${this.id}`);
    return conference;
  }

  /** A conference's part on another node, as this one knows it. */
  replicaOf(node: string, name: string): Conference | undefined {
    return this.cluster.remoteConferences(name).find((part) => part.node === node)?.conference;
  }

  #channel(id: string) {
    const caller = { number: id, name: '' };
    return { id, name: `PJSIP/${id}`, caller, language: 'en', context: 'c', dialled: null, stasis: null };
  }
}
