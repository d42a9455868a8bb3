/** How many calls may be on their way in at once: at first, at least and at most. */
const FIRST_LIMIT = 8;
const LEAST_LIMIT = 1;
const HIGHEST_LIMIT = 64;

/**
 * A call is slow when it takes longer than this many times the best one, and a little more: below that, differences are
 * those of the scheduler.
 */
const SLOW_FACTOR = 2.5;
const SLACK_MS = 20;
/** Asterisk is never taken for one that is always slower than this, however long it has been slow. */
const LONGEST_BEST_MS = 500;
/** So many of the calls that were alone on their way in are remembered; the best of them says what is to be expected. */
const ALONE_REMEMBERED = 5;
/** In a crowd one call goes in alone each time that so much has passed. */
const ALONE_EVERY_MS = 30_000;
/** The weight of the latest call, or of the latest lateness, in the mean. */
const LATEST_WEIGHT = 0.25;
/** The limit grows by so much for each call while it is below the first one; above that, by one for as many calls as it is. */
const EARLY_GROWTH = 0.5;

/** The part of the limit that is left: after slow calls between these two, by how slow they are. */
const LEAST_CUT = 0.8;
const DEEPEST_CUT = 0.25;
const CUT_WHEN_LATE = 0.7;
const CUT_WHEN_UNANSWERED = 0.5;

/** An event loop that is later than this for a while has too little of the processor. */
const LATE_MS = 30;
/** Two cuts in less time would be about the same trouble. */
const CUT_APART_MS = 200;
/** So long nobody is let in when Asterisk has not answered. */
const PAUSE_MS = 1000;
/** After so long without a call, earlier ones no longer say how Asterisk is. */
const IDLE_MS = 10_000;
/** The other calls wait no longer for one that was to go in alone. */
const LONGEST_PROBE_MS = 1000;

/**
 * Finds out how many calls may be on their way in at once: between being let in and being set up in Asterisk. The limit grows
 * by additions while calls are set up about as fast as ever seen, and is cut by a factor when they take longer, when the event
 * loop is late, or when Asterisk does not answer (AIMD, as TCP does; the comparison with the best time is that of TCP Vegas).
 * Calls that were alone on their way in say what is to be expected. If these take longer too, the other calls are not the
 * reason, and keeping them out would help nobody.
 *
 * Setting up a call is a few requests to ARI one after the other, so the time of a call is also ARI's latency.
 *
 * Times are in ms, of any clock that never goes back.
 */
export class Pace {
  #limit = FIRST_LIMIT;
  #underWay = 0;
  /** Whether the limit has kept a call from coming in since the last one was set up. */
  #isLimiting = false;
  /** The mean of the calls since the limit was cut; null before the first of them. */
  #recentMs: number | null = null;
  /** The times that the last calls took that were alone, the oldest first. */
  #aloneMs: number[] = [];
  /** When the call was let in that is alone on its way in; null without one. */
  #aloneSinceMs: number | null = null;
  #lastAloneMs = Number.NEGATIVE_INFINITY;
  /** The best of those and of others since. */
  #bestMs = Number.POSITIVE_INFINITY;
  #lateMs = 0;
  /** Since when one call is to go in alone, so that the best time is not one of many at once; null while none is. */
  #probesSinceMs: number | null = null;
  #cutAtMs = Number.NEGATIVE_INFINITY;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** How many calls may be on their way in at once. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Whether another call may come in now. */
  hasRoom(nowMs: number): boolean {
    if (nowMs < this.#pausedUntilMs) return false;
    if (this.#underWay === 0) this.#forgetIfIdle(nowMs);
    if (this.#probesSinceMs !== null && nowMs - this.#probesSinceMs > LONGEST_PROBE_MS) this.#probesSinceMs = null;
    if (this.#underWay < (this.#probesSinceMs === null ? this.limit : LEAST_LIMIT)) return true;
    this.#isLimiting = true;
    return false;
  }

  /** A call is let in. Each is followed by `settled` or `gone`. */
  admitted(nowMs: number): void {
    this.#aloneSinceMs = this.#underWay === 0 ? nowMs : null;
    this.#underWay++;
    this.#lastMs = nowMs;
  }

  /** A call that was let in at `sinceMs` has been set up. */
  settled(sinceMs: number, nowMs: number): void {
    const tookMs = nowMs - sinceMs;
    this.#noteBest(tookMs, nowMs);
    this.#end(sinceMs, nowMs);
    // It was let in before the limit was cut, and says nothing about what came of that.
    if (sinceMs < this.#cutAtMs) return;
    this.#recentMs = this.#recentMs === null ? tookMs : this.#recentMs + LATEST_WEIGHT * (tookMs - this.#recentMs);
    const slowMs = this.#slowMs;
    if (this.#recentMs > slowMs) {
      this.#cut(Math.max(DEEPEST_CUT, Math.min(LEAST_CUT, slowMs / this.#recentMs)), nowMs);
    } else if (this.#limit < FIRST_LIMIT) this.#limit = Math.min(FIRST_LIMIT, this.#limit + EARLY_GROWTH);
    else if (this.#isLimiting) this.#limit = Math.min(HIGHEST_LIMIT, this.#limit + 1 / this.#limit);
    this.#isLimiting = false;
  }

  /** A call that was let in at `sinceMs` has ended before it was set up, or could not be. */
  gone(sinceMs: number, nowMs: number): void {
    this.#end(sinceMs, nowMs);
  }

  /** The event loop has run so much later than it should; to be told each time that it is known, late or not. */
  late(byMs: number, nowMs: number): void {
    this.#lateMs += LATEST_WEIGHT * (byMs - this.#lateMs);
    if (this.#lateMs > LATE_MS && nowMs - this.#cutAtMs >= CUT_APART_MS) this.#cut(CUT_WHEN_LATE, nowMs);
  }

  /** Asterisk has not answered a request. */
  unanswered(nowMs: number): void {
    this.#pausedUntilMs = nowMs + PAUSE_MS;
    if (nowMs - this.#cutAtMs >= CUT_APART_MS) this.#cut(CUT_WHEN_UNANSWERED, nowMs);
  }

  /** A call that takes longer is slow. */
  get #slowMs(): number {
    return Math.min(this.#bestMs, LONGEST_BEST_MS) * SLOW_FACTOR + SLACK_MS;
  }

  #end(sinceMs: number, nowMs: number): void {
    this.#underWay = Math.max(0, this.#underWay - 1);
    this.#lastMs = nowMs;
    this.#aloneSinceMs = null;
    if (this.#probesSinceMs !== null && sinceMs >= this.#probesSinceMs) this.#probesSinceMs = null;
  }

  #cut(factor: number, nowMs: number): void {
    this.#limit = Math.max(LEAST_LIMIT, this.#limit * factor);
    this.#cutAtMs = nowMs;
    this.#recentMs = null;
  }

  #noteBest(tookMs: number, nowMs: number): void {
    if (this.#aloneSinceMs !== null) {
      this.#aloneMs = [...this.#aloneMs, tookMs].slice(-ALONE_REMEMBERED);
      this.#bestMs = Math.min(...this.#aloneMs);
      this.#lastAloneMs = nowMs;
      return;
    }
    this.#bestMs = Math.min(this.#bestMs, tookMs);
    if (this.#isLimiting && nowMs - this.#lastAloneMs > ALONE_EVERY_MS) this.#probesSinceMs ??= nowMs;
  }

  #forgetIfIdle(nowMs: number): void {
    if (nowMs - this.#lastMs < IDLE_MS) return;
    this.#limit = FIRST_LIMIT;
    this.#recentMs = null;
    this.#lateMs = 0;
    this.#isLimiting = false;
  }
}
