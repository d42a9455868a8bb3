import type { Endpoint } from '../loopback.ts';
import { ImpairmentError } from './errors.ts';
import type { Impairment } from './impairment.ts';
import type { UdpLink } from './udp-link.ts';
import type { ImpairmentProxy } from './udp-proxy.ts';

/** One link between each two of several nodes. */
export class ImpairedMesh {
  /** By the two names, in the order in which the nodes were given. */
  readonly #links: ReadonlyMap<string, ReadonlyMap<string, UdpLink>>;

  constructor(links: ReadonlyMap<string, ReadonlyMap<string, UdpLink>>) {
    this.#links = links;
  }

  /**
   * Where `from` finds `to`.
   *
   * @throws ImpairmentError `no-such-link`
   */
  address(from: string, to: string): Endpoint {
    return this.#links.get(from)?.get(to)?.bSeenByA ?? this.link(from, to).aSeenByB;
  }

  /**
   * The link between two nodes; its a is the one that was given first to `meshOf`.
   *
   * @throws ImpairmentError `no-such-link`
   */
  link(one: string, other: string): UdpLink {
    const link = this.#links.get(one)?.get(other) ?? this.#links.get(other)?.get(one);
    if (link === undefined) throw new ImpairmentError({ code: 'no-such-link', from: one, to: other });
    return link;
  }

  /** Changes settings of all links. */
  impair(change: Partial<Impairment>): void {
    for (const [, , link] of this.#all()) link.impair(change);
  }

  /** Lets nothing pass any more between those of the group and all others; inside of both, everything does. */
  split(group: readonly string[]): void {
    for (const [one, other, link] of this.#all()) {
      link.impair({ partitioned: group.includes(one) !== group.includes(other) });
    }
  }

  /** Ends all partitions. */
  heal(): void {
    this.split([]);
  }

  *#all(): Generator<readonly [one: string, other: string, link: UdpLink]> {
    for (const [one, links] of this.#links) for (const [other, link] of links) yield [one, other, link];
  }
}

/** Opens a link between each two nodes. The proxy ends them. Errors are those of `ImpairmentProxy.link`. */
export async function meshOf(
  proxy: ImpairmentProxy,
  nodes: Readonly<Record<string, Endpoint>>,
  impairment: Partial<Impairment> = {},
): Promise<ImpairedMesh> {
  const named = Object.entries(nodes);
  const links = new Map<string, Map<string, UdpLink>>();
  for (const [i, [one, a]] of named.entries()) {
    const linksOfOne = new Map<string, UdpLink>();
    for (const [other, b] of named.slice(i + 1)) linksOfOne.set(other, await proxy.link(a, b, { impairment }));
    links.set(one, linksOfOne);
  }
  return new ImpairedMesh(links);
}
