import type { Logger } from 'winston';
import type { AriEvent } from '../ari/messages.ts';
import type { AriChannel } from '../ari/port.ts';
import { isAway } from '../conference/model/member.ts';
import { type ChannelObserver, logFailure } from './asterisk/channels.ts';
import { METER, PLAYER, RETURN, WHISPER } from './asterisk/dialplan.ts';
import type { Reconciler } from './asterisk/reconciler.ts';
import type { AsteriskServices } from './asterisk-services.ts';
import type { IncomingCalls } from './calls/incoming-calls.ts';
import type { Inviter } from './calls/inviter.ts';
import type { KeyPresses } from './calls/key-presses.ts';
import type { PinChecks } from './calls/pin-checks.ts';
import type { Refers } from './calls/refers.ts';
import type { Conferences } from './conferences.ts';
import type { TalkLevels } from './relay/talk-levels.ts';

export type AsteriskEventsDeps = {
  asterisk: AsteriskServices;
  conferences: Conferences;
  incomingCalls: IncomingCalls;
  refers: Refers;
  pinChecks: PinChecks;
  talkLevels: TalkLevels;
  keyPresses: KeyPresses;
  inviter: Pick<Inviter, 'handle'>;
  reconciler: Pick<Reconciler, 'repair'>;
  logger: Logger;
};

/** Hands each event of Asterisk to the parts that it concerns. */
export class AsteriskEvents {
  readonly #deps: AsteriskEventsDeps;
  /** All are told of each channel that is gone, in this order. */
  readonly #observers: readonly ChannelObserver[];

  constructor(deps: AsteriskEventsDeps) {
    this.#deps = deps;
    const { asterisk, conferences, incomingCalls, pinChecks, talkLevels, keyPresses } = deps;
    const { anchors, meters, floorLegs, prompter, memberPlayer, nameRecorder, bridges } = asterisk;
    const players: ChannelObserver = { channelGone: (channelId) => this.#playerGone(channelId) };
    this.#observers = [
      anchors,
      meters,
      floorLegs,
      incomingCalls,
      pinChecks,
      prompter,
      memberPlayer,
      nameRecorder,
      bridges,
      talkLevels,
      keyPresses,
      players,
      conferences,
    ];
  }

  handle(event: AriEvent): void {
    const { inviter, refers, talkLevels, keyPresses, asterisk } = this.#deps;
    switch (event.type) {
      case 'StasisStart':
        inviter.handle({ type: 'StasisStart', channelId: event.channel.id });
        return this.#entered(event.channel, event.args, event.replace_channel?.id);
      case 'StasisEnd':
        return this.#gone(event.channel.id, false);
      case 'ChannelDestroyed':
        inviter.handle({ type: 'ChannelDestroyed', channelId: event.channel.id, cause: event.cause });
        return this.#gone(event.channel.id, true);
      case 'ChannelDtmfReceived':
        return keyPresses.received(event.channel.id, event.digit);
      case 'ChannelTalkingStarted':
        return talkLevels.started(event.channel.id);
      case 'ChannelTalkingFinished':
        return talkLevels.finished(event.channel.id);
      case 'ChannelHold':
      case 'ChannelUnhold':
        return this.#held(event.channel.id, event.type === 'ChannelHold');
      case 'PlaybackFinished':
        return this.#playbackFinished(event.playback.id, event.playback.state === 'failed');
      case 'RecordingFinished':
      case 'RecordingFailed': {
        const failed = event.type === 'RecordingFailed';
        asterisk.nameRecorder.finished(event.recording.name, !failed);
        return this.#deps.conferences.recordingEnded(event.recording.name, failed);
      }
      case 'BridgeDestroyed':
        return this.#bridgeDestroyed(event.bridge.id);
      case 'ChannelTransfer': {
        const { destination, protocol_id: otherCall } = event.refer_to.requested_destination;
        if (event.state !== undefined) return;
        return refers.receive(event.referred_by.source_channel, otherCall ? null : (destination ?? null));
      }
      case 'ChannelUserevent':
      case 'ApplicationReplaced':
        // Between controllers: see application-claim.ts.
        return;
    }
  }

  /** A key counts: see `KeyPresses`. */
  count(channelId: string, digit: string): void {
    const { incomingCalls, conferences } = this.#deps;
    if (incomingCalls.handleDtmf(channelId, digit)) return;
    conferences.dispatchToMember(channelId, { type: 'dtmf', channelId, digit });
  }

  #entered(channel: AriChannel, args: readonly string[], replaced: string | undefined): void {
    const { asterisk, conferences, incomingCalls, logger } = this.#deps;
    const { names, floorLegs, meters, whispers, floorPlayer } = asterisk;
    const floorLeg = names.conferenceOfFloorLeg(channel.id);
    if (floorLeg !== null) return floorLegs.entered(floorLeg);
    // It does not come from the dialplan.
    if (replaced !== undefined && args.length === 0) return incomingCalls.replace(channel, replaced);
    switch (args[0]) {
      case WHISPER:
        return whispers.entered(channel.id);
      case PLAYER:
        return logFailure(logger, 'player', floorPlayer.entered(channel.id));
      case METER:
        return void meters.entered(names.channelOfMeter(channel.id) ?? '');
      case RETURN:
        if (incomingCalls.returned(channel)) return;
        return this.#returned(channel.id, args[1]);
    }
    const member = conferences.memberOf(channel.id);
    // An application of the dialplan has led the member to a conference instead of back.
    if (member && isAway(member)) conferences.channelGone(channel.id, true);
    incomingCalls.receive(channel, args);
  }

  /** A member is back from an application of the dialplan, perhaps so late that the conference has forgotten them. */
  #returned(channelId: string, status: string | undefined): void {
    const { asterisk, conferences, logger } = this.#deps;
    if (status === 'NOAPP') {
      logger.warn(`call ${channelId}: exec has run nothing: Asterisk has no such application, or it is not loaded`);
    }
    if (conferences.memberOf(channelId)) {
      return conferences.dispatchToMember(channelId, { type: 'returned', channelId });
    }
    logFailure(logger, `call ${channelId}`, asterisk.ari.continueInDialplan(channelId));
  }

  #gone(channelId: string, destroyed: boolean): void {
    for (const observer of this.#observers) observer.channelGone(channelId, destroyed);
  }

  /** Asterisk does not report the end of a playback that never began. */
  #playerGone(channelId: string): void {
    const { names } = this.#deps.asterisk;
    const playback = names.playbackOfPlayer(channelId) ?? names.playbackOnFloor(channelId);
    if (playback !== null) this.#playbackFinished(playback, true);
  }

  #playbackFinished(id: string, failed: boolean): void {
    const { prompter, memberPlayer, floorPlayer } = this.#deps.asterisk;
    prompter.finished(id);
    memberPlayer.finished(id);
    floorPlayer.finished(id, failed);
    if (this.#deps.conferences.playbackEnded(id)) void floorPlayer.stop(id);
  }

  #held(channelId: string, held: boolean): void {
    const { asterisk, incomingCalls, conferences } = this.#deps;
    asterisk.anchors.describedAgain(channelId);
    incomingCalls.handleHold(channelId, held);
    conferences.dispatchToMember(channelId, { type: 'phone-hold', channelId, held });
  }

  #bridgeDestroyed(bridgeId: string): void {
    const { asterisk, conferences, reconciler, logger } = this.#deps;
    const intended = asterisk.bridges.destroyed(bridgeId);
    asterisk.prompter.channelGone(bridgeId);
    const name = asterisk.names.conferenceOfFloor(bridgeId);
    if (intended || name === null || !conferences.all.has(name)) return;
    logger.warn(`conference ${name}: its bridge was destroyed by another program; making it again`);
    logFailure(logger, `conference ${name}`, reconciler.repair());
  }
}
