import type { AriPort } from '../ari/port.ts';

/** The configuration of Asterisk may change while it runs. */
const REMEMBERED_MS = 60_000;
/** More endpoints than this are asked about each time. */
const MOST_REMEMBERED = 1000;

/** Which endpoints Asterisk lets send past it: `direct_media` of pjsip.conf. */
export class DirectMedia {
  readonly #ari: AriPort;
  readonly #now: () => number;
  readonly #known = new Map<string, { allowed: boolean; untilMs: number }>();

  /** @param deps.now in ms, monotone */
  constructor(deps: { ari: AriPort; now: () => number }) {
    this.#ari = deps.ari;
    this.#now = deps.now;
  }

  /**
   * @returns whether a channel's endpoint may; true where Asterisk does not say. Rejects with an `AriError`
   * @see https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/PJSIP_ENDPOINT/
   */
  async isAllowed(channelId: string): Promise<boolean> {
    const name = (await this.#ari.getVariable(channelId, 'CHANNEL(name)')) ?? '';
    const endpoint = /^PJSIP\/(.+)-[0-9a-f]+$/.exec(name)?.[1];
    if (endpoint === undefined) return true;
    const known = this.#known.get(endpoint);
    if (known && this.#now() < known.untilMs) return known.allowed;
    const value = await this.#ari.getVariable(channelId, `PJSIP_ENDPOINT(${endpoint},direct_media)`);
    const allowed = value !== 'no' && value !== 'false';
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.set(endpoint, { allowed, untilMs: this.#now() + REMEMBERED_MS });
    return allowed;
  }
}
