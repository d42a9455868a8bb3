import type { Logger } from 'winston';
import { type Admission, Gate } from '../../admission/gate.ts';
import { AriError, isChannelGone } from '../../ari/errors.ts';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import { FILES_PER_CALL } from '../../base/open-files.ts';
import type { AsteriskRoom } from '../asterisk/asterisk-files.ts';
import { type ChannelObserver, callerNumber } from '../asterisk/channels.ts';

/** How often the gate is checked: who may come in, who has waited for too long, and how late the event loop is. */
const TICK_MS = 20;
const LOG_EVERY_MS = 1000;
/** Most calls get in before that, and need not ring. */
const RING_AFTER_MS = 200;
/** Requests under way at once about calls that only wait: those of calls on their way in go first. */
const RINGS_AT_ONCE = 4;
const SENT_AWAY_AT_ONCE = 4;

/** A call that is to be let in on this node. */
export type ArrivingCall = {
  readonly channel: AriChannel;
  /** Lets it in. @returns when nothing is to be decided about it any more; it may not be set up yet */
  readonly admit: () => Promise<void> | void;
  /**
   * The call has waited for too long.
   * @returns whether another node takes it; false if it was refused. Rejects if neither worked
   */
  readonly sendAway: () => Promise<boolean>;
};

export type ArrivalsDeps = {
  ari: Pick<AriPort, 'ring'>;
  room: AsteriskRoom;
  logger: Logger;
  /** ms of a clock that never goes back. */
  now: () => number;
  /** As `Reconciler.pass`. */
  pass: (apply: () => void) => void;
};

/**
 * Lets calls in as fast as Asterisk can set them up; see `admission/pace.ts`. The others wait unanswered, and their
 * callers hear ringing.
 */
export class Arrivals implements ChannelObserver {
  readonly #deps: ArrivalsDeps;
  readonly #gate: Gate<ArrivingCall>;
  /** Calls that do not ring yet, and since when they wait; by channel id, in order of coming. Bounded by the gate. */
  readonly #silent = new Map<string, number>();
  /** Calls that are being sent to another node or refused. */
  readonly #sentAway = new Set<string>();
  #ringing = 0;
  #timer: NodeJS.Timeout | null = null;
  #tickedAtMs = 0;
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  #noRoomLoggedAtMs = Number.NEGATIVE_INFINITY;

  /** @param options.waitMs after this time another node is asked to take a call, or it is refused */
  constructor(options: { waitMs: number }, deps: ArrivalsDeps) {
    this.#deps = deps;
    this.#gate = new Gate(options);
  }

  /** Whether the call waits, or is on its way in or away. */
  has(channelId: string): boolean {
    return this.#gate.has(channelId) || this.#sentAway.has(channelId);
  }

  get admission(): Admission {
    const figures = this.#gate.at(this.#deps.now());
    const { calls } = this.#deps.room;
    // A call that waits has one of its files yet to open.
    const promised = Math.ceil(figures.waiting / FILES_PER_CALL.asterisk);
    return { ...figures, room: calls && Math.max(0, calls - promised) };
  }

  /** A call has come: it is let in, now or later. */
  receive(call: ArrivingCall): void {
    const { channel } = call;
    const nowMs = this.#deps.now();
    // A call that was answered cannot be sent elsewhere, and its caller would not notice a refusal.
    const mayExpire = channel.dialled !== null;
    if (mayExpire && this.admission.room === 0) {
      this.#logNoRoom(nowMs);
      return this.#sendAway(call);
    }
    this.#deps.room.callCame();
    if (!this.#gate.arrive(channel.id, { call, mayExpire }, nowMs)) return this.#sendAway(call);
    if (mayExpire) this.#silent.set(channel.id, nowMs);
    this.#start();
    this.#deps.pass(() => this.#admit());
  }

  /**
   * Asterisk has set a channel up, which may be that of any call.
   * @param error why it could not; null if it could
   */
  settled(channelId: string, error: unknown): void {
    const nowMs = this.#deps.now();
    if (error instanceof AriError && error.code === 'unreachable') this.#gate.unanswered(nowMs);
    if (!this.#gate.has(channelId)) return;
    if (error === null) this.#gate.settled(channelId, nowMs);
    else this.#gate.left(channelId, nowMs);
    this.#deps.pass(() => this.#admit());
  }

  channelGone(channelId: string): void {
    this.#silent.delete(channelId);
    this.#sentAway.delete(channelId);
    if (!this.#gate.has(channelId)) return;
    this.#gate.left(channelId, this.#deps.now());
    this.#deps.pass(() => this.#admit());
  }

  /** Forgets calls that Asterisk does not have any more. */
  resync(living: ReadonlySet<string>): void {
    for (const id of [...this.#gate.ids, ...this.#sentAway]) if (!living.has(id)) this.channelGone(id);
    this.#deps.pass(() => this.#admit());
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  #start(): void {
    if (this.#timer) return;
    this.#tickedAtMs = this.#deps.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    const nowMs = this.#deps.now();
    this.#gate.tick(nowMs - this.#tickedAtMs - TICK_MS, nowMs);
    this.#tickedAtMs = nowMs;
    if (this.#gate.isIdle) return this.stop();
    this.#deps.pass(() => {
      this.#admit();
      this.#expire();
      this.#ring();
    });
    this.#log(nowMs);
  }

  #admit(): void {
    const nowMs = this.#deps.now();
    for (let call = this.#gate.next(nowMs); call; call = this.#gate.next(nowMs)) {
      const { channel, admit } = call;
      this.#silent.delete(channel.id);
      // As a promise: a call that throws does not hold up the calls behind it.
      const admitted = async () => admit();
      admitted().catch((error: Error) => {
        this.#warn(channel, error);
        this.channelGone(channel.id);
      });
    }
  }

  #expire(): void {
    while (this.#sentAway.size < SENT_AWAY_AT_ONCE) {
      const call = this.#gate.nextExpired(this.#deps.now());
      if (!call) return;
      this.#sendAway(call);
    }
  }

  #sendAway(call: ArrivingCall): void {
    const { channel } = call;
    this.#silent.delete(channel.id);
    this.#sentAway.add(channel.id);
    call.sendAway().then(
      (taken) => {
        this.#sentAway.delete(channel.id);
        if (!taken) this.#gate.refused();
      },
      (error: Error) => {
        // It has not ended: it waits again.
        const isHere = this.#sentAway.delete(channel.id);
        this.#warn(channel, error);
        if (isHere && !isChannelGone(error)) this.receive(call);
      },
    );
  }

  #ring(): void {
    const nowMs = this.#deps.now();
    for (const [channelId, sinceMs] of this.#silent) {
      if (this.#ringing >= RINGS_AT_ONCE || nowMs - sinceMs < RING_AFTER_MS) return;
      this.#silent.delete(channelId);
      this.#ringing++;
      const done = () => {
        this.#ringing--;
        if (this.#timer) this.#ring();
      };
      this.#deps.ari.ring(channelId).then(done, (error: Error) => {
        done();
        if (!isChannelGone(error)) this.#deps.logger.debug(`call ${channelId} does not ring: ${error.message}`);
      });
    }
  }

  #log(nowMs: number): void {
    if (nowMs - this.#loggedAtMs < LOG_EVERY_MS) return;
    const { waiting, longestMs, perSecond, limit, refused } = this.#gate.at(nowMs);
    // While calls get in at once there is nothing to log.
    if (longestMs < RING_AFTER_MS) return;
    this.#loggedAtMs = nowMs;
    const longest = (longestMs / 1000).toFixed(1);
    this.#deps.logger.info(
      `letting calls in: ${waiting} wait, ${perSecond}/s, the longest for ${longest} s` +
        (refused > 0 ? `; ${refused} refused so far` : ''),
      { waiting, perSecond, longestMs, limit, refused },
    );
  }

  #logNoRoom(nowMs: number): void {
    if (nowMs - this.#noRoomLoggedAtMs < LOG_EVERY_MS) return;
    this.#noRoomLoggedAtMs = nowMs;
    const { refused } = this.#gate.at(nowMs);
    this.#deps.logger.warn(
      'Asterisk has too few open files left for another call: calls go to other nodes or are refused' +
        ` (${refused} so far); raise LimitNOFILE of its unit`,
      { refused },
    );
  }

  #warn(channel: AriChannel, error: Error): void {
    if (!isChannelGone(error)) this.#deps.logger.warn(`call from ${callerNumber(channel)}: ${error.message}`);
  }
}
