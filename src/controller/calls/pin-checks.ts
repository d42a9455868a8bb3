import { networkOf, type PinTry } from '../../admission/pin-gates.ts';
import { PinQueue } from '../../admission/pin-queue.ts';
import type { AriPort } from '../../ari/port.ts';
import type { Effect } from '../../conference/model/effects.ts';
import type { Input } from '../../conference/model/inputs.ts';
import { WakeTimers } from '../../timing/wake-timers.ts';
import type { ChannelObserver } from '../asterisk/channels.ts';
import { SIP_REMOTE } from './call-rtp.ts';

/** A caller who has waited for so long hears why, and then again and again. */
const TOLD_AFTER_MS = 2000;
const TOLD_EVERY_MS = 30_000;

export type PinChecksDeps = {
  ari: Pick<AriPort, 'getVariable'>;
  dispatch: (conference: string, input: Input) => void;
  /** Tells the other nodes of a wrong PIN. */
  tellWrong: (tried: PinTry) => void;
  now: () => number;
};

/** Has PINs judged as soon as their callers are not to be slowed down, for all conferences of this node. */
export class PinChecks implements ChannelObserver {
  readonly #deps: PinChecksDeps;
  readonly #queue = new PinQueue();
  /** The network of each channel on which a PIN was dialled. Bounded by the calls of Asterisk. */
  readonly #networks = new Map<string, Promise<string>>();
  readonly #timers = new WakeTimers(() => this.#judge());
  /** By channel: when its caller is to be told. */
  readonly #waits = new WakeTimers((channelId) => this.#tell(channelId));

  constructor(deps: PinChecksDeps) {
    this.#deps = deps;
  }

  /** A caller has dialled a PIN: a `pin-due` input follows, after `pin-held` inputs if that takes time. */
  async check(
    conference: string,
    { channelId, caller, members }: Extract<Effect, { type: 'check-pin' }>,
  ): Promise<void> {
    const network = this.#networks.get(channelId) ?? this.#readNetwork(channelId);
    this.#networks.set(channelId, network);
    const tried = { conference, number: caller.number, network: await network, members };
    // The call has ended meanwhile.
    if (!this.#networks.has(channelId)) return;
    this.#queue.add(channelId, tried);
    this.#judge();
    const nowMs = this.#deps.now();
    if (this.#queue.waiting(channelId, nowMs)) this.#waits.wake(channelId, nowMs + TOLD_AFTER_MS, nowMs);
  }

  /** The PIN that was due has been judged. */
  judged({ channelId, right }: Extract<Effect, { type: 'pin-judged' }>): void {
    const wrong = this.#queue.judged(channelId, right, this.#deps.now());
    if (wrong) this.#deps.tellWrong(wrong);
  }

  /** A caller of another node has dialled a wrong PIN. */
  wrongElsewhere(tried: PinTry): void {
    this.#queue.gates.wrong(tried, this.#deps.now());
  }

  channelGone(channelId: string): void {
    this.#networks.delete(channelId);
    this.#queue.delete(channelId);
  }

  /** Forgets calls that Asterisk does not have any more. */
  resync(living: ReadonlySet<string>): void {
    for (const channelId of this.#networks.keys()) if (!living.has(channelId)) this.channelGone(channelId);
  }

  stop(): void {
    this.#timers.clear();
    this.#waits.clear();
  }

  #judge(): void {
    const nowMs = this.#deps.now();
    for (let next = this.#queue.next(nowMs); next !== null; next = this.#queue.next(nowMs))
      this.#deps.dispatch(next.tried.conference, { type: 'pin-due', channelId: next.channelId });
    const atMs = this.#queue.nextAtMs(nowMs);
    if (atMs !== Number.POSITIVE_INFINITY) this.#timers.wake('', atMs, nowMs);
  }

  #tell(channelId: string): void {
    const nowMs = this.#deps.now();
    const waiting = this.#queue.waiting(channelId, nowMs);
    if (!waiting) return;
    const { conference, delayMs } = waiting;
    this.#deps.dispatch(conference, { type: 'pin-held', channelId, delayMs });
    this.#waits.wake(channelId, nowMs + TOLD_EVERY_MS, nowMs);
  }

  /** A channel that is no SIP call has no network. */
  #readNetwork(channelId: string): Promise<string> {
    return this.#deps.ari.getVariable(channelId, SIP_REMOTE).then(
      (address) => networkOf(address ?? ''),
      () => '',
    );
  }
}
