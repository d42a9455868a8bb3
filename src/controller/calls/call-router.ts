import type { Logger } from 'winston';
import { AriError } from '../../ari/errors.ts';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import { BoundedMap } from '../../base/bounded-map.ts';
import { redirectUri, userOf, wasRedirected } from '../../cluster/redirect-uri.ts';
import type { Route } from '../../cluster/route.ts';
import type { Settings } from '../../conference/model/conference.ts';
import { type ChannelObserver, callerNumber, giveBack, logFailure } from '../asterisk/channels.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Refusals } from './refusals.ts';

/** Asterisk accepts a redirect before it is done, and does not report that it has failed. It takes milliseconds. */
const REDIRECT_TIMEOUT_MS = 2000;
/** Redirected calls that are remembered, by Call-ID; the oldest leave first. */
const MOST_REMEMBERED = 1000;
/** A caller calls again at once; RFC 3261 gives a transaction 32 s. */
const REMEMBERED_MS = 32_000;

/** A call that has come, and what is known about where it wants to go. */
export type Arrival = {
  readonly channel: AriChannel;
  /** Null where the caller is yet to be asked. */
  readonly conference: string | null;
  readonly settings: Settings;
  /** Lets the call in on this node, as soon as there is room for it. */
  readonly letIn: () => void;
};

export type CallRouterDeps = {
  ari: Pick<AriPort, 'redirect' | 'getVariable' | 'setVariable' | 'continueInDialplan'>;
  refusals: Pick<Refusals, 'refuse'>;
  logger: Logger;
  now: () => number;
  cluster: Pick<Cluster, 'routeOf' | 'routeElsewhere' | 'isFull' | 'sent'>;
};

/**
 * Redirects a call that is not answered yet to the node that `cluster/route.ts` decides on. A call that was answered stays.
 * A call that was redirected before is taken where it lands, so that it never goes in a circle.
 */
export class CallRouter implements ChannelObserver {
  readonly #nodeId: string;
  readonly #deps: CallRouterDeps;
  /** Calls that are being redirected or refused, with what ends the wait. Bounded by the calls that Asterisk admits. */
  readonly #pending = new Map<string, NodeJS.Timeout | null>();
  /** When calls were redirected, by Call-ID: some phones lose the parameters of the URI. */
  readonly #redirected = new BoundedMap<string, number>(MOST_REMEMBERED);

  constructor(options: { nodeId: string }, deps: CallRouterDeps) {
    this.#nodeId = options.nodeId;
    this.#deps = deps;
  }

  /** Whether it has not been decided yet what becomes of a call, or it is on its way out. */
  has(channelId: string): boolean {
    return this.#pending.has(channelId);
  }

  /** Takes the call, at once where it belongs here; or redirects or refuses it. */
  receive(arrival: Arrival): void {
    const { channel, conference, letIn } = arrival;
    if (channel.dialled === null) return letIn();
    if (this.#deps.cluster.routeOf(conference).node === this.#nodeId) return letIn();
    this.#pending.set(channel.id, null);
    const routeNow = () => this.#deps.cluster.routeOf(conference);
    const sent = this.#send(arrival, routeNow, () => this.#keep(arrival));
    sent.catch(() => this.#forget(channel.id));
    logFailure(this.#deps.logger, `call from ${callerNumber(channel)}`, sent);
  }

  /**
   * A call has waited for too long to be let in here: it is sent to another node that has room, or refused.
   * @returns whether it was sent. Rejects with an `AriError` if it is still here
   */
  async sendAway(arrival: Arrival): Promise<boolean> {
    const { id } = arrival.channel;
    let refused = false;
    const refuse = () => {
      refused = true;
      return giveBack(id, 'BUSY', this.#deps);
    };
    const routeNow = () => this.#deps.cluster.routeElsewhere(arrival.conference);
    this.#pending.set(id, null);
    try {
      await (routeNow() ? this.#send(arrival, routeNow, refuse) : refuse());
    } catch (error) {
      this.#forget(id);
      throw error;
    }
    return !refused;
  }

  channelGone(channelId: string): void {
    this.#forget(channelId);
  }

  /** Forgets calls that Asterisk does not have any more. */
  resync(living: ReadonlySet<string>): void {
    for (const channelId of this.#pending.keys()) if (!living.has(channelId)) this.#forget(channelId);
  }

  stop(): void {
    for (const channelId of this.#pending.keys()) this.#forget(channelId);
  }

  /**
   * @param routeNow where the call is to go; null if nowhere
   * @param otherwise what is done with a call that cannot go there
   */
  async #send(arrival: Arrival, routeNow: () => Route | null, otherwise: () => Promise<void>): Promise<void> {
    const { ari, logger, cluster } = this.#deps;
    const { channel } = arrival;
    const [requestUri, callId] = await Promise.all([
      this.#read(channel, 'CHANNEL(pjsip,request_uri)'),
      this.#read(channel, 'CHANNEL(pjsip,call-id)'),
    ]);
    if (!this.has(channel.id)) return;
    // Decided now, so that callers of the same moment count as sent already.
    const route = routeNow();
    if (!route) return otherwise();
    if (route.node === null) return this.#refuse(arrival);
    const uri =
      route.node !== this.#nodeId &&
      route.sip &&
      redirectUri(route.sip, dialledNumber(channel, requestUri), this.#nodeId);
    if (!uri || !channel.name.startsWith('PJSIP/') || this.#wasHere(requestUri, callId)) return otherwise();
    cluster.sent(route.node);
    try {
      await ari.redirect(channel.id, `PJSIP/${uri}`);
    } catch (error) {
      if (!this.has(channel.id) || isNotHere(error)) return this.#forget(channel.id);
      logger.warn(`call from ${callerNumber(channel)}: not sent to ${route.node}: ${(error as Error).message}`);
      return otherwise();
    }
    if (callId !== '') this.#redirected.set(callId, this.#deps.now());
    logger.info(`call from ${callerNumber(channel)} sent to ${uri}: ${route.reason}`, { node: route.node });
    if (!this.has(channel.id)) return;
    const timer = setTimeout(() => {
      logger.warn(
        `call from ${callerNumber(channel)}: Asterisk did not redirect it to ${route.node}; it stays on this node`,
      );
      otherwise().catch((error: Error) => logger.warn(error.message));
    }, REDIRECT_TIMEOUT_MS);
    this.#pending.set(channel.id, timer);
  }

  /** Keeps a call that placement would rather see elsewhere. Only if this node is full it is refused. */
  async #keep(arrival: Arrival): Promise<void> {
    if (this.#deps.cluster.isFull) return this.#refuse(arrival);
    this.#forget(arrival.channel.id);
    arrival.letIn();
  }

  /** Says so without answering, and has the dialplan end the call. */
  async #refuse({ channel, conference, settings }: Arrival): Promise<void> {
    const { refusals, logger } = this.#deps;
    logger.warn(`call from ${callerNumber(channel)} to ${conference ?? 'the lobby'} refused: no room`);
    await refusals.refuse(channel, settings.profile.sound, { result: 'FULL', prompt: 'full' });
  }

  #forget(channelId: string): void {
    clearTimeout(this.#pending.get(channelId) ?? undefined);
    this.#pending.delete(channelId);
  }

  async #read(channel: AriChannel, variable: string): Promise<string> {
    // A channel that is not SIP's, or is gone, has no such variable.
    return (await this.#deps.ari.getVariable(channel.id, variable).catch(() => null)) ?? '';
  }

  #wasHere(requestUri: string, callId: string): boolean {
    const atMs = this.#redirected.get(callId) ?? Number.NEGATIVE_INFINITY;
    return wasRedirected(requestUri) || this.#deps.now() - atMs < REMEMBERED_MS;
  }
}

/**
 * The number that the caller dialled; if the dialplan has moved the call to an extension such as `s`, that of the SIP
 * request.
 */
function dialledNumber({ dialled }: AriChannel, requestUri: string): string {
  return dialled !== null && (dialled.length > 1 || /\d/.test(dialled)) ? dialled : userOf(requestUri);
}

/** No such channel (404), or not in the application any more (409). 422 is about the address. */
function isNotHere(error: unknown): boolean {
  return error instanceof AriError && (error.status === 404 || error.status === 409);
}
