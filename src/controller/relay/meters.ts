import type { Logger } from 'winston';
import type { AriPort } from '../../ari/port.ts';
import { type ChannelObserver, endChannel } from '../asterisk/channels.ts';
import { METER, METER_CONTEXT, METER_VARIABLE } from '../asterisk/dialplan.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';
import type { RelayLink } from './relay-link.ts';

/** Before a meter that has ended, or could not be made, is tried again: at first, and at most. */
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 30_000;

type Meter = {
  wanted: boolean;
  /** Its channel is there, or being made. */
  present: boolean;
  levelDbov: number | null;
  retryMs: number;
  timer: NodeJS.Timeout | undefined;
};

export type MetersDeps = {
  ari: AriPort;
  names: ObjectNames;
  link: Pick<RelayLink, 'meters' | 'expectMeter'>;
  logger: Pick<Logger, 'debug'>;
  /** Receives each member whose level has changed. */
  onMeasured: (channelId: string) => void;
};

/**
 * How loud members are: a channel listens to each measured member, and `AudioSocket()` sends what it hears to the
 * relay, which measures it. Asterisk ends that channel with the member's. A failure here disturbs nobody: it is tried
 * again, ever less often.
 * @see https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Applications/AudioSocket/
 */
export class Meters implements ChannelObserver {
  readonly #deps: MetersDeps;
  /** By the member's channel. Bounded by the speakers. */
  readonly #meters = new Map<string, Meter>();
  /** Their channels, by the id under which the relay knows them. */
  readonly #channels = new Map<string, string>();

  constructor(deps: MetersDeps) {
    this.#deps = deps;
  }

  /** Null where it is not measured, or not yet. */
  levelOf(channelId: string): number | null {
    const meter = this.#meters.get(channelId);
    return meter?.wanted ? meter.levelDbov : null;
  }

  /**
   * Says whether a member is to be measured. Setting it again is harmless.
   * @returns at once, or when Asterisk has been told to end what is not wanted. Never rejects
   */
  async set(channelId: string, wanted: boolean): Promise<void> {
    const meter = this.#meters.get(channelId) ?? (wanted ? this.#add(channelId) : undefined);
    if (!meter) return;
    meter.wanted = wanted;
    if (!wanted) {
      meter.levelDbov = null;
      await this.#end(channelId, meter);
    } else if (!meter.present && !meter.timer) void this.#begin(channelId, meter);
  }

  /** Its channel has entered the application. Never rejects. */
  async entered(channelId: string): Promise<void> {
    const meter = this.#meters.get(channelId);
    const { ari, names, link, logger } = this.#deps;
    const address = link.meters;
    const id = names.meter(channelId);
    if (!meter?.wanted || !address) return endChannel(ari, id);
    meter.present = true;
    try {
      // So that its end is reported when it has left the application.
      await ari.subscribeToChannels(names.application, [id]);
      link.expectMeter(names.meterId(channelId));
      await ari.setVariable(id, METER_VARIABLE, `${names.meterId(channelId)},${address.host}:${address.port}`);
      await ari.continueInDialplan(id, METER_CONTEXT);
    } catch (error) {
      logger.debug(`no meter for ${channelId}: ${(error as Error).message}`);
      await endChannel(ari, id);
    }
  }

  /** A member who is gone is not measured any more; a meter that is gone and still wanted is made again. */
  channelGone(channelId: string, destroyed: boolean): void {
    const member = this.#deps.names.channelOfMeter(channelId);
    if (member === null) void this.set(channelId, false);
    else if (destroyed) this.#gone(member);
  }

  /** The relay has reported the levels of some meters. */
  measured(levels: readonly { meter: string; levelDbov: number }[]): void {
    for (const { meter: id, levelDbov } of levels) {
      const channelId = this.#channels.get(id) ?? '';
      const meter = this.#meters.get(channelId);
      if (!meter) continue;
      // A meter that was found may measure before it is wanted.
      meter.levelDbov = levelDbov;
      meter.retryMs = FIRST_RETRY_MS;
      if (meter.wanted) this.#deps.onMeasured(channelId);
    }
  }

  /**
   * The meters that Asterisk has, by member, and whether each has yet to be sent to the relay. They are taken over once
   * they are wanted.
   */
  async found(members: ReadonlyMap<string, { waiting: boolean }>): Promise<void> {
    for (const channelId of [...this.#meters.keys()]) if (!members.has(channelId)) this.#gone(channelId);
    await Promise.all([...members].map(([channelId, { waiting }]) => this.#adopt(channelId, waiting)));
  }

  /** Stops the timers; the channels stay. */
  stop(): void {
    for (const { timer } of this.#meters.values()) clearTimeout(timer);
  }

  /** Its channel is gone. */
  #gone(channelId: string): void {
    const meter = this.#meters.get(channelId);
    if (!meter) return;
    meter.present = false;
    meter.levelDbov = null;
    if (meter.wanted) this.#beginLater(channelId, meter);
    else this.#remove(channelId, meter);
  }

  #add(channelId: string): Meter {
    const meter = { wanted: false, present: false, levelDbov: null, retryMs: FIRST_RETRY_MS, timer: undefined };
    this.#meters.set(channelId, meter);
    this.#channels.set(this.#deps.names.meterId(channelId), channelId);
    return meter;
  }

  #remove(channelId: string, meter: Meter): void {
    clearTimeout(meter.timer);
    this.#meters.delete(channelId);
    this.#channels.delete(this.#deps.names.meterId(channelId));
  }

  async #adopt(channelId: string, waiting: boolean): Promise<void> {
    const meter = this.#meters.get(channelId) ?? this.#add(channelId);
    meter.present = true;
    // The controller that would have sent it on is gone. If it is not wanted yet, it ends, and a new one is made when
    // it is.
    if (waiting) return this.entered(channelId);
    const { ari, names } = this.#deps;
    await ari.subscribeToChannels(names.application, [names.meter(channelId)]).catch(() => {});
  }

  async #begin(channelId: string, meter: Meter): Promise<void> {
    const { ari, names, link, logger } = this.#deps;
    if (!link.meters) return this.#beginLater(channelId, meter);
    meter.present = true;
    const spy = { channelId: names.meter(channelId), application: names.application, args: [METER] };
    try {
      await ari.spyOn(channelId, spy);
    } catch (error) {
      logger.debug(`no meter for ${channelId}: ${(error as Error).message}`);
      if (this.#meters.get(channelId) === meter) this.#gone(channelId);
    }
  }

  #beginLater(channelId: string, meter: Meter): void {
    clearTimeout(meter.timer);
    meter.timer = setTimeout(() => {
      meter.timer = undefined;
      if (meter.wanted && !meter.present) void this.#begin(channelId, meter);
    }, meter.retryMs);
    meter.retryMs = Math.min(LAST_RETRY_MS, 2 * meter.retryMs);
  }

  async #end(channelId: string, meter: Meter): Promise<void> {
    if (!meter.present) return this.#remove(channelId, meter);
    // Asterisk tells when it is gone.
    await endChannel(this.#deps.ari, this.#deps.names.meter(channelId));
  }
}
