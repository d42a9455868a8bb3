import type { AriPort } from '../../ari/port.ts';
import { BoundedMap } from '../../base/bounded-map.ts';
import { readsEncryption, readsMediaAddress } from './call-rtp.ts';

/** The configuration of Asterisk may change while it runs. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 1000;

/** Where Asterisk has the RTP of an endpoint's calls, or why the relay cannot reach it. */
type EndpointMedia = { mediaAddress: string } | { reason: string };

export type EndpointsDeps = {
  ari: Pick<AriPort, 'getVariable'>;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
};

/** The RTP settings of Asterisk's endpoints. Each endpoint is asked once a minute at most. */
export class Endpoints {
  readonly #deps: EndpointsDeps;
  readonly #known = new BoundedMap<string, { known: EndpointMedia; untilMs: number }>(MOST_REMEMBERED);

  constructor(deps: EndpointsDeps) {
    this.#deps = deps;
  }

  /** @param channelId a call of this endpoint, by which it is asked. Rejects with an `AriError` */
  async mediaOf(endpoint: string, channelId: string): Promise<EndpointMedia> {
    const { ari, now } = this.#deps;
    const remembered = this.#known.get(endpoint);
    if (remembered && now() < remembered.untilMs) return remembered.known;
    const mediaAddress = (await ari.getVariable(channelId, readsMediaAddress(endpoint))) ?? '';
    const isOnLoopback = mediaAddress.startsWith('127.') || mediaAddress === '::1';
    const encryption = isOnLoopback ? null : await ari.getVariable(channelId, readsEncryption(endpoint));
    const isEncrypted = encryption !== null && encryption !== 'no';
    const reason = isEncrypted ? 'its RTP is encrypted' : `endpoint ${endpoint} has no media_address on loopback`;
    const known = isOnLoopback ? { mediaAddress } : { reason };
    // The channel is gone otherwise, which tells nothing of the endpoint.
    if (isOnLoopback || encryption !== null) this.#known.set(endpoint, { known, untilMs: now() + REMEMBERED_MS });
    return known;
  }
}
