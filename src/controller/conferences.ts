import type { Logger } from 'winston';
import type { Published } from '../attendance/journal.ts';
import { type Conference, newConference, type Settings } from '../conference/model/conference.ts';
import type { Effect } from '../conference/model/effects.ts';
import type { ConferenceEvent } from '../conference/model/events.ts';
import type { Input } from '../conference/model/inputs.ts';
import type { Member } from '../conference/model/member.ts';
import type { Meant } from '../conference/model/member-address.ts';
import { type Outcome, reduce } from '../conference/reduce.ts';
import { type Closed, closedInWords, type SettingsBook } from '../conference-table/settings-book.ts';
import { standardSettings } from '../profiles/settings.ts';
import { mergeLive } from '../profiles/takes-effect.ts';
import { WakeTimers } from '../timing/wake-timers.ts';
import { type ChannelObserver, logFailure } from './asterisk/channels.ts';
import type { JoiningCall } from './calls/incoming-calls.ts';
import type { PinChecks } from './calls/pin-checks.ts';
import type { Cluster } from './cluster/cluster.ts';
import { digestOf } from './cluster/table-agreement.ts';
import { type AsteriskEffect, settleAll } from './effects/effect-runner.ts';
import { callWebhook } from './webhook.ts';

/** Events that may come for thousands of members at once. */
const FREQUENT: ReadonlySet<ConferenceEvent['type']> = new Set<ConferenceEvent['type']>(['talking', 'flags-changed']);

/** Two clocks are never read at the same moment. */
const SAME_TIME_MS = 100;

type PublishEffect = Extract<Effect, { type: 'publish' }>;

export type ConferencesDeps = {
  book: SettingsBook;
  logger: Logger;
  now: () => number;
  /** ms since 1970, by the wall clock. */
  wallNow: () => number;
  /** Executes effects in Asterisk. */
  run: (conference: string, effects: readonly AsteriskEffect[]) => Promise<void>;
  /** Calls a phone that a member has asked for. */
  invite: (conference: Conference, request: { target: string; invitedBy: number }) => void;
  publish: (published: Published) => void;
  cluster: Pick<Cluster, 'opening' | 'profileElsewhere' | 'changed' | 'publish'>;
  pinChecks: Pick<PinChecks, 'check' | 'judged'>;
};

/** The conferences of this node: inputs go into `reduce`, and effects come out. */
export class Conferences implements ChannelObserver {
  readonly #deps: ConferencesDeps;
  readonly #conferences = new Map<string, Conference>();
  /** Which conference a channel is in. */
  readonly #conferenceOf = new Map<string, string>();
  readonly #timers = new WakeTimers((name) => this.dispatch(name, { type: 'tick' }));
  #book: SettingsBook;
  #tableDigest: string | null = null;

  constructor(deps: ConferencesDeps) {
    this.#deps = deps;
    this.#book = deps.book;
  }

  get all(): ReadonlyMap<string, Conference> {
    return this.#conferences;
  }

  get profileNames(): string[] {
    return [...this.#book.profiles.conferences.keys()];
  }

  conferenceOf(channelId: string): string | undefined {
    return this.#conferenceOf.get(channelId);
  }

  /** The member whose channel it is. */
  memberOf(channelId: string): Member | undefined {
    return this.#conferences.get(this.#conferenceOf.get(channelId) ?? '')?.members.get(channelId);
  }

  /** Stops the timers. */
  stop(): void {
    this.#timers.clear();
  }

  /** Takes changed settings over: running conferences go on with what may change while they run. */
  useSettings(book: SettingsBook): void {
    const former = this.#book;
    this.#book = book;
    this.#tableDigest = null;
    for (const [name, { settings }] of this.#conferences) {
      if (book.isSame(former, name, settings.profileName)) continue;
      const changed = book.settingsFor(name, settings.profileName);
      // A conference whose profile was removed goes on as it is.
      if (!changed) continue;
      const profile = mergeLive(settings.profile, changed.profile);
      this.dispatch(name, { type: 'settings', settings: { ...changed, profile } });
    }
    this.refreshClosing();
  }

  /** The table of conferences, or the wall clock, is another one: conferences end when they close by it. */
  refreshClosing(): void {
    for (const [name, { closesAtMs }] of this.#conferences) {
      const atMs = this.#closesAtMs(name);
      if (Math.abs(atMs - closesAtMs) > SAME_TIME_MS) this.dispatch(name, { type: 'closing', atMs });
    }
  }

  /** Why nobody may join a conference; null if callers may. */
  closed(name: string): Closed | null {
    return this.#book.closed(name, this.#deps.wallNow());
  }

  /** As `digestOf` the table. */
  get tableDigest(): string {
    this.#tableDigest ??= digestOf(this.#book.table);
    return this.#tableDigest;
  }

  /** The node to which the table keeps a conference; null if to none. */
  homeOf(name: string): string | null {
    return this.#book.nodeOf(name);
  }

  /** Whether the table of conferences has it. */
  isListed(name: string): boolean {
    return this.#book.isListed(name);
  }

  /** As `KnownNumbers`. */
  isBeginning(digits: string): boolean {
    return this.#book.isBeginning(digits);
  }

  /** As `KnownNumbers`. */
  get mayBeUnlisted(): boolean {
    return this.#book.table.unlisted === 'allow';
  }

  /**
   * The settings of a conference with a profile; if the profile was removed, those of the conference that still runs with
   * it. Null if there are none.
   * @param conference null for the lobby
   */
  settingsFor(conference: string | null, profileName: string): Settings | null {
    const found = this.#book.settingsFor(conference, profileName);
    if (found || conference === null) return found;
    const running = this.#conferences.get(conference)?.settings;
    return running?.profileName === profileName ? running : null;
  }

  /** The conference of this name; a new one if there is none. */
  ensure(name: string, profileName: string): Conference {
    const present = this.#conferences.get(name);
    if (present) return present;
    const settings = this.#book.settingsFor(name, profileName);
    if (!settings) {
      this.#deps.logger.warn(`conference ${name}: there is no profile "${profileName}" any more; using defaults`);
    }
    const { now, cluster } = this.#deps;
    const fresh = newConference(name, settings ?? standardSettings(), now());
    const conference = { ...fresh, ...cluster.opening(name), closesAtMs: this.#closesAtMs(name) };
    this.#conferences.set(name, conference);
    return conference;
  }

  join(name: string, profileName: string, call: JoiningCall): void {
    this.ensure(name, profileName);
    this.claim(call.channelId, name);
    this.dispatch(name, { type: 'join', ...call });
  }

  /** Notes that events of a channel are about this conference. */
  claim(channelId: string, name: string): void {
    this.#conferenceOf.set(channelId, name);
  }

  /** Events of a channel are not about its member any more, whose place another call takes. @returns the conference */
  disown(channelId: string): string | undefined {
    const name = this.#conferenceOf.get(channelId);
    this.#conferenceOf.delete(channelId);
    return name;
  }

  /** Members whose places other calls are about to take. */
  disowned({ members }: Conference): string[] {
    return [...members.keys()].filter((channelId) => !this.#conferenceOf.has(channelId));
  }

  /** Another call takes a member's place. @returns false if the member has left meanwhile */
  replace(name: string, channelId: string, by: Extract<Input, { type: 'replaced' }>['by']): boolean {
    this.claim(by.channelId, name);
    this.dispatch(name, { type: 'replaced', channelId, by });
    if (this.memberOf(by.channelId)) return true;
    this.#conferenceOf.delete(by.channelId);
    return false;
  }

  /** Forgets channels that are not members any more. */
  forgetStrangers(): void {
    for (const [channelId, name] of this.#conferenceOf) {
      if (!this.#conferences.get(name)?.members.has(channelId)) this.#conferenceOf.delete(channelId);
    }
  }

  /** Hands an input to a conference; effects that fail are logged. */
  dispatch(name: string, input: Input): void {
    const conference = this.#conferences.get(name);
    if (conference) logFailure(this.#deps.logger, `conference ${name}`, this.apply(conference, input).done);
  }

  /** Hands an input to the conference of a channel, if it has one. */
  dispatchToMember(channelId: string, input: Input): void {
    const name = this.#conferenceOf.get(channelId);
    if (name !== undefined) this.dispatch(name, input);
  }

  channelGone(channelId: string, destroyed: boolean): void {
    this.dispatchToMember(channelId, { type: 'left', channelId, destroyed });
    // A member who is away in the dialplan stays a member.
    if (!this.memberOf(channelId)) this.#conferenceOf.delete(channelId);
  }

  /** @returns whether it was the playback of a conference */
  playbackEnded(id: string): boolean {
    const played = [...this.#conferences].filter(([, { playback }]) => playback?.id === id);
    for (const [name] of played) this.dispatch(name, { type: 'playback-ended', id });
    return played.length > 0;
  }

  recordingEnded(recordingName: string, failed: boolean): void {
    for (const [name, { recording }] of this.#conferences) {
      if (recording?.name !== recordingName) continue;
      this.dispatch(name, { type: 'recording-ended', name: recordingName, failed });
    }
  }

  /**
   * @returns why a command was refused, the member that it has turned out to mean, and when everything is done; `done`
   *   rejects with an `AriError`
   */
  apply(conference: Conference, input: Input): Pick<Outcome, 'refusal'> & { meant: Meant | null; done: Promise<void> } {
    const { now, cluster, run, invite, logger, pinChecks } = this.#deps;
    const nowMs = now();
    const { conference: after, effects, refusal, meant: found } = reduce(conference, input, nowMs);
    const { name } = after;
    let meant: Meant | null = found ? { ...found, conference: name } : null;
    if (input.type === 'command' && input.by !== undefined && !refusal) this.#log(name, input);
    if (after.status === 'ended') this.#conferences.delete(name);
    else this.#conferences.set(name, after);
    cluster.changed(conference, after);
    const published: Promise<void>[] = [];
    const forAsterisk: AsteriskEffect[] = [];
    for (const effect of effects) {
      switch (effect.type) {
        case 'cluster':
          published.push(cluster.publish(name, effect.tell));
          break;
        case 'wake':
          this.#timers.wake(name, effect.atMs, nowMs);
          break;
        case 'publish':
          this.#publish(after, effect, nowMs);
          break;
        case 'check-pin':
          void pinChecks.check(name, effect);
          break;
        case 'pin-judged':
          pinChecks.judged(effect);
          break;
        case 'invite':
          invite(after, effect);
          break;
        case 'call-webhook': {
          const { url, body } = effect;
          logFailure(logger, `conference ${name}: webhook ${url} was not called`, callWebhook(url, body));
          break;
        }
        case 'hand-over': {
          const { type, conference: to, profileName, ...call } = effect;
          const joined = this.#handOver(name, to, profileName, { ...call, origin: 'transferred' });
          const moved = this.memberOf(call.channelId);
          if (moved) meant = { conference: joined, memberId: moved.id };
          break;
        }
        default:
          forAsterisk.push(effect);
      }
    }
    const done = run(name, forAsterisk);
    return { refusal, meant, done: published.length === 0 ? done : settleAll([done, ...published]) };
  }

  /** The log says of each command who has given it: not all of them are followed by an event. */
  #log(name: string, { command, by }: Extract<Input, { type: 'command' }>): void {
    this.#deps.logger.info(`conference ${name}: command ${command.type}`, { conference: name, ...command, by });
  }

  /**
   * A member moves to another conference; where that is closed, the member comes back.
   * @param profileName of a conference that no node has yet
   * @returns where the member is
   */
  #handOver(from: string, to: string, profileName: string, call: JoiningCall): string {
    const closed = this.closed(to);
    if (closed)
      this.#deps.logger.warn(`conference ${from}: a member comes back: conference ${to} ${closedInWords(closed)}`);
    const joined = closed ? from : to;
    const elsewhere = this.#deps.cluster.profileElsewhere(joined);
    const isKnown = elsewhere !== null && this.settingsFor(joined, elsewhere) !== null;
    this.join(joined, isKnown ? elsewhere : profileName, call);
    return joined;
  }

  /** By our clock, which the wall clock may be ahead of. A conference that is closed by now ends at once. */
  #closesAtMs(name: string): number {
    const { now, wallNow } = this.#deps;
    const wallMs = wallNow();
    const opening = this.#book.openingOf(name, wallMs);
    return now() + (opening.open ? opening.closesMs - wallMs : 0);
  }

  #publish({ name, startedAtMs }: Conference, { event, by }: PublishEffect, nowMs: number): void {
    const { type, ...details } = event;
    const level = type === 'pin-guessing' ? 'warn' : FREQUENT.has(type) ? 'debug' : 'info';
    this.#deps.logger.log(level, `conference ${name}: ${type}`, {
      conference: name,
      ...details,
      ...(by !== undefined && { by }),
    });
    this.#deps.publish({ conference: name, startedAtMs, atMs: nowMs, event, by });
  }
}
