import type { Logger } from 'winston';
import type { AriChannel, AriPort } from '../../ari/port.ts';
import type { Settings } from '../../conference/model/conference.ts';
import type { FlagChanges } from '../../conference/model/flags.ts';
import { LONGEST_PROMPT_MS } from '../../conference/model/pin-entry.ts';
import { dial, type KnownNumbers, type Step, timeOut, type Visitor, welcomeVisitor } from '../../lobby/lobby.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import { promptSounds } from '../../prompts/prompt-sounds.ts';
import { WakeTimers } from '../../timing/wake-timers.ts';
import { type ChannelObserver, giveBack, logFailure } from '../asterisk/channels.ts';
import type { Prompter } from '../sounds/prompter.ts';
import type { Anchors } from './anchors.ts';

/** The log says so where Asterisk fails to do something for a caller. */
const FAILURE = 'lobby: a caller could not be asked or released';

export type Guest = {
  readonly channel: AriChannel;
  readonly settings: Settings;
  readonly flags: FlagChanges;
  readonly visitor: Visitor;
  /** The phone has put the call on hold. */
  readonly phoneHold: boolean;
};

export type LobbyDeps = {
  ari: Pick<AriPort, 'answer' | 'setVariable' | 'continueInDialplan'>;
  anchors: Pick<Anchors, 'ensure'>;
  prompter: Pick<Prompter, 'playTo' | 'hush'>;
  logger: Logger;
  now: () => number;
  numbers: KnownNumbers;
  /** Receives that a call has been answered, or why it could not be. */
  settled: (channelId: string, error: unknown) => void;
  /** Lets a caller join the conference that was dialled. */
  join: (
    conference: string,
    profileName: string,
    channel: AriChannel,
    guest: { flags: FlagChanges; phoneHold: boolean },
  ) => void;
};

/** Calls that have no conference yet: each caller is asked for the number of one. */
export class Lobby implements ChannelObserver {
  readonly #deps: LobbyDeps;
  /** By channel id. */
  readonly #guests = new Map<string, Guest>();
  readonly #timers: WakeTimers;

  constructor(deps: LobbyDeps) {
    this.#deps = deps;
    this.#timers = new WakeTimers((channelId) => {
      const guest = this.#guests.get(channelId);
      if (!guest) return;
      const { visitor, settings } = guest;
      this.#apply(guest, timeOut(visitor, settings.profile.access, deps.numbers, deps.now()));
    });
  }

  get size(): number {
    return this.#guests.size;
  }

  has(channelId: string): boolean {
    return this.#guests.has(channelId);
  }

  receive(channel: AriChannel, settings: Settings, flags: FlagChanges): void {
    const visitor = welcomeVisitor(settings.profile.access, this.#deps.now());
    const guest = { channel, settings, flags, visitor, phoneHold: false };
    this.#guests.set(channel.id, guest);
    this.#ask(guest, ['enter-conference']);
  }

  /** Lets a caller go whose place another call takes. @returns null if the caller is not here */
  take(channelId: string): Guest | null {
    const guest = this.#guests.get(channelId) ?? null;
    this.#guests.delete(channelId);
    return guest;
  }

  handleDtmf(channelId: string, digit: string): void {
    const guest = this.#guests.get(channelId);
    if (!guest) return;
    if (guest.visitor.digits === '') this.#deps.prompter.hush(channelId);
    const { access } = guest.settings.profile;
    this.#apply(guest, dial(guest.visitor, digit, access, this.#deps.numbers, this.#deps.now()));
  }

  /** A phone has put the call on hold, or has taken it back. */
  handleHold(channelId: string, phoneHold: boolean): void {
    const guest = this.#guests.get(channelId);
    if (guest) this.#guests.set(channelId, { ...guest, phoneHold });
  }

  channelGone(channelId: string): void {
    this.#guests.delete(channelId);
  }

  /** Forgets calls that Asterisk does not have any more. */
  resync(living: ReadonlySet<string>): void {
    for (const channelId of this.#guests.keys()) if (!living.has(channelId)) this.channelGone(channelId);
  }

  stop(): void {
    this.#timers.clear();
  }

  #apply(guest: Guest, step: Step): void {
    const { channel, settings } = guest;
    switch (step.type) {
      case 'waits':
        return this.#wait({ ...guest, visitor: step.visitor });
      case 'asks-again':
        return this.#ask({ ...guest, visitor: step.visitor }, ['bad-conference', 'enter-conference']);
      case 'joins':
        this.#guests.delete(channel.id);
        return this.#deps.join(step.conference, settings.profileName, channel, guest);
      case 'gives-up':
        this.#guests.delete(channel.id);
        logFailure(this.#deps.logger, FAILURE, this.#release(guest));
    }
  }

  /** The time runs at once: whatever Asterisk fails to do, the caller is asked again, or released. */
  #ask(guest: Guest, prompts: readonly PromptName[]): void {
    this.#wait(guest);
    logFailure(this.#deps.logger, FAILURE, this.#say(guest, prompts));
  }

  async #say({ channel, settings }: Guest, prompts: readonly PromptName[]): Promise<void> {
    const { anchors, ari, prompter, settled } = this.#deps;
    // Each time, because Asterisk may not have done it before; answering again is harmless.
    const answered = Promise.resolve(anchors.ensure(channel)).then(() => ari.answer(channel.id));
    answered.then(
      () => settled(channel.id, null),
      (error: Error) => settled(channel.id, error),
    );
    await answered;
    const sounds = promptSounds(prompts, settings.profile.sound);
    const { ended } = await prompter.playTo(channel.id, sounds, false);
    this.#giveTime(channel.id, LONGEST_PROMPT_MS);
    await ended;
    this.#giveTime(channel.id, 0);
  }

  /** The time counts from the end of the prompt, unless the caller dials already. */
  #giveTime(channelId: string, moreMs: number): void {
    const guest = this.#guests.get(channelId);
    if (guest?.visitor.digits !== '') return;
    const { timeoutSeconds } = guest.settings.profile.access;
    const deadlineMs = this.#deps.now() + moreMs + timeoutSeconds * 1000;
    this.#wait({ ...guest, visitor: { ...guest.visitor, deadlineMs } });
  }

  #wait(guest: Guest): void {
    const { channel, visitor } = guest;
    if (!this.#guests.has(channel.id)) return;
    this.#guests.set(channel.id, guest);
    this.#timers.wake(channel.id, visitor.deadlineMs, this.#deps.now());
  }

  async #release({ channel, settings }: Guest): Promise<void> {
    const { prompter } = this.#deps;
    const sounds = promptSounds(['bye'], settings.profile.sound);
    // A caller is not kept because a prompt cannot be played.
    const playing = await prompter.playTo(channel.id, sounds, false).catch(() => null);
    await playing?.ended;
    await giveBack(channel.id, 'LOBBY', this.#deps);
  }
}
