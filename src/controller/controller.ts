import type { Logger } from 'winston';
import type { Admission } from '../admission/gate.ts';
import { CONGESTION, NO_ROUTE } from '../ari/causes.ts';
import type { AriEvent } from '../ari/messages.ts';
import type { AriChannel, AriPort } from '../ari/port.ts';
import type { ExternalCommand } from '../conference/model/commands.ts';
import type { Conference } from '../conference/model/conference.ts';
import { parseJoinArguments } from '../conference/model/join-arguments.ts';
import { isAway, type Member, type Path } from '../conference/model/member.ts';
import type { InvitationEvent } from '../invite/invitation.ts';
import type { Profiles } from '../profiles/profiles.ts';
import type { RelayReport } from '../relay/protocol.ts';
import type { Speech } from '../speech/speech.ts';
import { type AsteriskSide, createAsteriskSide } from './asterisk/asterisk-side.ts';
import { METER, PLAYER, RETURN, WHISPER } from './asterisk/names.ts';
import { callerOf, readAsterisk } from './asterisk/read-asterisk.ts';
import { Reconciler } from './asterisk/reconciler.ts';
import { resync } from './asterisk/resync.ts';
import { Arrivals } from './calls/arrivals.ts';
import { type Arrival, CallRouter } from './calls/call-router.ts';
import type { Inviter } from './calls/inviter.ts';
import { Lobby } from './calls/lobby.ts';
import { MemberInvitations } from './calls/member-invitations.ts';
import { type MemberMedia, readMedia } from './calls/member-media.ts';
import type { Cluster } from './cluster/cluster.ts';
import { Commands } from './commands.ts';
import { Conferences, type Published } from './conferences.ts';
import type { AsteriskEffect } from './effects/effect-runner.ts';
import type { RelayLink } from './relay/relay-link.ts';
import { takeRelayReport } from './relay/relay-reports.ts';
import { TalkLevels } from './relay/talk-levels.ts';

export type ControllerOptions = {
  application: string;
  nodeId: string;
  /** So long a call may wait to be let in. */
  waitMs: number;
  /** As of `AnchorsOptions`. */
  anySource: boolean;
};

export type ControllerDeps = {
  ari: AriPort;
  link: RelayLink;
  profiles: Profiles;
  speech: Speech;
  logger: Logger;
  now: () => number;
  inviter: Inviter;
  cluster: Cluster;
  /** Receives every event of every conference. */
  watch: (published: Published) => void;
};

/** The ARI application: passes on what Asterisk tells, and carries out what operators want. */
export class Controller {
  readonly #deps: ControllerDeps;
  readonly #asterisk: AsteriskSide;
  readonly #conferences: Conferences;
  readonly #commands: Commands;
  readonly #invitations: MemberInvitations;
  readonly #lobby: Lobby;
  readonly #router: CallRouter;
  /** Calls of which it is not known yet how they can be heard, by channel. Bounded by the calls of Asterisk. */
  readonly #joining = new Set<string>();
  readonly #arrivals: Arrivals;
  readonly #talkLevels: TalkLevels;
  readonly #reconciler: Reconciler;

  constructor(options: ControllerOptions, deps: ControllerDeps) {
    this.#deps = deps;
    const { ari, link, logger, now, inviter, watch, profiles, speech, cluster } = deps;
    const tell: Conferences['tell'] = (name, input) => this.#conferences.tell(name, input);
    this.#reconciler = new Reconciler({ reconcile: () => this.#reconcile(), logger });
    const settled: Arrivals['settled'] = (channelId, error) => this.#arrivals.settled(channelId, error);
    this.#arrivals = new Arrivals(options, {
      ari,
      logger,
      now: () => performance.now(),
      pass: (take) => this.#reconciler.pass(take),
    });
    this.#asterisk = createAsteriskSide(options, {
      ari,
      link,
      speech,
      logger,
      report: tell,
      settled,
      measured: (channelId) => this.#talkLevels.measured(channelId),
    });
    this.#talkLevels = new TalkLevels({
      levelOf: (channelId) => this.#asterisk.meters.levelOf(channelId),
      tell: (channelId, talk) => this.#conferences.tellOf(channelId, { type: 'talking', channelId, ...talk }),
    });
    this.#invitations = new MemberInvitations({
      inviter,
      logger,
      tellFailure: (name, memberId) =>
        tell(name, { type: 'command', command: { type: 'tell-failure', memberId, prompt: 'invite-failed' } }),
    });
    this.#conferences = new Conferences({
      profiles,
      logger,
      now,
      run: (name, effects) => this.#run(name, effects),
      invite: (conference, spec) => this.#invitations.invite(conference, spec),
      publish: (published) => {
        // Whoever answered late would begin it anew.
        if (published.event.type === 'ending') inviter.cancelAll(published.conference);
        watch(published);
      },
      cluster,
    });
    this.#commands = new Commands({ conferences: this.#conferences, cluster });
    cluster.attach({
      all: this.conferences,
      tell,
      command: (name, command, noForward) => this.#commands.carryOut(name, command, noForward),
      settingsFor: (profileName) => this.#conferences.settingsFor(null, profileName),
      admission: () => this.#arrivals.admission,
    });
    this.#router = new CallRouter(
      { nodeId: options.nodeId },
      {
        ari,
        prompter: this.#asterisk.prompter,
        anchors: this.#asterisk.anchors,
        logger,
        now,
        cluster,
      },
    );
    this.#lobby = new Lobby({
      ari,
      prompter: this.#asterisk.prompter,
      anchors: this.#asterisk.anchors,
      logger,
      now,
      isRunning: (conference) =>
        this.conferences.get(conference)?.status === 'running' || cluster.isRunningElsewhere(conference),
      settled,
      join: (conference, profileName, channel, flags) => {
        this.#join(channel, (path) => {
          const call = { channelId: channel.id, caller: callerOf(channel), flags, path, origin: 'lobby' } as const;
          this.#conferences.join(conference, profileName, call);
        });
      },
    });
  }

  get conferences(): ReadonlyMap<string, Conference> {
    return this.#conferences.all;
  }

  /** Calls that come in. */
  get admission(): Admission {
    return this.#arrivals.admission;
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

  /** The relay tells of a floor, a call or meters. */
  relayReported(report: RelayReport): void {
    const { logger } = this.#deps;
    takeRelayReport(report, { asterisk: this.#asterisk, logger });
  }

  /** Takes changed profiles over. */
  useProfiles(profiles: Profiles): void {
    this.#conferences.useProfiles(profiles);
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
    this.#asterisk.meters.stop();
    this.#lobby.stop();
    this.#arrivals.stop();
    this.#router.stop();
  }

  /** As `Commands.command`. */
  command(name: string, command: ExternalCommand): Promise<void> {
    return this.#commands.command(name, command);
  }

  /** As `Commands.requireProfile`. */
  requireProfile(conference: string, profileName: string): void {
    this.#commands.requireProfile(conference, profileName);
  }

  /** A connection to Asterisk is about to be opened: its events wait for the resync that has to follow. */
  connecting(): void {
    this.#reconciler.hold();
    // Nobody will say any more what is over.
    this.#asterisk.prompter.forgetAll();
  }

  /** Takes what Asterisk tells; while everything is being reconciled with it, afterwards. */
  handle(event: AriEvent): void {
    this.#reconciler.pass(() => this.#take(event));
  }

  /** Reconciles everything with what Asterisk has now. Rejects with an `AriError` if Asterisk cannot be read. */
  resync(): Promise<void> {
    return this.#reconciler.run();
  }

  #take(event: AriEvent): void {
    const { inviter } = this.#deps;
    switch (event.type) {
      case 'StasisStart':
        inviter.handle({ type: 'StasisStart', channelId: event.channel.id });
        return this.#entered(event.channel, event.args);
      case 'StasisEnd':
        return this.#left(event.channel.id, false);
      case 'ChannelDestroyed':
        inviter.handle({ type: 'ChannelDestroyed', channelId: event.channel.id, cause: event.cause });
        this.#asterisk.anchors.end(event.channel.id);
        return this.#left(event.channel.id, true);
      case 'ChannelDtmfReceived':
        return this.#pressed(event.channel.id, event.digit);
      case 'ChannelTalkingStarted':
        return this.#talkLevels.started(event.channel.id);
      case 'ChannelTalkingFinished':
        return this.#talkLevels.finished(event.channel.id);
      case 'PlaybackFinished':
        return this.#playbackFinished(event.playback.id, event.playback.state === 'failed');
      case 'RecordingFinished':
      case 'RecordingFailed':
        return this.#recordingEnded(event.recording.name, event.type === 'RecordingFailed');
      case 'BridgeDestroyed':
        return this.#bridgeDestroyed(event.bridge.id);
      case 'ChannelUserevent':
      case 'ApplicationReplaced':
        // Between controllers: see application-claim.ts.
        return;
    }
  }

  async #reconcile(): Promise<void> {
    const { ari, names } = this.#asterisk;
    const read = await readAsterisk(ari, names, {
      isUndecided: (channelId) => this.#router.has(channelId) || this.#isArriving(channelId),
      homeOf: (channelId) =>
        (this.#conferences.memberOf(channelId) && this.#conferences.conferenceOf(channelId)) ?? null,
    });
    this.#deps.inviter.resync(read.channels);
    const living = new Set(read.channels.map(({ id }) => id));
    this.#router.resync(living);
    this.#lobby.resync(living);
    this.#arrivals.resync(living);
    for (const { channel, message } of read.malformed) this.#turnAway(channel, message);
    for (const channel of read.inLobby) {
      if (!this.#lobby.has(channel.id)) this.#entered(channel, channel.stasis?.args ?? []);
    }
    for (const channel of read.unanswered)
      this.#come(channel, channel.stasis?.args ?? [], (found) => this.#find(found));
    await resync(read, this.#asterisk, this.#conferences);
    this.#deps.link.ready();
    this.#deps.cluster.ready();
  }

  async #run(name: string, effects: readonly AsteriskEffect[]): Promise<void> {
    try {
      await this.#asterisk.runner.run(name, effects);
    } catch (error) {
      this.#reconciler.repairIfUnanswered(error);
      throw error;
    }
  }

  #tell({ id }: AriChannel, input: Parameters<Conferences['tell']>[1]): void {
    this.#conferences.tellOf(id, input);
  }

  #entered(channel: AriChannel, args: readonly string[]): void {
    const { names, floorLegs } = this.#asterisk;
    const floorLeg = names.conferenceOfFloorLeg(channel.id);
    if (floorLeg !== null) return floorLegs.entered(floorLeg);
    switch (args[0]) {
      case WHISPER:
        return this.#asterisk.prompter.whisperEntered(channel.id);
      case PLAYER:
        return this.#conferences.logFailure('player', this.#playerEntered(channel.id));
      case METER:
        return void this.#asterisk.meters.entered(names.channelOfMeter(channel.id) ?? '');
      case RETURN:
        return this.#returned(channel, args[1]);
    }
    // An application of the dialplan has led the member to a conference instead of back.
    if (this.#isAway(channel.id)) this.#left(channel.id, true);
    this.#come(channel, args, (arrival) => this.#router.receive(arrival));
  }

  /** A call has come, or was found in Asterisk. */
  #come(channel: AriChannel, args: readonly string[], receive: (arrival: Arrival) => void): void {
    // It was found in Asterisk, and taken or sent elsewhere, before this was told.
    if (this.#isKnown(channel.id)) return;
    const parsed = parseJoinArguments(args);
    if (!parsed.ok) return this.#turnAway(channel, parsed.message);
    const { conference, profileName, flags } = parsed.join;
    const settings = this.#conferences.settingsFor(conference, profileName);
    if (!settings) {
      const what = conference === null ? 'the lobby' : `conference ${conference}`;
      const known = this.#conferences.profileNames.join(', ');
      return this.#turnAway(channel, `${what} asks for profile "${profileName}"; there are: ${known}`);
    }
    const join = () => {
      if (conference === null) return this.#lobby.receive(channel, settings, flags);
      this.#join(channel, (path) => {
        const call = { channelId: channel.id, caller: callerOf(channel), flags, path, origin: 'dialplan' } as const;
        this.#conferences.join(conference, profileName, call);
      });
    };
    const admit = () => this.#reconciler.admit(join);
    const sendAway = () => this.#router.sendAway(arrival);
    const take = () => this.#arrivals.receive({ channel, admit, sendAway });
    const arrival: Arrival = { channel, conference, settings, take };
    receive(arrival);
  }

  /** A call that was found in Asterisk is for this node, unless nobody knows yet where it wants to go. */
  #find(arrival: Arrival): void {
    if (arrival.conference === null) this.#router.receive(arrival);
    else arrival.take();
  }

  /** A call joins once it is known how its caller can hear. */
  #join(channel: AriChannel, join: (path: Path) => void): void {
    const { id } = channel;
    const path = this.#asterisk.anchors.ensure(channel);
    if (!(path instanceof Promise)) return join(path);
    this.#joining.add(id);
    path.then(
      // Not if it has ended while this had to wait.
      (known) => this.#reconciler.pass(() => this.#joining.delete(id) && join(known)),
      (error: Error) => {
        this.#joining.delete(id);
        this.#arrivals.settled(id, error);
        if (!this.#asterisk.anchors.has(id)) return;
        this.#deps.logger.error(`call from ${channel.caller.number || 'unknown'} refused: ${error.message}`);
        this.#conferences.logFailure(`call ${id}`, this.#deps.ari.hangUp(id, CONGESTION));
      },
    );
  }

  #isKnown(channelId: string): boolean {
    const isMember = this.#conferences.conferenceOf(channelId) !== undefined;
    if (isMember || this.#joining.has(channelId) || this.#lobby.has(channelId)) return true;
    return this.#router.has(channelId) || this.#arrivals.has(channelId);
  }

  /** Whether a call waits to be let in, or is about to become a member. */
  #isArriving(channelId: string): boolean {
    return this.#arrivals.has(channelId) && !this.#conferences.memberOf(channelId);
  }

  #isAway(channelId: string): boolean {
    const member = this.#conferences.memberOf(channelId);
    return member !== undefined && isAway(member);
  }

  #pressed(channelId: string, key: string): void {
    if (this.#lobby.has(channelId)) return this.#lobby.pressed(channelId, key);
    this.#conferences.tellOf(channelId, { type: 'dtmf', channelId, digit: key });
  }

  #turnAway(channel: AriChannel, why: string): void {
    this.#deps.logger.error(`call from ${channel.caller.number || 'unknown'} turned away: ${why}`);
    this.#conferences.logFailure(`call ${channel.id}`, this.#deps.ari.hangUp(channel.id, NO_ROUTE));
  }

  /** Back from an application of the dialplan; perhaps so late that the conference has forgotten this member. */
  #returned(channel: AriChannel, status: string | undefined): void {
    if (status === 'NOAPP') this.#deps.logger.warn('exec: Asterisk has no such application, or it is not loaded');
    if (this.#conferences.memberOf(channel.id)) return this.#tell(channel, { type: 'returned', channelId: channel.id });
    this.#conferences.logFailure(`call ${channel.id}`, this.#deps.ari.continueInDialplan(channel.id));
  }

  #left(channelId: string, destroyed: boolean): void {
    const { prompter, nameRecorder, bridges, names, anchors, meters } = this.#asterisk;
    if (destroyed) this.#toRelayGone(channelId);
    if (!destroyed) anchors.left(channelId);
    this.#joining.delete(channelId);
    this.#lobby.left(channelId);
    this.#router.left(channelId);
    this.#arrivals.left(channelId);
    prompter.forget(channelId);
    nameRecorder.forget(channelId);
    bridges.forget(channelId);
    this.#conferences.logFailure(`call ${channelId}`, meters.set(channelId, false));
    this.#talkLevels.forget(channelId);
    // Of a player that never came to play, Asterisk does not say that it has finished.
    const playback = names.playbackOfPlayer(channelId) ?? names.playbackOnFloor(channelId);
    if (playback !== null) this.#playbackFinished(playback, true);
    this.#conferences.tellOf(channelId, { type: 'left', channelId, destroyed });
  }

  /** Perhaps it led to the relay. */
  #toRelayGone(channelId: string): void {
    const { names, floorLegs, meters } = this.#asterisk;
    meters.gone(names.channelOfMeter(channelId) ?? '');
    const conference = names.conferenceOfFloorLeg(channelId);
    if (conference !== null) floorLegs.gone(conference);
  }

  #playerEntered(channelId: string): Promise<void> {
    return this.#asterisk.floorPlayer.entered(channelId);
  }

  #playbackFinished(id: string, failed: boolean): void {
    const { prompter, floorPlayer } = this.#asterisk;
    prompter.finished(id);
    floorPlayer.finished(id, failed);
    for (const [name, { playback }] of this.conferences) {
      if (playback?.id !== id) continue;
      floorPlayer.stop(id);
      this.#conferences.tell(name, { type: 'playback-ended', id });
    }
  }

  #recordingEnded(recordingName: string, failed: boolean): void {
    this.#asterisk.nameRecorder.finished(recordingName, !failed);
    for (const [name, { recording }] of this.conferences) {
      if (recording?.name !== recordingName) continue;
      this.#conferences.tell(name, { type: 'recording-ended', name: recordingName, failed });
    }
  }

  #bridgeDestroyed(bridgeId: string): void {
    const intended = this.#asterisk.bridges.destroyed(bridgeId);
    const name = this.#asterisk.names.conferenceOfFloor(bridgeId);
    if (intended || name === null || !this.conferences.has(name)) return;
    this.#deps.logger.warn(`conference ${name}: somebody destroyed its bridge, making it again`);
    this.#conferences.logFailure(`conference ${name}`, this.#reconciler.repair());
  }
}
