import type { Endpoint } from '../loopback.ts';
import { ImpairmentError, requireLoopback } from './errors.ts';
import { changedImpairment, type Impairment, UNIMPAIRED } from './impairment.ts';
import { Schedule, type ScheduleStats } from './schedule.ts';
import { UdpLink } from './udp-link.ts';

export interface ImpairmentProxyOptions {
  /** The same seed does the same to the same packets; links have sequences of their own, by the order of `link`. */
  readonly seed: number;
  /** What new links begin with; nothing is impaired by default. */
  readonly impairment?: Partial<Impairment>;
}

export interface NewLinkOptions {
  readonly impairment?: Partial<Impairment>;
  /** Where the sockets are bound that stand for a (towards b) and for b; default: free ports of 127.0.0.1. */
  readonly bindA?: Endpoint;
  readonly bindB?: Endpoint;
}

const ANYWHERE: Endpoint = { address: '127.0.0.1', port: 0 };

/** A bad network between nodes on this machine: UDP links that lose, delay, reorder, copy and damage packets. */
export class ImpairmentProxy {
  readonly #seed: number;
  readonly #impairment: Impairment;
  readonly #nowMs: () => number;
  readonly #schedule: Schedule;
  /** Bounded by the test that makes them. */
  readonly #links: UdpLink[] = [];
  #stopped = false;

  /** @throws ImpairmentError `bad-impairment` */
  constructor(options: ImpairmentProxyOptions, deps: { readonly nowMs?: () => number } = {}) {
    this.#seed = options.seed;
    this.#impairment = changedImpairment(UNIMPAIRED, options.impairment ?? {});
    this.#nowMs = deps.nowMs ?? (() => performance.now());
    this.#schedule = new Schedule({ nowMs: this.#nowMs });
  }

  /**
   * Opens a path between two nodes.
   *
   * @throws ImpairmentError `not-loopback`, `bad-impairment`, `proxy-stopped`
   */
  async link(a: Endpoint, b: Endpoint, options: NewLinkOptions = {}): Promise<UdpLink> {
    if (this.#stopped) throw new ImpairmentError({ code: 'proxy-stopped' });
    const { bindA = ANYWHERE, bindB = ANYWHERE } = options;
    requireLoopback(a, b, bindA, bindB);
    const impairment = changedImpairment(this.#impairment, options.impairment ?? {});
    const link = new UdpLink(
      a,
      b,
      { seed: this.#seed, impairment, number: this.#links.length, bindA, bindB },
      { schedule: this.#schedule, nowMs: this.#nowMs },
    );
    this.#links.push(link);
    await link.start();
    return link;
  }

  /** How punctual the proxy was. */
  scheduleStats(): ScheduleStats {
    return this.#schedule.stats();
  }

  /** Closes all links; what is on its way is lost. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#schedule.stop();
    await Promise.all(this.#links.map((link) => link.stop()));
  }
}
