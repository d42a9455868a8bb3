import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'winston';
import { AriError, isChannelGone } from '../../ari/errors.ts';
import type { ChannelSetupKey } from '../../conference/model/channel-setup.ts';
import type { Recording } from '../../conference/model/conference.ts';
import type { ChannelEffect, ConferenceEffect } from '../../conference/model/effects.ts';
import type { Input } from '../../conference/model/inputs.ts';
import { isOnlyName } from '../../conference/rules/recording.ts';
import { serializeMember } from '../../conference/schemas/saved-member.ts';
import { giveBack } from '../asterisk/channels.ts';
import { EXECUTE_CONTEXT, MEMBER_VARIABLE } from '../asterisk/dialplan.ts';
import type { ObjectNames } from '../asterisk/object-names.ts';
import { type ConfigureChannel, type ConfigureDeps, configureChannel } from '../calls/configure-channel.ts';
import { ControllerError } from '../errors/controller-error.ts';
import type { FloorLegs } from '../relay/floor-legs.ts';
import type { Announcements } from '../sounds/announcements.ts';
import type { FloorPlayer } from '../sounds/floor-player.ts';
import type { MemberPlayer } from '../sounds/member-player.ts';
import type { NameRecorder } from '../sounds/name-recorder.ts';
import type { Prompter } from '../sounds/prompter.ts';
import { ensureRecordingSpace } from '../sounds/recording-space.ts';
import { ConferenceSaver } from './conference-saver.ts';

/** A recording begins within milliseconds. */
const BEGINS_WITHIN_MS = 2000;
const RETRY_MS = 20;

export type AsteriskEffect = ChannelEffect | ConferenceEffect;

/** An effect that waits for those before it on its channel. */
type QueuedEffect = Exclude<ChannelEffect, { type: 'hush' }>;

export type EffectRunnerDeps = ConfigureDeps & {
  names: ObjectNames;
  prompter: Prompter;
  memberPlayer: MemberPlayer;
  announcements: Announcements;
  floorPlayer: FloorPlayer;
  nameRecorder: NameRecorder;
  logger: Logger;
  floorLegs: FloorLegs;
  /** The directory in which Asterisk has its recordings. */
  recordings: string;
  /** Receives the results of effects. */
  report: (conference: string, input: Input) => void;
  /** Receives that a channel has been set up or saved, or why it could not be; each time that it happens. */
  settled: (channelId: string, error: unknown) => void;
};

/**
 * Executes effects in Asterisk. Effects about one channel happen in order, those about different channels at the
 * same time; when one fails, the rest of its batch is not tried.
 */
export class EffectRunner {
  readonly #deps: EffectRunnerDeps;
  /** The last batch of every channel that has one under way. */
  readonly #channels = new Map<string, Promise<void>>();
  readonly #saver: ConferenceSaver;

  constructor(deps: EffectRunnerDeps) {
    this.#deps = deps;
    this.#saver = new ConferenceSaver(deps);
  }

  /** @returns as `settleAll` */
  async run(conference: string, effects: readonly AsteriskEffect[]): Promise<void> {
    const batches = new Map<string, QueuedEffect[]>();
    const work: Promise<void>[] = [];
    for (const effect of effects) {
      // It cuts short what the channel's queue may be waiting for.
      if (effect.type === 'hush') work.push(this.#deps.prompter.hush(effect.channelId));
      else if ('channelId' in effect) {
        const batch = batches.get(effect.channelId);
        if (batch) batch.push(effect);
        else batches.set(effect.channelId, [effect]);
      } else work.push(this.#performForAll(conference, effect));
    }
    for (const [channelId, batch] of batches) work.push(this.#enqueue(conference, channelId, batch));
    return settleAll(work);
  }

  #enqueue(conference: string, channelId: string, batch: readonly QueuedEffect[]): Promise<void> {
    const before = this.#channels.get(channelId) ?? Promise.resolve();
    const done = before
      .catch(() => {})
      .then(async () => {
        for (const effect of batch) await this.#perform(conference, effect);
      });
    this.#channels.set(channelId, done);
    const forget = () => {
      if (this.#channels.get(channelId) === done) this.#channels.delete(channelId);
    };
    done.then(forget, forget);
    return done;
  }

  async #perform(conference: string, effect: QueuedEffect): Promise<void> {
    const { ari, prompter } = this.#deps;
    const { channelId } = effect;
    if (effect.type === 'play-to') return this.#playTo(conference, effect);
    if (effect.type === 'play-to-member') return this.#playToMember(conference, effect);
    if (effect.type === 'configure-channel' && hearsOthers(effect))
      return this.#configureAmongOthers(conference, effect);
    if (needsChannel(effect)) await prompter.unblock(channelId);
    switch (effect.type) {
      case 'configure-channel':
        return this.#settle(channelId, this.#configure(conference, effect));
      case 'save-member':
        return this.#settle(channelId, ari.setVariable(channelId, MEMBER_VARIABLE, serializeMember(effect.member)));
      case 'release':
        await ari.setVariable(channelId, MEMBER_VARIABLE, '');
        return giveBack(channelId, effect.result, this.#deps, effect.to);
      case 'execute':
        await ari.subscribeToChannels(this.#deps.names.application, [channelId]);
        await this.#rememberWay(channelId);
        await ari.setVariable(channelId, 'ROSTRUM_EXECUTE', effect.application);
        await ari.setVariable(channelId, 'ROSTRUM_EXECUTE_DATA', effect.data);
        return ari.continueInDialplan(channelId, EXECUTE_CONTEXT);
      case 'send-dtmf':
        return ari.sendDtmf(channelId, effect.digits);
      case 'record-name':
        return this.#recordName(conference, channelId, effect.name);
    }
  }

  async #settle(channelId: string, done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      this.#deps.settled(channelId, error);
      throw error;
    }
    this.#deps.settled(channelId, null);
  }

  /** Where the dialplan is to go on when the member leaves: behind the `Stasis()` that the call came through. */
  async #rememberWay(channelId: string): Promise<void> {
    const { context, extension, priority } = await this.#deps.ari.readLocation(channelId);
    if (context === EXECUTE_CONTEXT) return;
    await this.#deps.ari.setVariable(channelId, 'ROSTRUM_BACK', `${context},${extension},${priority + 1}`);
  }

  /** A prompt that the caller was hearing goes on there, mixed with the conference. */
  async #configureAmongOthers(conference: string, effect: ConfigureChannel): Promise<void> {
    const playAgain = await this.#deps.prompter.interrupt(effect.channelId);
    try {
      await this.#configure(conference, effect);
    } finally {
      playAgain();
    }
  }

  async #configure(conference: string, effect: ConfigureChannel): Promise<void> {
    const { report } = this.#deps;
    const { channelId, to } = effect;
    try {
      await configureChannel(conference, effect, this.#deps);
    } catch (error) {
      // If Asterisk is away, the resync after it will try again.
      const refused = error instanceof AriError && error.code === 'refused';
      if (refused && !isChannelGone(error)) report(conference, { type: 'entry-failed', channelId });
      throw error;
    }
    if (to.bridge === 'floor' || to.bridge === 'audience') report(conference, { type: 'entered', channelId });
  }

  async #recordName(conference: string, channelId: string, name: string): Promise<void> {
    const { nameRecorder, report } = this.#deps;
    const named = (recorded: boolean) => report(conference, { type: 'named', channelId, recorded });
    // Not waited for: the channel's queue must be free when it is over.
    nameRecorder.record(channelId, name).then(named, () => named(false));
  }

  async #playTo(conference: string, effect: Extract<ChannelEffect, { type: 'play-to' }>): Promise<void> {
    const { prompter, report } = this.#deps;
    const { channelId, sounds, over, nextStep, wait } = effect;
    // This prompt must not wait for one that is already playing.
    if (wait) await prompter.unblock(channelId);
    const heard = () => {
      if (nextStep) report(conference, { type: 'heard', channelId, nextStep });
    };
    try {
      const { ended } = await prompter.playTo(channelId, sounds, over);
      const done = ended.then(heard);
      if (wait) await done;
    } catch (error) {
      // A caller is not kept because a prompt cannot be played, and what was asked for has not failed because of it.
      heard();
      if (!isChannelGone(error)) throw error;
    }
  }

  async #playToMember(conference: string, effect: Extract<ChannelEffect, { type: 'play-to-member' }>): Promise<void> {
    const { memberPlayer, report } = this.#deps;
    const { channelId, playback, sounds, fromMs } = effect;
    const over = () => report(conference, { type: 'playback-to-member-ended', channelId, id: playback.id });
    try {
      const { ended } = await memberPlayer.play(channelId, playback, sounds, fromMs);
      // Not waited for: the channel's queue is free while it plays.
      void ended.then(over);
    } catch (error) {
      over();
      if (!isChannelGone(error)) throw error;
    }
  }

  #performForAll(conference: string, effect: ConferenceEffect): Promise<void> {
    const { ari, bridges, floorPlayer, announcements } = this.#deps;
    switch (effect.type) {
      case 'open-floor':
        return bridges.openFloor(conference);
      case 'close-floor':
        return bridges.closeFloor(conference);
      case 'delete-names':
        return this.#deps.nameRecorder.deleteAll(effect.prefix);
      case 'close-room':
        return bridges.closeRoom(conference, effect.room);
      case 'announce':
        return this.#announce(conference, effect);
      case 'drop-announcements':
        announcements.drop(conference);
        return Promise.resolve();
      case 'play':
        return this.#play(conference, effect);
      case 'control-playback':
        return floorPlayer.control(effect.id, effect.operation);
      case 'control-playback-to-member':
        return this.#deps.memberPlayer.control(effect.id, effect.operation);
      case 'floor-music':
        return bridges.floorOpened(conference).then(() => this.#floorMusic(conference, effect.musicClass));
      case 'floor-leg':
        return bridges.floorOpened(conference).then(() => this.#deps.floorLegs.set(conference, effect.leg));
      case 'record':
        return this.#record(conference, effect.recording);
      case 'pause-recording':
        return this.#pauseRecording(effect.name, effect.paused);
      case 'stop-recording':
        return this.#onceItRecords(() => ari.stopRecording(effect.name));
      case 'save-conference':
        return this.#saver.save(conference, effect.saved);
    }
  }

  #floorMusic(conference: string, musicClass: string | null): Promise<void> {
    const { ari, names } = this.#deps;
    const floor = names.floor(conference);
    return musicClass === null ? ari.stopBridgeMusic(floor) : ari.startBridgeMusic(floor, musicClass);
  }

  async #announce(conference: string, effect: Extract<ConferenceEffect, { type: 'announce' }>): Promise<void> {
    const { announcements, bridges, report } = this.#deps;
    const over = () => {
      if (effect.nextStep === 'end') report(conference, { type: 'end-announced' });
    };
    try {
      await bridges.floorOpened(conference);
    } catch (error) {
      over();
      throw error;
    }
    await announcements.play(conference, effect, over);
  }

  async #play(conference: string, effect: Extract<ConferenceEffect, { type: 'play' }>): Promise<void> {
    const { playback, sounds, fromMs } = effect;
    try {
      await this.#deps.floorPlayer.play(conference, playback, sounds, fromMs);
    } catch (error) {
      this.#deps.report(conference, { type: 'playback-ended', id: playback.id });
      throw error;
    }
  }

  async #record(conference: string, recording: Recording): Promise<void> {
    const { name, format, paused } = recording;
    try {
      await this.#deps.bridges.floorOpened(conference);
      await ensureRecordingSpace(this.#deps.recordings, name);
      await this.#deps.ari.recordBridge(this.#deps.names.floor(conference), { name, format });
      // A recording that is started again while it is paused.
      if (paused) await this.#pauseRecording(name, true);
    } catch (error) {
      const isTaken = error instanceof AriError && error.status === 409;
      this.#deps.report(conference, { type: 'recording-ended', name, failed: true, ...(isTaken && { isTaken }) });
      if (isUnwritable(error)) {
        const folder = dirname(join(this.#deps.recordings, name));
        const message = `Asterisk cannot write into ${folder}: it must be there, and belong to the user of Asterisk`;
        throw new ControllerError('asterisk-refused', message, { cause: error });
      }
      if (!isTaken) throw error;
      if (isOnlyName(recording))
        throw new ControllerError('not-possible', `there is a recording ${name} already`, { cause: error });
    }
  }

  #pauseRecording(name: string, paused: boolean): Promise<void> {
    return this.#onceItRecords(() => this.#deps.ari.pauseRecording(name, paused));
  }

  /** Asterisk begins a recording in its own time: until it has, there is none (404), or it cannot be paused (409). */
  async #onceItRecords(request: () => Promise<void>): Promise<void> {
    for (const untilMs = performance.now() + BEGINS_WITHIN_MS; ; await sleep(RETRY_MS)) {
      try {
        return await request();
      } catch (error) {
        const isEarly = error instanceof AriError && (error.status === 404 || error.status === 409);
        if (!isEarly || performance.now() > untilMs) throw error;
      }
    }
  }
}

/** The parts of a channel's setup that Asterisk changes at any time, or has nothing to do with. */
const AT_ANY_TIME: ReadonlySet<ChannelSetupKey> = new Set(['relay', 'gate', 'mutedLevel', 'silence']);

/** Whether Asterisk does something only once it has nothing more to play to the channel. */
function needsChannel(effect: QueuedEffect): boolean {
  if (effect.type === 'save-member' || effect.type === 'send-dtmf') return false;
  return effect.type !== 'configure-channel' || effect.changed.some((key) => !AT_ANY_TIME.has(key));
}

/** Whether it puts the channel into a bridge in which Asterisk sends it what others say. */
function hearsOthers({ to, changed }: ConfigureChannel): boolean {
  if (changed.includes('silence') && to.silence) return true;
  return changed.includes('bridge') && to.bridge !== 'none' && to.bridge !== 'audience' && to.hearing;
}

/**
 * @returns when all are done; rejects after everything has been tried, with the gravest failure: that Asterisk has not
 * answered first, and last that a channel has just gone
 */
export async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(work);
  const failures = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === 0) return;
  throw failures.find(isUnanswered) ?? failures.find((error) => !isChannelGone(error)) ?? failures[0];
}

/** Asterisk says nothing more than that: its user may not write there, or there is no such directory. */
function isUnwritable(error: unknown): boolean {
  return error instanceof AriError && error.status === 500;
}

function isUnanswered(error: unknown): boolean {
  return error instanceof AriError && error.code === 'unreachable';
}
