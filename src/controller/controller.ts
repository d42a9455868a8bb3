import type { Logger } from 'winston';
import { AriError } from '../ari/errors.ts';
import type { AriEvent } from '../ari/messages.ts';
import type { AriChannel, AriPort } from '../ari/port.ts';
import type { Command } from '../conference/commands.ts';
import { type Conference, newConference } from '../conference/conference.ts';
import type { Effect } from '../conference/effects.ts';
import type { ConferenceEvent } from '../conference/events.ts';
import type { Input } from '../conference/inputs.ts';
import { type JoinArguments, parseJoinArguments } from '../conference/join-arguments.ts';
import { reduce } from '../conference/reduce.ts';
import { findSettings, type Profiles, standardSettings } from '../profiles/profiles.ts';
import { EffectRunner, isChannelGone } from './effect-runner.ts';
import { ControllerError } from './errors.ts';
import { readChannels } from './read-channels.ts';
import { WakeTimers } from './wake-timers.ts';

/** ITU-T Q.850 cause 3, "no route to destination": the caller of a bad extension gets SIP 404. */
const NO_ROUTE = 3;

export type ControllerDeps = { ari: AriPort; profiles: Profiles; logger: Logger; now: () => number };

/** All conferences of this node: feeds what happens into `reduce`, and has the effects carried out. */
export class Controller {
  readonly #application: string;
  readonly #deps: ControllerDeps;
  readonly #runner: EffectRunner;
  readonly #conferences = new Map<string, Conference>();
  /** Which conference a channel is in. */
  readonly #conferenceOf = new Map<string, string>();
  readonly #timers = new WakeTimers((conference) => this.#dispatchLogged(conference, { type: 'tick' }));

  constructor(options: { application: string }, deps: ControllerDeps) {
    this.#application = options.application;
    this.#deps = deps;
    this.#runner = new EffectRunner(options, {
      ari: deps.ari,
      report: (name, input) => this.#dispatchLogged(name, input),
    });
  }

  get conferences(): ReadonlyMap<string, Conference> {
    return this.#conferences;
  }

  /** Stops the timers. Calls and bridges stay as they are in Asterisk, for the next controller to adopt. */
  stop(): void {
    this.#timers.clear();
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
      throw new ControllerError('no-such-member', `no member ${refusal.memberId} in conference ${name}`);
    }
    try {
      await done;
    } catch (cause) {
      if (isChannelGone(cause)) {
        throw new ControllerError('no-such-member', `member ${command.memberId} has just left`, { cause });
      }
      const reached = cause instanceof AriError && cause.code !== 'unreachable';
      const message = (cause as Error).message;
      throw new ControllerError(reached ? 'asterisk-refused' : 'asterisk-unreachable', message, { cause });
    }
  }

  handle(event: AriEvent): void {
    switch (event.type) {
      case 'StasisStart':
        return this.#admit(event.channel, event.args);
      case 'StasisEnd':
      case 'ChannelDestroyed':
        return this.#onChannel(event.channel.id, { type: 'left', channelId: event.channel.id });
      case 'ChannelDtmfReceived':
        return this.#onChannel(event.channel.id, { type: 'dtmf', channelId: event.channel.id, key: event.digit });
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
    const [channels, bridges] = await Promise.all([
      readChannels(this.#deps.ari, this.#application),
      this.#deps.ari.listBridges(),
    ]);
    const floors = new Map(bridges.map((bridge) => [bridge.id, new Set(bridge.channelIds)]));
    for (const { channel, message } of channels.malformed) this.#turnAway(channel, message);
    for (const [name, { profileName }] of channels.conferences) {
      if (!this.#conferences.has(name)) {
        const settings = findSettings(this.#deps.profiles, profileName);
        if (!settings)
          this.#deps.logger.warn(`conference ${name}: its profile "${profileName}" is gone, using defaults`);
        this.#conferences.set(name, newConference(name, settings ?? standardSettings(), this.#deps.now()));
      }
    }
    for (const [name, conference] of this.#conferences) {
      const floor = floors.get(this.#runner.floorId(name));
      const seen = channels.conferences.get(name)?.channels ?? [];
      for (const { channelId } of seen) this.#conferenceOf.set(channelId, name);
      this.#logFailure(
        name,
        this.#dispatch(conference, {
          type: 'resync',
          floorOpen: floor !== undefined,
          channels: seen.map((channel) => ({ ...channel, inFloor: floor?.has(channel.channelId) ?? false })),
        }).done,
      );
    }
    for (const bridgeId of floors.keys()) {
      const name = this.#runner.conferenceOfFloor(bridgeId);
      if (name !== null && !this.#conferences.has(name)) await this.#deps.ari.destroyBridge(bridgeId);
    }
    for (const [channelId, name] of this.#conferenceOf) {
      if (!this.#conferences.get(name)?.members.has(channelId)) this.#conferenceOf.delete(channelId);
    }
  }

  #admit(channel: AriChannel, args: readonly string[]): void {
    const parsed = parseJoinArguments(args);
    if (!parsed.ok) return this.#turnAway(channel, parsed.message);
    const settings = findSettings(this.#deps.profiles, parsed.join.profileName);
    if (!settings) return this.#turnAway(channel, unknownProfile(parsed.join, this.#deps.profiles));

    const { conference: name, flags } = parsed.join;
    const conference = this.#conferences.get(name) ?? newConference(name, settings, this.#deps.now());
    this.#conferenceOf.set(channel.id, name);
    const { done } = this.#dispatch(conference, { type: 'join', channelId: channel.id, caller: channel.caller, flags });
    this.#logFailure(name, done);
  }

  #turnAway(channel: AriChannel, why: string): void {
    this.#deps.logger.error(`call from ${channel.caller.number || 'unknown'} turned away: ${why}`);
    this.#deps.ari.hangUp(channel.id, NO_ROUTE).catch((error: Error) => {
      if (!isChannelGone(error)) this.#deps.logger.warn(`channel ${channel.id} not hung up: ${error.message}`);
    });
  }

  #onChannel(channelId: string, input: Input): void {
    const name = this.#conferenceOf.get(channelId);
    if (name === undefined) return;
    if (input.type === 'left') this.#conferenceOf.delete(channelId);
    this.#dispatchLogged(name, input);
  }

  #onBridgeDestroyed(bridgeId: string): void {
    const name = this.#runner.conferenceOfFloor(bridgeId);
    if (name === null || !this.#conferences.has(name)) return;
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
    if (outcome.conference.status === 'ended') this.#conferences.delete(name);
    else this.#conferences.set(name, outcome.conference);

    const forAsterisk: Exclude<Effect, { type: 'wake' | 'publish' }>[] = [];
    for (const effect of outcome.effects) {
      if (effect.type === 'wake') this.#timers.wake(name, effect.atMs, nowMs);
      else if (effect.type === 'publish') this.#publish(name, effect.event);
      else forAsterisk.push(effect);
    }
    return { refusal: outcome.refusal, done: this.#runner.run(name, forAsterisk) };
  }

  #publish(name: string, event: ConferenceEvent): void {
    const { type, ...details } = event;
    this.#deps.logger.info(`conference ${name}: ${type}`, { conference: name, ...details });
  }

  #logFailure(name: string, done: Promise<void>): void {
    done.catch((error: Error) => {
      if (!isChannelGone(error)) this.#deps.logger.warn(`conference ${name}: ${error.message}`);
    });
  }
}

function unknownProfile({ conference, profileName }: JoinArguments, profiles: Profiles): string {
  const known = [...profiles.conferences.keys()].join(', ');
  return `conference ${conference} asks for profile "${profileName}"; there are: ${known}`;
}
