import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import { AriError } from '../ari/errors.ts';
import type { AriEvent } from '../ari/messages.ts';
import type { AriChannel, AriMedia, AriPort } from '../ari/port.ts';
import type { Command } from '../conference/commands.ts';
import { type Conference, newConference, type Settings } from '../conference/conference.ts';
import type { ConferenceEvent } from '../conference/events.ts';
import type { FlagChanges } from '../conference/flags.ts';
import type { Guesses } from '../conference/guesses.ts';
import type { Input, JoinOrigin } from '../conference/inputs.ts';
import { parseJoinArguments } from '../conference/join-arguments.ts';
import type { Caller, Member } from '../conference/member.ts';
import { reduce } from '../conference/reduce.ts';
import type { InvitationEvent } from '../invite/invitation.ts';
import { inviteBodySchema, inviteRequest } from '../invite/request.ts';
import { findSettings, type Profiles, standardSettings } from '../profiles/profiles.ts';
import { mergeLive } from '../profiles/takes-effect.ts';
import type { Speech } from '../speech/speech.ts';
import { Arranger, isChannelGone } from './arranger.ts';
import { Bridges } from './bridges.ts';
import { ComfortNoise } from './comfort-noise.ts';
import { type AsteriskEffect, EffectRunner, isForAsterisk } from './effect-runner.ts';
import { ControllerError } from './errors.ts';
import { FloorPlayer } from './floor-player.ts';
import type { Inviter } from './inviter.ts';
import { Lobby } from './lobby.ts';
import { NameRecorder } from './name-recorder.ts';
import { Names, PLAYER, RETURN, WHISPER } from './names.ts';
import { Prompter } from './prompter.ts';
import { type AsteriskRead, callerOf, readAsterisk, readConference } from './read-asterisk.ts';
import { SoundLibrary } from './sound-library.ts';
import { WakeTimers } from './wake-timers.ts';
import { callWebhook } from './webhook.ts';

/** ITU-T Q.850 cause 3, "no route to destination": the caller of a bad extension gets SIP 404. */
const NO_ROUTE = 3;
const NORMAL_CLEARING = 16;
/** A recording that cannot be written ends within milliseconds. */
const FAILS_WITHIN_MS = 100;
/** Of conferences that have ended; so many wrong PINs lately are remembered. */
const MOST_REMEMBERED = 1000;

/** An event of a conference, for reports and for those who watch. */
export type Published = {
  readonly conference: string;
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly event: ConferenceEvent;
};

export type ControllerDeps = {
  ari: AriPort;
  profiles: Profiles;
  speech: Speech;
  logger: Logger;
  now: () => number;
  inviter: Inviter;
  /** Receives every event of every conference. */
  watch: (published: Published) => void;
};

/** All conferences of this node: feeds what happens into `reduce`, and has the effects carried out. */
export class Controller {
  readonly #names: Names;
  readonly #deps: ControllerDeps;
  readonly #bridges: Bridges;
  readonly #prompter: Prompter;
  readonly #floorPlayer: FloorPlayer;
  readonly #comfortNoise: ComfortNoise;
  readonly #nameRecorder: NameRecorder;
  readonly #runner: EffectRunner;
  readonly #lobby: Lobby;
  readonly #conferences = new Map<string, Conference>();
  /** Which conference a channel is in. */
  readonly #conferenceOf = new Map<string, string>();
  readonly #guesses = new Map<string, Guesses>();
  /** The member who asked for an invitation with a key. Bounded by the unfinished invitations. */
  readonly #invitedBy = new Map<string, number>();
  readonly #timers = new WakeTimers((conference) => this.#dispatchLogged(conference, { type: 'tick' }));
  #profiles: Profiles;

  constructor({ application }: { application: string }, deps: ControllerDeps) {
    this.#deps = deps;
    this.#profiles = deps.profiles;
    const { ari, logger, now } = deps;
    const names = new Names(application);
    const library = new SoundLibrary({ speech: deps.speech, logger });
    this.#names = names;
    this.#bridges = new Bridges({ ari, names });
    this.#prompter = new Prompter({ ari, names, library });
    this.#floorPlayer = new FloorPlayer({ ari, names, library });
    this.#comfortNoise = new ComfortNoise({ ari, names, library });
    this.#nameRecorder = new NameRecorder({ ari });
    this.#runner = new EffectRunner({
      ari,
      names,
      bridges: this.#bridges,
      arranger: new Arranger({ ari, bridges: this.#bridges }),
      prompter: this.#prompter,
      floorPlayer: this.#floorPlayer,
      comfortNoise: this.#comfortNoise,
      nameRecorder: this.#nameRecorder,
      report: (name, input) => this.#dispatchLogged(name, input),
    });
    this.#lobby = new Lobby({
      ari,
      prompter: this.#prompter,
      logger,
      now,
      isRunning: (conference) => this.#conferences.get(conference)?.status === 'running',
      join: (conference, profileName, channel, flags) =>
        this.#join(conference, profileName, {
          channelId: channel.id,
          caller: callerOf(channel),
          flags,
          origin: 'lobby',
        }),
    });
  }

  get conferences(): ReadonlyMap<string, Conference> {
    return this.#conferences;
  }

  /** The state of a member's call. @returns null if he has just left, or Asterisk does not answer */
  async readMedia({ channelId }: Member): Promise<AriMedia | null> {
    return this.#deps.ari.readMedia(channelId).catch(() => null);
  }

  /** Stops the timers. Calls and bridges stay as they are in Asterisk, for the next controller to adopt. */
  stop(): void {
    this.#timers.clear();
    this.#lobby.stop();
  }

  /**
   * Carries out a command.
   * @returns once it is in force in Asterisk; rejects with a `ControllerError`
   */
  async command(name: string, command: Command): Promise<void> {
    const conference = this.#conferences.get(name);
    if (!conference) throw new ControllerError('no-such-conference', `no conference "${name}"`);
    const { refusal, done } = this.#dispatch(conference, { type: 'command', command });
    if (refusal) {
      done.catch(() => {});
      throw ControllerError.of(refusal, name);
    }
    try {
      await done;
    } catch (cause) {
      if (cause instanceof ControllerError) throw cause;
      if (isChannelGone(cause) && 'memberId' in command) {
        throw new ControllerError('no-such-member', `member ${command.memberId} has just left`, { cause });
      }
      const reached = cause instanceof AriError && cause.code !== 'unreachable';
      const message = (cause as Error).message;
      throw new ControllerError(reached ? 'asterisk-refused' : 'asterisk-unreachable', message, { cause });
    }
    if (command.type === 'record') await this.#expectRecording(name);
  }

  /** Asterisk accepts a recording that it cannot write, and ends it at once. */
  async #expectRecording(name: string): Promise<void> {
    await sleep(FAILS_WITHIN_MS);
    if (this.#conferences.get(name)?.recording) return;
    const message = `conference ${name}: the recording has ended at once: can Asterisk write to its recording directory?`;
    throw new ControllerError('not-possible', message);
  }

  /** Tells the member who asked for an invitation if it has failed. */
  invitationChanged(name: string, event: InvitationEvent): void {
    const { type, ...details } = event;
    this.#deps.logger.info(`conference ${name}: ${type} ${event.status}`, { conference: name, ...details });
    const memberId = this.#invitedBy.get(event.id);
    if (event.status === 'answered' || event.status === 'failed') this.#invitedBy.delete(event.id);
    if (event.status === 'failed' && memberId !== undefined) this.#tellInviteFailed(name, memberId);
  }

  /** Takes changed profiles over: running conferences go on with what may change while they run. */
  useProfiles(profiles: Profiles): void {
    this.#profiles = profiles;
    for (const [name, { settings }] of this.#conferences) {
      const changed = findSettings(profiles, settings.profileName);
      // One whose profile was removed goes on as it is.
      if (!changed) continue;
      const profile = mergeLive(settings.profile, changed.profile);
      this.#dispatchLogged(name, { type: 'settings', settings: { ...changed, profile } });
    }
  }

  handle(event: AriEvent): void {
    switch (event.type) {
      case 'StasisStart':
        this.#deps.inviter.handle({ type: 'StasisStart', channelId: event.channel.id });
        return this.#enter(event.channel, event.args);
      case 'StasisEnd':
        return this.#left(event.channel.id, false);
      case 'ChannelDestroyed':
        this.#deps.inviter.handle({ type: 'ChannelDestroyed', channelId: event.channel.id, cause: event.cause });
        return this.#left(event.channel.id, true);
      case 'ChannelDtmfReceived':
        if (this.#lobby.has(event.channel.id)) return this.#lobby.pressed(event.channel.id, event.digit);
        return this.#onChannel(event.channel.id, { type: 'dtmf', channelId: event.channel.id, key: event.digit });
      case 'ChannelTalkingStarted':
      case 'ChannelTalkingFinished': {
        const talking = event.type === 'ChannelTalkingStarted';
        return this.#onChannel(event.channel.id, { type: 'talking', channelId: event.channel.id, talking });
      }
      case 'PlaybackFinished':
        return this.#playbackFinished(event.playback.id, event.playback.state === 'failed');
      case 'RecordingFinished':
      case 'RecordingFailed':
        return this.#recordingEnded(event.recording.name, event.type === 'RecordingFailed');
      case 'BridgeDestroyed':
        return this.#onBridgeDestroyed(event.bridge.id);
      case 'ChannelUserevent':
      case 'ApplicationReplaced':
        // Between controllers: see application-claim.ts.
        return;
    }
  }

  /** Squares all conferences with what Asterisk has now. Rejects with an `AriError` if Asterisk cannot be read. */
  async resync(): Promise<void> {
    const { ari } = this.#deps;
    this.#prompter.forgetAll();
    const read = await readAsterisk(ari, this.#names);
    this.#deps.inviter.resync(read.channels);
    for (const { channel, message } of read.malformed) this.#turnAway(channel, message);
    for (const channel of read.inLobby)
      if (!this.#lobby.has(channel.id)) this.#enter(channel, channel.stasis?.args ?? []);
    for (const { id, stasis } of read.others) {
      // Whispers have lost the one who would have ended them.
      if (stasis?.args[0] === WHISPER) ari.hangUp(id, NORMAL_CLEARING).catch(() => {});
    }
    for (const [name, { profileName }] of read.conferences) {
      if (!this.#conferences.has(name)) this.#conferences.set(name, this.#conferenceFor(name, profileName));
    }
    for (const conference of [...this.#conferences.values()]) await this.#resyncConference(conference, read);
    await this.#tidy(read);
  }

  async #resyncConference(conference: Conference, read: AsteriskRead): Promise<void> {
    const { ari } = this.#deps;
    const { name } = conference;
    const floorId = this.#names.floor(name);
    const floor = read.bridges.find((bridge) => bridge.id === floorId);
    const inFloor = new Set(floor?.channelIds);
    const channels = read.conferences.get(name)?.channels ?? [];
    for (const { channelId } of channels) this.#conferenceOf.set(channelId, name);
    for (const { id, channelIds } of read.bridges) {
      for (const channelId of channelIds) this.#bridges.found(channelId, id);
    }
    const saved = conference.status === 'new' ? await readConference(ari, this.#names, name) : null;
    const recording = (conference.recording ?? saved?.recording)?.name;
    const recordings = recording !== undefined && (await ari.isRecording(recording)) ? [recording] : [];
    const playbacks = read.others.flatMap(({ id }) => this.#names.playbackOfPlayer(id) ?? []);
    this.#logFailure(
      name,
      this.#dispatch(conference, {
        type: 'resync',
        floorOpen: floor !== undefined,
        channels: channels.map((channel) => ({ ...channel, inFloor: inFloor.has(channel.channelId) })),
        saved,
        recordings,
        playbacks,
      }).done,
    );
  }

  /** Ends what belongs to nobody any more. */
  async #tidy(read: AsteriskRead): Promise<void> {
    const { ari } = this.#deps;
    for (const { id, channelIds } of read.bridges) {
      const name = this.#names.conferenceOfFloor(id);
      const orphaned = name !== null ? !this.#conferences.has(name) : this.#names.isRoom(id) && channelIds.length === 0;
      if (orphaned) await ari.destroyBridge(id).catch(() => {});
    }
    const playing = new Set([...this.#conferences.values()].map(({ playback }) => playback?.id));
    for (const { id } of read.others) {
      const playback = this.#names.playbackOfPlayer(id);
      if (playback === null || playing.has(playback) || this.#comfortNoise.isWanted(playback)) continue;
      await this.#floorPlayer.stop(playback);
    }
    for (const [channelId, name] of this.#conferenceOf) {
      if (!this.#conferences.get(name)?.members.has(channelId)) this.#conferenceOf.delete(channelId);
    }
  }

  /** By its name, or as a running conference has it whose profile was removed; null if there is none. */
  #settingsFor(conference: string | null, profileName: string): Settings | null {
    const found = findSettings(this.#profiles, profileName);
    if (found || conference === null) return found;
    const running = this.#conferences.get(conference)?.settings;
    return running?.profileName === profileName ? running : null;
  }

  #conferenceFor(name: string, profileName: string): Conference {
    const settings = findSettings(this.#profiles, profileName);
    if (!settings) {
      this.#deps.logger.warn(`conference ${name}: its profile "${profileName}" is gone, using defaults`);
    }
    return newConference(name, settings ?? standardSettings(), this.#deps.now(), this.#guesses.get(name));
  }

  #enter(channel: AriChannel, args: readonly string[]): void {
    switch (args[0]) {
      case WHISPER:
        return;
      case PLAYER:
        return this.#logFailure('player', this.#playerEntered(channel.id));
      case RETURN:
        if (!this.#conferenceOf.has(channel.id)) return this.#release(channel);
        return this.#onChannel(channel.id, { type: 'returned', channelId: channel.id });
    }
    const parsed = parseJoinArguments(args);
    if (!parsed.ok) return this.#turnAway(channel, parsed.message);
    const { conference, profileName, flags } = parsed.join;
    const settings = this.#settingsFor(conference, profileName);
    if (!settings) {
      const known = [...this.#profiles.conferences.keys()].join(', ');
      const what = conference === null ? 'the lobby' : `conference ${conference}`;
      return this.#turnAway(channel, `${what} asks for profile "${profileName}"; there are: ${known}`);
    }
    if (conference === null) return this.#lobby.receive(channel, settings, flags);
    this.#join(conference, profileName, {
      channelId: channel.id,
      caller: callerOf(channel),
      flags,
      origin: 'dialplan',
    });
  }

  #join(
    name: string,
    profileName: string,
    call: { channelId: string; caller: Caller; flags: FlagChanges; origin: JoinOrigin },
  ): void {
    const conference = this.#conferences.get(name) ?? this.#conferenceFor(name, profileName);
    this.#conferenceOf.set(call.channelId, name);
    this.#logFailure(name, this.#dispatch(conference, { type: 'join', ...call }).done);
  }

  /** Of somebody who was away for so long that his conference has forgotten him. */
  #release({ id }: AriChannel): void {
    this.#logFailure('player', this.#deps.ari.continueInDialplan(id));
  }

  #turnAway(channel: AriChannel, why: string): void {
    this.#deps.logger.error(`call from ${channel.caller.number || 'unknown'} turned away: ${why}`);
    this.#deps.ari.hangUp(channel.id, NO_ROUTE).catch((error: Error) => {
      if (!isChannelGone(error)) this.#deps.logger.warn(`channel ${channel.id} not hung up: ${error.message}`);
    });
  }

  #left(channelId: string, destroyed: boolean): void {
    this.#lobby.left(channelId);
    this.#prompter.forget(channelId);
    this.#nameRecorder.forget(channelId);
    this.#bridges.forget(channelId);
    // Of a player that never came to play, Asterisk does not say that it has finished.
    const playback = this.#names.playbackOfPlayer(channelId) ?? this.#names.playbackOnFloor(channelId);
    if (playback !== null) this.#playbackFinished(playback, true);
    this.#onChannel(channelId, { type: 'left', channelId, destroyed });
    const name = this.#conferenceOf.get(channelId);
    // Whoever is away in the dialplan is a member still.
    if (name !== undefined && !this.#conferences.get(name)?.members.has(channelId))
      this.#conferenceOf.delete(channelId);
  }

  #onChannel(channelId: string, input: Input): void {
    const name = this.#conferenceOf.get(channelId);
    if (name !== undefined) this.#dispatchLogged(name, input);
  }

  #playerEntered(channelId: string): Promise<void> {
    const id = this.#names.playbackOfPlayer(channelId) ?? this.#names.playbackOnFloor(channelId) ?? '';
    return this.#comfortNoise.isWanted(id)
      ? this.#comfortNoise.entered(channelId)
      : this.#floorPlayer.entered(channelId);
  }

  #playbackFinished(id: string, failed: boolean): void {
    this.#prompter.finished(id);
    this.#floorPlayer.finished(id, failed);
    if (!failed && this.#comfortNoise.isWanted(id)) this.#logFailure('comfort noise', this.#comfortNoise.playAgain(id));
    for (const [name, { playback }] of this.#conferences) {
      if (playback?.id !== id) continue;
      this.#floorPlayer.stop(id);
      this.#dispatchLogged(name, { type: 'playback-ended', id });
    }
  }

  #recordingEnded(recordingName: string, failed: boolean): void {
    this.#nameRecorder.finished(recordingName, !failed);
    for (const [name, { recording }] of this.#conferences) {
      if (recording?.name === recordingName) {
        this.#dispatchLogged(name, { type: 'recording-ended', name: recordingName, failed });
      }
    }
  }

  #onBridgeDestroyed(bridgeId: string): void {
    const intended = this.#bridges.destroyed(bridgeId);
    const name = this.#names.conferenceOfFloor(bridgeId);
    if (intended || name === null || !this.#conferences.has(name)) return;
    this.#deps.logger.warn(`conference ${name}: somebody destroyed its bridge, making it again`);
    this.#logFailure(name, this.resync());
  }

  #dispatchLogged(name: string, input: Input): void {
    const conference = this.#conferences.get(name);
    if (conference) this.#logFailure(name, this.#dispatch(conference, input).done);
  }

  #dispatch(conference: Conference, input: Input) {
    const nowMs = this.#deps.now();
    const outcome = reduce(conference, input, nowMs);
    const { name } = conference;
    if (outcome.conference.status === 'ended') this.#forgetConference(outcome.conference);
    else this.#conferences.set(name, outcome.conference);

    const forAsterisk: AsteriskEffect[] = [];
    for (const effect of outcome.effects) {
      if (isForAsterisk(effect)) forAsterisk.push(effect);
      else if (effect.type === 'wake') this.#timers.wake(name, effect.atMs, nowMs);
      else if (effect.type === 'publish') this.#publish(outcome.conference, effect.event, nowMs);
      else if (effect.type === 'call-webhook') this.#callWebhook(name, effect);
      else if (effect.type === 'invite') this.#invite(outcome.conference, effect);
      else {
        const { channelId, caller, flags } = effect;
        this.#join(effect.conference, effect.profileName, { channelId, caller, flags, origin: 'transferred' });
      }
    }
    return { refusal: outcome.refusal, done: this.#runner.run(name, forAsterisk) };
  }

  #callWebhook(name: string, { url, body }: { url: string; body: object }): void {
    callWebhook(url, body).catch((error: Error) => {
      this.#deps.logger.warn(`conference ${name}: webhook ${new URL(url).origin}: ${error.message}`);
    });
  }

  #invite({ name, settings }: Conference, { target, invitedBy }: { target: string; invitedBy: number }): void {
    const body = inviteBodySchema.parse({ targets: [target] });
    try {
      const into = { conference: name, profileName: settings.profileName };
      const [invitation] = this.#deps.inviter.invite(inviteRequest(body, into));
      if (invitation) this.#invitedBy.set(invitation.id, invitedBy);
    } catch (error) {
      this.#deps.logger.warn(`conference ${name}: ${(error as Error).message}`);
      this.#tellInviteFailed(name, invitedBy);
    }
  }

  #tellInviteFailed(name: string, memberId: number): void {
    this.#dispatchLogged(name, {
      type: 'command',
      command: { type: 'tell-failure', memberId, prompt: 'invite-failed' },
    });
  }

  #forgetConference({ name, guesses }: Conference): void {
    this.#conferences.delete(name);
    this.#guesses.delete(name);
    if (guesses.all.wrong > 0) this.#guesses.set(name, guesses);
    if (this.#guesses.size > MOST_REMEMBERED) this.#guesses.delete(this.#guesses.keys().next().value ?? '');
  }

  #publish({ name, startedAtMs }: Conference, event: ConferenceEvent, nowMs: number): void {
    const { type, ...details } = event;
    const level = type === 'pin-guessing' ? 'warn' : type === 'talking' ? 'debug' : 'info';
    this.#deps.logger.log(level, `conference ${name}: ${type}`, { conference: name, ...details });
    if (type === 'ending') this.#deps.inviter.cancelAll(name);
    this.#deps.watch({ conference: name, startedAtMs, atMs: nowMs, event });
  }

  #logFailure(name: string, done: Promise<void>): void {
    done.catch((error: Error) => {
      if (!isChannelGone(error)) this.#deps.logger.warn(`conference ${name}: ${error.message}`);
    });
  }
}
