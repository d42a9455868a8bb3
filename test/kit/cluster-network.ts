import { createSocket, type Socket } from 'node:dgram';
import { TcpProxy } from './impairment/tcp-proxy.ts';
import type { Endpoint } from './loopback.ts';
import { boundSocket } from './sip/udp.ts';

/** Where a node takes connections of controllers and packets of relays. */
export type NodePlaces = { readonly listen: Endpoint; readonly trunk: Endpoint };

/** What is between the nodes of a cluster. It can be split into two groups, which then do not reach each other. */
export class ClusterNetwork {
  readonly #nodes: ReadonlyMap<string, NodePlaces>;
  /** By who dials and who is dialled. */
  readonly #proxies = new Map<string, Map<string, TcpProxy>>();
  /** By who is sent to. */
  readonly #gates = new Map<string, Socket>();
  #group: ReadonlySet<string> = new Set();
  /** Packets of relays that a split has held back. */
  heldBack = 0;

  constructor(nodes: ReadonlyMap<string, NodePlaces>) {
    this.#nodes = nodes;
  }

  async start(): Promise<void> {
    for (const from of this.#nodes.keys()) {
      const proxies = new Map<string, TcpProxy>();
      this.#proxies.set(from, proxies);
      for (const [to, { listen }] of this.#nodes) {
        if (to === from) continue;
        const proxy = new TcpProxy({ target: listen });
        await proxy.start();
        proxies.set(to, proxy);
      }
    }
    for (const [to, { trunk }] of this.#nodes) this.#gates.set(to, await this.#gate(to, trunk));
  }

  /** Where the controller of a node finds the others. */
  peersOf(from: string): string[] {
    return [...(this.#proxies.get(from)?.values() ?? [])].map(({ address }) => textOf(address));
  }

  /** Where the relays of the others find that of a node. */
  trunkAddressOf(to: string): string {
    const gate = this.#gates.get(to);
    if (!gate) throw new Error(`no node ${to}`);
    return textOf(gate.address());
  }

  /** Nothing passes between the nodes of the group and the others any more; connections are not told so. */
  split(group: readonly string[]): void {
    this.#group = new Set(group);
    for (const [from, proxies] of this.#proxies) {
      for (const [to, proxy] of proxies) if (this.#isCut(from, to)) proxy.stall();
    }
  }

  async heal(): Promise<void> {
    this.#group = new Set();
    for (const proxies of this.#proxies.values()) for (const proxy of proxies.values()) await proxy.heal();
  }

  async stop(): Promise<void> {
    for (const gate of this.#gates.values()) gate.close();
    this.#gates.clear();
    for (const proxies of this.#proxies.values()) for (const proxy of proxies.values()) await proxy.stop();
  }

  #isCut(from: string, to: string): boolean {
    return this.#group.has(from) !== this.#group.has(to);
  }

  /** A relay sends from where it receives: that tells who it is. */
  async #gate(to: string, target: Endpoint): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', lookup: (address, _, done) => done(null, address, 4) });
    const nameOf = new Map([...this.#nodes].map(([name, { trunk }]) => [textOf(trunk), name]));
    socket.on('message', (packet, from) => {
      const name = nameOf.get(textOf(from));
      if (name === undefined || this.#isCut(name, to)) this.heldBack++;
      else socket.send(packet, target.port, target.address, () => {});
    });
    await boundSocket(socket, { address: '127.0.0.1', port: 0 });
    return socket;
  }
}

function textOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}
