import type { Refusal } from './model/commands.ts';
import type { Conference, Settings } from './model/conference.ts';
import { emptyEndsMs } from './model/deadlines.ts';
import type { Effect } from './model/effects.ts';
import type { Input, NextStep } from './model/inputs.ts';
import { isAway, type Member } from './model/member.ts';
import type { MemberAddress } from './model/member-address.ts';
import { entered, join, judgePin, pinAsked, pinHeld, pinsChanged } from './rules/admission.ts';
import { applyBroadcast, applyShared, remoteChanged } from './rules/cluster-in.ts';
import { converge } from './rules/converge.ts';
import { pressed } from './rules/dtmf.ts';
import { finish, releaseAll, watchNeeded } from './rules/ending.ts';
import { executeCommand } from './rules/execute-command.ts';
import { greeted, letWaitingIn } from './rules/greeting.ts';
import { phoneHeld, returned } from './rules/hold-and-private.ts';
import { emptied, leave, left, referred, released, watchDeserted } from './rules/leaving.ts';
import { playbackToMemberEnded } from './rules/member-playback.ts';
import { named, sayName } from './rules/naming.ts';
import { floorMusic, playbackEnded } from './rules/playback.ts';
import { recordAutomatically, recordingEnded } from './rules/recording.ts';
import { replaced } from './rules/replaced.ts';
import { resync } from './rules/resync.ts';
import { forgetTalking, talkingChanged, tellMuted } from './rules/talking.ts';
import { closingChanged, tick } from './rules/timers.ts';
import { Transition } from './rules/transition.ts';

/** The outcome of an input: the conference as it is now, and the effects. */
export type Outcome = {
  conference: Conference;
  effects: Effect[];
  refusal?: Refusal;
  /** The member that a command has turned out to mean, such as the one who joined last. */
  meant?: MemberAddress;
};

/**
 * The whole behaviour of a conference: what an input changes, and what must be done about it. Pure: the same arguments
 * give the same outcome. Inputs about channels that are not members are ignored, because news of a call may cross the
 * news of its end.
 */
export function reduce(conference: Conference, input: Input, nowMs: number): Outcome {
  const transition = new Transition(conference, nowMs, {
    noForward: input.type === 'command' && input.noForward === true,
    by: input.type === 'command' || input.type === 'broadcast' ? input.by : null,
  });
  apply(transition, input);
  if (transition.conference.status === 'running') {
    watchDeserted(conference, transition);
    watchNeeded(conference, transition);
    letWaitingIn(transition);
  }
  forgetTalking(conference, transition);
  const gone = transition.conference.members.size === 0;
  if (gone && (transition.conference.status === 'running' || transition.conference.status === 'ending'))
    emptied(transition);
  // A tick leaves nothing that is due: it may just have released the last member of a conference that ends.
  if (input.type === 'tick' && nowMs >= emptyEndsMs(transition.conference)) finish(transition);
  const effects = converge(conference, transition);
  const { refusal, meant } = transition;
  return { conference: transition.conference, effects, ...(refusal && { refusal }), ...(meant && { meant }) };
}

/** The steps that follow a prompt. */
const nextSteps: Readonly<Record<NextStep, (transition: Transition, member: Member) => void>> = {
  'dial-pin': pinAsked,
  enter: greeted,
  'say-name': sayName,
  release: released,
};

function apply(transition: Transition, input: Input): void {
  switch (input.type) {
    case 'join':
      return join(transition, input);
    case 'command':
      return executeCommand(transition, input.command);
    case 'resync':
      return resync(transition, input);
    case 'tick':
      return tick(transition);
    case 'settings':
      return settingsChanged(transition, input.settings);
    case 'closing':
      return closingChanged(transition, input.atMs);
    case 'playback-ended':
      return playbackEnded(transition, input.id);
    case 'recording-ended':
      return recordingEnded(transition, input);
    case 'remote':
      return remoteChanged(transition, input.remote);
    case 'shared':
      return applyShared(transition, input.change, input.anew);
    case 'broadcast':
      return applyBroadcast(transition, input.broadcast);
    case 'end-announced':
      return releaseAll(transition);
    default: {
      const member = transition.conference.members.get(input.channelId);
      if (member) applyToMember(transition, member, input);
    }
  }
}

function settingsChanged(transition: Transition, settings: Settings): void {
  const { music } = transition.conference.settings.profile.sound;
  transition.change({ settings });
  transition.publish({ type: 'settings-changed', profileName: settings.profileName });
  if (transition.conference.musicOn && settings.profile.sound.music !== music) floorMusic(transition);
  pinsChanged(transition);
}

type InputOfMember = Exclude<Extract<Input, { channelId: string }>, { type: 'join' }>;

function applyToMember(transition: Transition, member: Member, input: InputOfMember): void {
  switch (input.type) {
    case 'entered':
      entered(transition, member);
      // Only now is there something to be heard.
      return member.flags.speaker ? recordAutomatically(transition) : undefined;
    case 'entry-failed':
      return leave(transition, member, 'FAILED');
    case 'heard':
      return nextSteps[input.nextStep](transition, member);
    case 'playback-to-member-ended':
      return playbackToMemberEnded(transition, member, input.id);
    case 'named':
      return named(transition, member, input.recorded);
    case 'left':
      return isAway(member) && !input.destroyed ? undefined : left(transition, member);
    case 'replaced':
      return replaced(transition, member, input.by);
    case 'referred':
      return referred(transition, member, input.to);
    case 'returned':
      return returned(transition, member);
    case 'dtmf':
      return pressed(transition, member, input.digit);
    case 'pin-held':
      return pinHeld(transition, member, input.delayMs);
    case 'pin-due':
      return judgePin(transition, member);
    case 'talking':
      return talkingChanged(transition, member, input);
    case 'talks-muted':
      return tellMuted(transition, member);
    case 'phone-hold':
      return phoneHeld(transition, member, input.held);
    case 'path':
      return transition.patch(member.channelId, { path: input.path });
    default:
      return input satisfies never;
  }
}
