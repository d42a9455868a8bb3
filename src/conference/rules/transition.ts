import { equals } from '../../base/equals.ts';
import type { PromptName } from '../../prompts/catalogue.ts';
import type { Media } from '../../prompts/media.ts';
import { mediaSounds, promptSounds, type Sounds } from '../../prompts/prompt-sounds.ts';
import { type ChannelSetup, hearsAsterisk } from '../model/channel-setup.ts';
import type { Refusal } from '../model/commands.ts';
import type { Conference } from '../model/conference.ts';
import type { Effect } from '../model/effects.ts';
import type { ConferenceEvent } from '../model/events.ts';
import type { NextStep } from '../model/inputs.ts';
import type { Member } from '../model/member.ts';
import type { MemberAddress } from '../model/member-address.ts';
import type { ConferenceSettings } from '../model/settings.ts';

/** What the placeholders of prompts stand for. */
type PromptValues = Readonly<Record<string, string | number>>;

/** The setup of a channel where it does not follow from the state before; `unknown` where it is not known. */
export type Assumed = ChannelSetup | 'unknown';

/**
 * The work on one input: the conference as it has become so far, and the effects so far. It lives for the time of one call
 * of `reduce`.
 */
export class Transition {
  readonly nowMs: number;
  /** A command is to be executed here: it has been forwarded already. */
  readonly noForward: boolean;
  /** Effects before channels are set up, and after. */
  readonly first: Effect[] = [];
  readonly effects: Effect[] = [];
  /** By channel id, of members that this transition changes. */
  readonly assumed = new Map<string, Assumed>();
  /** The conference has been woken as it asked. If that was too early, it must ask again. */
  woken = false;
  /** The member whose key is being acted on. That member hears what comes of it. */
  actingFor: number | null = null;
  /** Who has ordered what is done, in words; null where nobody has. */
  orderedBy: string | null;
  /** By channel id, who has ordered the flags that members have now. */
  readonly flagsOrderedBy = new Map<string, string | null>();
  /** The member that a command has turned out to mean. */
  meant: MemberAddress | null = null;
  /** Save the conference as a whole even if this transition has not changed it. */
  resave = false;
  #conference: Conference;
  #refusal: Refusal | null = null;

  constructor(
    conference: Conference,
    nowMs: number,
    { noForward = false, by = null }: { noForward?: boolean | undefined; by?: string | null | undefined } = {},
  ) {
    this.#conference = conference;
    this.nowMs = nowMs;
    this.noForward = noForward;
    this.orderedBy = by;
  }

  get conference(): Conference {
    return this.#conference;
  }

  /** The settings in force. */
  get profile(): ConferenceSettings {
    return this.#conference.settings.profile;
  }

  get refusal(): Refusal | null {
    return this.#refusal;
  }

  get members(): Member[] {
    return [...this.#conference.members.values()];
  }

  become(conference: Conference): void {
    this.#conference = conference;
  }

  change(changes: Partial<Omit<Conference, 'status' | 'name' | 'startedAtMs' | 'members'>>): void {
    this.#conference = { ...this.#conference, ...changes };
  }

  put(member: Member): void {
    const was = this.#conference.members.get(member.channelId);
    if (was && !equals(was.flags, member.flags)) this.flagsOrderedBy.set(member.channelId, this.orderedBy);
    this.#conference = { ...this.#conference, members: this.#conference.members.put(member) };
  }

  /** Changes a member, unless gone. */
  patch(channelId: string, changes: Partial<Member>): void {
    const member = this.#conference.members.get(channelId);
    if (member) this.put({ ...member, ...changes });
  }

  remove(channelId: string): void {
    this.#conference = { ...this.#conference, members: this.#conference.members.remove(channelId) };
  }

  do(effect: Effect): void {
    this.effects.push(effect);
  }

  publish(event: ConferenceEvent): void {
    this.effects.push(publication(event, this.orderedBy));
  }

  refuse(refusal: Refusal): void {
    this.#refusal ??= refusal;
  }

  /** Refuses what the state of the conference does not allow. */
  refuseAsImpossible(message: string): void {
    this.refuse({ code: 'not-possible', message });
  }

  /** Takes back what was refused, for somebody who is told in another way. */
  consumeRefusal(): Refusal | null {
    const refusal = this.#refusal;
    this.#refusal = null;
    return refusal;
  }

  /** The sounds of prompts one after the other, as the profile has them. */
  sounds(names: readonly PromptName[], values: PromptValues = {}): Sounds {
    return promptSounds(names, this.profile.sound, values);
  }

  /** Sounds of texts that are known to be media. */
  soundsOf(texts: readonly string[]): Sounds {
    return mediaSounds(texts, this.profile.sound);
  }

  /** Plays prompts to one member. The `nextStep` follows even where the profile has them silent. */
  prompt(
    member: Member,
    names: readonly PromptName[],
    { nextStep, values }: { nextStep?: NextStep; values?: PromptValues } = {},
  ): void {
    const sounds = this.sounds(names, values);
    if (sounds.media.length > 0 || nextStep) this.playTo(member, sounds, nextStep);
  }

  playTo({ channelId }: Member, sounds: Sounds, nextStep?: NextStep): void {
    const member = this.#conference.members.get(channelId);
    if (!member) return;
    const over = hearsAsterisk(this.#conference, member);
    this.do({ type: 'play-to', channelId, sounds: spokenTo(member, sounds), over, ...(nextStep && { nextStep }) });
  }

  /** Plays prompts to one member to their end before anything else is done about the member. */
  promptBefore(member: Member, names: readonly PromptName[]): void {
    const { channelId } = member;
    const sounds = spokenTo(member, this.sounds(names));
    if (sounds.media.length > 0) this.first.push({ type: 'play-to', channelId, sounds, over: false, wait: true });
  }

  /** Plays prompts to everybody on the floor, after a recorded name if there is one. `once` as the effect has it. */
  announce(
    names: readonly PromptName[],
    { nextStep, name, values, once }: { nextStep?: 'end'; name?: string; values?: PromptValues; once?: 'count' } = {},
  ): void {
    const prompts = this.sounds(names, values);
    const spoken: Media[] = name ? [{ type: 'recording', name }] : [];
    const sounds = { ...prompts, media: [...spoken, ...prompts.media] };
    if (sounds.media.length === 0 && !nextStep) return;
    this.do({ type: 'announce', sounds, ...(nextStep && { nextStep }), ...(once && { once }) });
  }
}

/** The effect that tells of an event, and of who has ordered it. */
export function publication(event: ConferenceEvent, by: string | null): Effect {
  return { type: 'publish', event, ...(by !== null && { by }) };
}

/** Sounds in the member's language. */
export function spokenTo({ caller }: Member, sounds: Sounds): Sounds {
  return caller.language ? { ...sounds, language: caller.language } : sounds;
}
