import type { Logger } from 'winston';
import type { Admission } from '../../admission/gate.ts';
import { CONGESTION, NO_ROUTE } from '../../ari/causes.ts';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import type { Settings } from '../../conference/model/conference.ts';
import type { Input } from '../../conference/model/inputs.ts';
import { parseJoinArguments } from '../../conference/model/join-arguments.ts';
import type { Member, Path } from '../../conference/model/member.ts';
import { type Closed, closedInWords } from '../../conference-table/settings-book.ts';
import type { KnownNumbers } from '../../lobby/lobby.ts';
import type { AsteriskRoom } from '../asterisk/asterisk-files.ts';
import { type ChannelObserver, callerNumber, callerOf, logFailure } from '../asterisk/channels.ts';
import type { AsteriskRead } from '../asterisk/read-asterisk.ts';
import type { Reconciler } from '../asterisk/reconciler.ts';
import type { Prompter } from '../sounds/prompter.ts';
import type { Anchors } from './anchors.ts';
import { Arrivals } from './arrivals.ts';
import { type Arrival, CallRouter, type CallRouterDeps } from './call-router.ts';
import { Lobby } from './lobby.ts';
import { Refusals, refusalOf } from './refusals.ts';
import { Replacements, type ReplacementsDeps } from './replacements.ts';

/** A call that joins a conference. */
export type JoiningCall = Omit<Extract<Input, { type: 'join' }>, 'type'>;

/** The conferences that calls join. */
export type Destinations = ReplacementsDeps['conferences'] & {
  readonly profileNames: readonly string[];
  settingsFor(conference: string | null, profileName: string): Settings | null;
  /** Why nobody may join it; null if callers may. */
  closed(conference: string): Closed | null;
  conferenceOf(channelId: string): string | undefined;
  memberOf(channelId: string): Member | undefined;
  join(conference: string, profileName: string, call: JoiningCall): void;
};

export type IncomingCallsOptions = {
  nodeId: string;
  /** The longest time that a call may wait to be let in. */
  waitMs: number;
};

export type IncomingCallsDeps = {
  ari: AriPort;
  anchors: Pick<Anchors, 'ensure' | 'has' | 'wasHeld'>;
  prompter: Pick<Prompter, 'playTo' | 'hush'>;
  reconciler: Pick<Reconciler, 'pass' | 'admit'>;
  cluster: CallRouterDeps['cluster'];
  conferences: Destinations;
  /** The conferences of all nodes. */
  numbers: KnownNumbers;
  room: AsteriskRoom;
  logger: Logger;
  now: () => number;
  /** ms since 1970, by the wall clock. */
  wallNow: () => number;
};

/**
 * How calls come in: a call is taken by this node or sent to another, waits until there is room for it, is asked for
 * the number of its conference if it has none, and joins.
 */
export class IncomingCalls implements ChannelObserver {
  readonly #deps: IncomingCallsDeps;
  readonly #router: CallRouter;
  readonly #arrivals: Arrivals;
  readonly #lobby: Lobby;
  readonly #replacements: Replacements;
  readonly #refusals: Refusals;
  /** Channels of calls that wait to join until it is known how their callers can hear. Bounded by the calls of Asterisk. */
  readonly #joining = new Set<string>();

  constructor(options: IncomingCallsOptions, deps: IncomingCallsDeps) {
    const { reconciler } = deps;
    this.#deps = deps;
    this.#refusals = new Refusals(deps);
    this.#router = new CallRouter(options, { ...deps, refusals: this.#refusals });
    this.#arrivals = new Arrivals(options, {
      ...deps,
      now: () => performance.now(),
      pass: (apply) => reconciler.pass(apply),
    });
    this.#lobby = new Lobby({
      ...deps,
      settled: (channelId, error) => this.settled(channelId, error),
      join: (conference, profileName, channel, { flags, phoneHold }) =>
        this.#join(channel, conference, profileName, { flags, phoneHold, origin: 'lobby' }),
    });
    this.#replacements = new Replacements({
      ...deps,
      lobby: this.#lobby,
      withPath: (channel, use) => this.#withPath(channel, use),
    });
  }

  /** Calls that come in. */
  get admission(): Admission {
    return this.#arrivals.admission;
  }

  /** Callers who have not dialled a conference yet. */
  get inLobby(): number {
    return this.#lobby.size;
  }

  /** Whether a call is undecided: it waits, is about to join, to replace another one or to be replaced, or is on its way out. */
  isUndecided(channelId: string): boolean {
    const isArriving = this.#arrivals.has(channelId) && !this.#deps.conferences.memberOf(channelId);
    const isLeaving = this.#router.has(channelId) || this.#refusals.has(channelId);
    return isLeaving || this.#replacements.has(channelId) || isArriving;
  }

  /** A call has come. */
  receive(channel: AriChannel, args: readonly string[]): void {
    this.#receive(channel, args, (arrival) => this.#router.receive(arrival));
  }

  /** A call takes the place of another one. @param replaced the channel of that one */
  replace(channel: AriChannel, replaced: string): void {
    this.#replacements.receive(channel, replaced);
  }

  /** A call is back from the dialplan. @returns whether Rostrum has sent it there so that it takes the place of another */
  returned(channel: AriChannel): boolean {
    return this.#replacements.returned(channel);
  }

  /** Asterisk was read: the calls that it has are received, and others are forgotten. */
  resync({ channels, malformed, inLobby, unanswered }: AsteriskRead): void {
    const living = new Set(channels.map(({ id }) => id));
    this.#router.resync(living);
    this.#refusals.resync(living);
    this.#lobby.resync(living);
    this.#arrivals.resync(living);
    for (const { channel, message } of malformed) {
      // A call that takes the place of another has no arguments of this kind. Its coming may be among the events that wait.
      this.#deps.reconciler.pass(() => {
        if (!this.#isKnown(channel.id) && !this.#replacements.has(channel.id)) this.#turnAway(channel, message);
      });
    }
    for (const channel of inLobby) {
      if (!this.#lobby.has(channel.id)) this.receive(channel, channel.stasis?.args ?? []);
    }
    for (const channel of unanswered) {
      // It is for this node, unless its caller has yet to be asked for a conference.
      this.#receive(channel, channel.stasis?.args ?? [], (arrival) =>
        arrival.conference === null ? this.#router.receive(arrival) : arrival.letIn(),
      );
    }
  }

  /** A caller has pressed a key. @returns whether it was meant for the lobby */
  handleDtmf(channelId: string, digit: string): boolean {
    if (!this.#lobby.has(channelId)) return false;
    this.#lobby.handleDtmf(channelId, digit);
    return true;
  }

  /** A phone has put the call on hold, or has taken it back: that counts once the caller has joined. */
  handleHold(channelId: string, held: boolean): void {
    this.#lobby.handleHold(channelId, held);
  }

  /** As `Arrivals.settled`. */
  settled(channelId: string, error: unknown): void {
    this.#arrivals.settled(channelId, error);
  }

  channelGone(channelId: string, destroyed: boolean): void {
    this.#replacements.channelGone(channelId, destroyed);
    this.#joining.delete(channelId);
    this.#lobby.channelGone(channelId);
    this.#router.channelGone(channelId);
    this.#refusals.channelGone(channelId);
    this.#arrivals.channelGone(channelId);
  }

  /** Stops the timers. */
  stop(): void {
    this.#lobby.stop();
    this.#arrivals.stop();
    this.#router.stop();
    this.#replacements.stop();
  }

  #receive(channel: AriChannel, args: readonly string[], route: (arrival: Arrival) => void): void {
    // It was found in Asterisk before, and was let in or sent elsewhere.
    if (this.#isKnown(channel.id)) return;
    const parsed = parseJoinArguments(args);
    if (!parsed.ok) return this.#turnAway(channel, parsed.message);
    const { conferences, reconciler } = this.#deps;
    const { conference, profileName, flags } = parsed.join;
    const settings = conferences.settingsFor(conference, profileName);
    if (!settings) {
      const what = conference === null ? 'the lobby' : `conference ${conference}`;
      const known = conferences.profileNames.join(', ');
      return this.#turnAway(channel, `${what} asks for profile "${profileName}"; there are: ${known}`);
    }
    const join = () =>
      conference === null
        ? this.#lobby.receive(channel, settings, flags)
        : this.#join(channel, conference, profileName, { flags, origin: 'dialplan' });
    const admit = () => reconciler.admit(join);
    const sendAway = () => this.#router.sendAway(arrival);
    const letIn = () => this.#arrivals.receive({ channel, admit, sendAway });
    const arrival: Arrival = { channel, conference, settings, letIn };
    route(arrival);
  }

  #join(
    channel: AriChannel,
    conference: string,
    profileName: string,
    how: Pick<JoiningCall, 'flags' | 'origin' | 'phoneHold'>,
  ): void {
    const { conferences } = this.#deps;
    const closed = conferences.closed(conference);
    if (closed) return this.#refuse(channel, conference, profileName, closed);
    const call = { channelId: channel.id, caller: callerOf(channel) };
    this.#withPath(channel, (path, phoneHold) => {
      conferences.join(conference, profileName, { ...call, phoneHold, ...how, path });
    });
  }

  #refuse(channel: AriChannel, conference: string, profileName: string, closed: Closed): void {
    const { conferences, logger, wallNow } = this.#deps;
    const { id } = channel;
    const sound = conferences.settingsFor(conference, profileName)?.profile.sound;
    if (!sound)
      return this.#turnAway(channel, `conference ${conference}: there is no profile "${profileName}" any more`);
    const refusal = refusalOf(closed, sound.language, wallNow());
    logger.info(`call from ${callerNumber(channel)} refused: conference ${conference} ${closedInWords(closed)}`);
    const refused = this.#refusals.refuse(channel, sound, refusal, (error) => this.settled(id, error));
    logFailure(logger, `call ${id}`, refused);
  }

  /** A call joins, in the way given, once it is known how its caller can hear. It is hung up if it cannot be heard. */
  #withPath(channel: AriChannel, join: (path: Path, phoneHold: boolean) => void): void {
    const { anchors, reconciler, logger, ari } = this.#deps;
    const { id } = channel;
    const path = anchors.ensure(channel);
    if (!(path instanceof Promise)) return join(path, false);
    this.#joining.add(id);
    path.then(
      // Not if it has ended while this had to wait.
      (known) => reconciler.pass(() => this.#joining.delete(id) && join(known, anchors.wasHeld(id))),
      (error: Error) => {
        this.#joining.delete(id);
        this.settled(id, error);
        if (!anchors.has(id)) return;
        logger.error(`call from ${callerNumber(channel)} refused: ${error.message}`);
        logFailure(logger, `call ${id}`, ari.hangUp(id, CONGESTION));
      },
    );
  }

  #isKnown(channelId: string): boolean {
    const isTaken = this.#deps.conferences.conferenceOf(channelId) !== undefined;
    if (isTaken || this.#joining.has(channelId)) return true;
    if (this.#refusals.has(channelId) || this.#lobby.has(channelId)) return true;
    return this.#router.has(channelId) || this.#arrivals.has(channelId);
  }

  #turnAway(channel: AriChannel, why: string): void {
    const { logger, ari } = this.#deps;
    logger.error(`call from ${callerNumber(channel)} turned away: ${why}`);
    logFailure(logger, `call ${channel.id}`, ari.hangUp(channel.id, NO_ROUTE));
  }
}
