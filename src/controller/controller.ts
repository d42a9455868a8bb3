import type { Logger } from 'winston';
import type { Admission } from '../admission/gate.ts';
import type { AriEvent } from '../ari/messages.ts';
import type { AriPort } from '../ari/port.ts';
import type { Published } from '../attendance/journal.ts';
import type { ExternalCommand } from '../conference/model/commands.ts';
import type { Conference } from '../conference/model/conference.ts';
import type { Member } from '../conference/model/member.ts';
import type { Meant } from '../conference/model/member-address.ts';
import type { SettingsBook } from '../conference-table/settings-book.ts';
import type { InvitationEvent } from '../invite/invitation.ts';
import type { RelayReport } from '../relay/protocol/protocol.ts';
import type { Speech } from '../speech/speech.ts';
import type { AsteriskRoom } from './asterisk/asterisk-files.ts';
import { readAsterisk } from './asterisk/read-asterisk.ts';
import { Reconciler } from './asterisk/reconciler.ts';
import { AsteriskEvents } from './asterisk-events.ts';
import { type AsteriskServices, createAsteriskServices } from './asterisk-services.ts';
import { IncomingCalls } from './calls/incoming-calls.ts';
import type { Inviter } from './calls/inviter.ts';
import { KeyPresses } from './calls/key-presses.ts';
import { MemberInvitations } from './calls/member-invitations.ts';
import { type MemberMedia, readMedia } from './calls/member-media.ts';
import { PinChecks } from './calls/pin-checks.ts';
import { Refers } from './calls/refers.ts';
import type { Cluster } from './cluster/cluster.ts';
import { Commands } from './commands.ts';
import { Conferences } from './conferences.ts';
import type { AsteriskEffect } from './effects/effect-runner.ts';
import { ControllerError } from './errors/controller-error.ts';
import type { RelayLink } from './relay/relay-link.ts';
import { TalkLevels } from './relay/talk-levels.ts';
import { resync } from './resync.ts';

export type ControllerOptions = {
  application: string;
  nodeId: string;
  /** The longest time that a call may wait to be let in. */
  waitMs: number;
  /** As of `AnchorsOptions`. */
  anySource: boolean;
  /** As of `EffectRunnerDeps`. */
  recordings: string;
};

export type ControllerDeps = {
  ari: AriPort;
  room: AsteriskRoom;
  link: RelayLink;
  book: SettingsBook;
  speech: Speech;
  logger: Logger;
  now: () => number;
  /** ms since 1970, by the wall clock. */
  wallNow: () => number;
  inviter: Inviter;
  cluster: Cluster;
  /** Receives every event of every conference. */
  watch: (published: Published) => void;
};

/** The ARI application: its parts, and what others may ask of them. */
export class Controller {
  readonly #deps: ControllerDeps;
  readonly #asterisk: AsteriskServices;
  readonly #conferences: Conferences;
  readonly #commands: Commands;
  readonly #invitations: MemberInvitations;
  readonly #incomingCalls: IncomingCalls;
  readonly #pinChecks: PinChecks;
  readonly #talkLevels: TalkLevels;
  readonly #keyPresses: KeyPresses;
  readonly #reconciler: Reconciler;
  readonly #events: AsteriskEvents;
  /** Asterisk has been read at least once. */
  #isReady = false;

  constructor(options: ControllerOptions, deps: ControllerDeps) {
    this.#deps = deps;
    const { ari, room, logger, now, wallNow, inviter, watch, book, cluster } = deps;
    const dispatch: Conferences['dispatch'] = (name, input) => this.#conferences.dispatch(name, input);
    this.#reconciler = new Reconciler({ reconcile: () => this.#reconcile(), logger });
    this.#asterisk = createAsteriskServices(options, {
      ...deps,
      report: dispatch,
      settled: (channelId, error) => this.#incomingCalls.settled(channelId, error),
      onPath: (channelId, path) => this.#conferences.dispatchToMember(channelId, { type: 'path', channelId, path }),
      onMeasured: (channelId) => this.#talkLevels.measured(channelId),
    });
    this.#talkLevels = new TalkLevels({
      levelOf: (channelId) => this.#asterisk.meters.levelOf(channelId),
      report: (channelId, talk) =>
        this.#conferences.dispatchToMember(channelId, { type: 'talking', channelId, ...talk }),
    });
    this.#invitations = new MemberInvitations({
      inviter,
      logger,
      reportFailure: (name, memberId) =>
        dispatch(name, { type: 'command', command: { type: 'prompt-failure', memberId, prompt: 'invite-failed' } }),
    });
    this.#pinChecks = new PinChecks({ ari, dispatch, now, tellWrong: (tried) => cluster.tellWrongPin(tried) });
    const conferences = new Conferences({
      book,
      logger,
      now,
      wallNow,
      run: (name, effects) => this.#run(name, effects),
      invite: (conference, request) => this.#invitations.invite(conference, request),
      publish: (published) => {
        // A call that is answered late would begin the conference again.
        if (published.event.type === 'ending') inviter.cancelAll(published.conference);
        watch(published);
      },
      cluster,
      pinChecks: this.#pinChecks,
    });
    this.#commands = new Commands({ conferences, forwarding: cluster.forwarding });
    this.#conferences = conferences;
    this.#incomingCalls = new IncomingCalls(options, {
      ...this.#asterisk,
      reconciler: this.#reconciler,
      cluster,
      conferences,
      room,
      numbers: {
        isRunning: (name) => conferences.all.get(name)?.status === 'running' || cluster.isRunningElsewhere(name),
        isListed: (name) => conferences.isListed(name),
        isBeginning: (digits) => conferences.isBeginning(digits),
        mayBeUnlisted: () => conferences.mayBeUnlisted,
      },
      logger,
      now,
      wallNow,
    });
    cluster.attach({
      all: conferences.all,
      dispatch,
      execute: (name, command, origin) => this.#commands.executeHere(name, command, origin),
      settingsFor: (name, profileName) => conferences.settingsFor(name, profileName),
      homeOf: (name) => conferences.homeOf(name),
      table: () => conferences.tableDigest,
      admission: () => this.admission,
      wrongPinElsewhere: (tried) => this.#pinChecks.wrongElsewhere(tried),
    });
    this.#keyPresses = new KeyPresses({
      isRelayed: (channelId) => deps.link.callOf(channelId) !== null,
      count: (channelId, digit) => this.#reconciler.pass(() => this.#events.count(channelId, digit)),
      now: () => performance.now(),
    });
    this.#events = new AsteriskEvents({
      asterisk: this.#asterisk,
      conferences,
      incomingCalls: this.#incomingCalls,
      refers: new Refers({ ...this.#asterisk, conferences, logger }),
      pinChecks: this.#pinChecks,
      talkLevels: this.#talkLevels,
      keyPresses: this.#keyPresses,
      inviter,
      reconciler: this.#reconciler,
      logger,
    });
  }

  get conferences(): ReadonlyMap<string, Conference> {
    return this.#conferences.all;
  }

  /**
   * Until Asterisk has been read for the first time, it is not known which conferences there are.
   * @throws ControllerError `starting`
   */
  requireReady(): void {
    if (this.#isReady) return;
    const message =
      'the controller is starting and has not read the conferences from Asterisk yet: try again in a moment';
    throw new ControllerError('starting', message);
  }

  /** Calls that come in. */
  get admission(): Admission {
    return this.#incomingCalls.admission;
  }

  get callersInLobby(): number {
    return this.#incomingCalls.inLobby;
  }

  /** The state of a member's call. @returns null if the member has just left, or Asterisk does not answer */
  async readMedia({ channelId }: Member): Promise<MemberMedia | null> {
    return readMedia(channelId, this.#deps).catch((error: Error) => {
      this.#deps.logger.debug(`statistics of ${channelId} not read: ${error.message}`);
      return null;
    });
  }

  /** How loud the member is, as of now; null where it is not measured. */
  levelDbovOf({ channelId }: Member): number | null {
    return this.#asterisk.meters.levelOf(channelId);
  }

  /** Applies what the relay reports of floors, calls and meters; the rest is for the link and the cluster. */
  handleRelayReport(report: RelayReport): void {
    const { floorLegs, anchors, meters } = this.#asterisk;
    switch (report.type) {
      case 'floor':
        return floorLegs.opened(report.conference, report.local);
      case 'floor-failed':
        this.#deps.logger.warn(
          `conference ${report.conference}: the relay has no port for its floor, so its listeners hear nothing: ${report.message}`,
        );
        return;
      case 'call-open':
        return anchors.settled(report.channelId, null);
      case 'call-failed':
        return anchors.settled(report.channelId, report.message);
      case 'call-key':
        return this.#keyPresses.pressed(report.channelId, report.digit);
      case 'call-codec':
        return anchors.describedAgain(report.channelId);
      case 'call-talks':
        return this.#conferences.dispatchToMember(report.channelId, {
          type: 'talks-muted',
          channelId: report.channelId,
        });
      case 'call-silent':
        return anchors.silent(report.channelId, report.seconds);
      case 'levels':
        return meters.measured(report.levels);
    }
  }

  /** As `Conferences.useSettings`. */
  useSettings(book: SettingsBook): void {
    this.#conferences.useSettings(book);
  }

  /** The wall clock was set. */
  wallClockSet(): void {
    this.#conferences.refreshClosing();
  }

  /** An invitation has come further, or to its end. */
  invitationChanged(name: string, event: InvitationEvent): void {
    const { type, ...details } = event;
    this.#deps.logger.info(`conference ${name}: ${type} ${event.status}`, { conference: name, ...details });
    this.#invitations.changed(name, event);
  }

  /** Stops the timers. Calls and bridges stay as they are in Asterisk, for the next controller to adopt. */
  stop(): void {
    this.#reconciler.stop();
    this.#conferences.stop();
    this.#talkLevels.stop();
    this.#keyPresses.stop();
    this.#asterisk.meters.stop();
    this.#incomingCalls.stop();
    this.#pinChecks.stop();
  }

  /** As `Commands.execute`. */
  command(name: string, command: ExternalCommand, by?: string): Promise<Meant | null> {
    return this.#commands.execute(name, command, by);
  }

  /** As `Commands.requireJoinable`. */
  requireJoinable(conference: string, profileName: string): void {
    this.#commands.requireJoinable(conference, profileName);
  }

  /** A connection to Asterisk is about to be opened: its events wait for the resync that has to follow. */
  connecting(): void {
    this.#reconciler.hold();
    // Asterisk will not say any more what is over.
    this.#asterisk.prompter.forgetAll();
    this.#asterisk.memberPlayer.forgetAll();
  }

  /** Handles an event of Asterisk: at once, or after the reconciliation that is under way. */
  handle(event: AriEvent): void {
    this.#reconciler.pass(() => this.#events.handle(event));
  }

  /** Reconciles everything with what Asterisk has now. Rejects with an `AriError` if Asterisk cannot be read. */
  resync(): Promise<void> {
    return this.#reconciler.run();
  }

  async #reconcile(): Promise<void> {
    const { ari, names } = this.#asterisk;
    const { inviter, link, cluster, logger } = this.#deps;
    const known = {
      isUndecided: (channelId: string) => this.#incomingCalls.isUndecided(channelId),
      homeOf: (channelId: string) =>
        (this.#conferences.memberOf(channelId) && this.#conferences.conferenceOf(channelId)) ?? null,
    };
    const read = await readAsterisk(ari, names, known, logger);
    inviter.resync(read.channels);
    const living = new Set(read.channels.map(({ id }) => id));
    this.#pinChecks.resync(living);
    this.#keyPresses.resync(living);
    this.#incomingCalls.resync(read);
    await resync(read, this.#asterisk, this.#conferences);
    link.ready();
    cluster.ready();
    this.#isReady = true;
  }

  async #run(name: string, effects: readonly AsteriskEffect[]): Promise<void> {
    try {
      await this.#asterisk.runner.run(name, effects);
    } catch (error) {
      this.#reconciler.repairIfUnanswered(error);
      throw error;
    }
  }
}
