import type { Conference, Settings } from './model/conference.ts';
import type { Input, Sequel } from './model/inputs.ts';
import { isAway, type Member } from './model/member.ts';
import type { Outcome } from './model/outcome.ts';
import { entered, greeted, join, letWaitingIn, named, pinAsked, pinsChanged, sayName } from './rules/admission.ts';
import { remoteChanged, takeOrder, takeShared } from './rules/cluster-in.ts';
import { converge } from './rules/converge.ts';
import { pressed } from './rules/dtmf.ts';
import { carryOut } from './rules/execute-command.ts';
import { returned } from './rules/hold-and-private.ts';
import { emptied, leave, left, released } from './rules/leaving.ts';
import { floorMusic, playbackEnded } from './rules/playback.ts';
import { recordAutomatically, recordingEnded } from './rules/recording.ts';
import { resync } from './rules/resync.ts';
import { forgetTalking, talkingChanged } from './rules/talking.ts';
import { finish, releaseAll, tick, watchAdmins } from './rules/timers.ts';
import { Turn } from './rules/transition.ts';

/**
 * The whole behaviour of a conference: what an input changes, and what must be done about it. Pure: the same arguments
 * give the same outcome. Inputs about channels that are not members are ignored, because news of a call may cross the
 * news of its end.
 */
export function reduce(conference: Conference, input: Input, nowMs: number): Outcome {
  const turn = new Turn(conference, nowMs, { final: input.type === 'command' && input.final === true });
  take(turn, input);
  if (turn.conference.status === 'running') {
    watchAdmins(turn);
    letWaitingIn(turn);
  }
  forgetTalking(conference, turn);
  const gone = turn.conference.members.size === 0;
  if (gone && (turn.conference.status === 'running' || turn.conference.status === 'ending')) emptied(turn);
  // A tick leaves nothing that is due: it may just have released the last member of a conference that ends.
  if (input.type === 'tick' && turn.conference.status === 'empty' && nowMs >= turn.conference.endsAtMs) finish(turn);
  const effects = converge(conference, turn);
  return { conference: turn.conference, effects, ...(turn.refusal && { refusal: turn.refusal }) };
}

function take(turn: Turn, input: Input): void {
  switch (input.type) {
    case 'join':
      return join(turn, input);
    case 'command':
      return carryOut(turn, input.command);
    case 'resync':
      return resync(turn, input);
    case 'tick':
      return tick(turn);
    case 'settings':
      return settingsChanged(turn, input.settings);
    case 'playback-ended':
      return playbackEnded(turn, input.id);
    case 'recording-ended':
      return recordingEnded(turn, input);
    case 'remote':
      return remoteChanged(turn, input.remote);
    case 'shared':
      return takeShared(turn, input.change, input.anew);
    case 'order':
      return takeOrder(turn, input.order);
    case 'end-announced':
      return releaseAll(turn);
    default: {
      const member = turn.conference.members.get(input.channelId);
      if (member) takeOf(turn, member, input);
    }
  }
}

function settingsChanged(turn: Turn, settings: Settings): void {
  const { music } = turn.conference.settings.profile.sound;
  turn.change({ settings });
  turn.publish({ type: 'settings-changed', profileName: settings.profileName });
  if (turn.conference.musicOn && settings.profile.sound.music !== music) floorMusic(turn);
  pinsChanged(turn);
}

type InputOfMember = Exclude<Extract<Input, { channelId: string }>, { type: 'join' }>;

function takeOf(turn: Turn, member: Member, input: InputOfMember): void {
  switch (input.type) {
    case 'entered':
      entered(turn, member);
      // Only now is there something to be heard.
      return member.flags.speaker ? recordAutomatically(turn) : undefined;
    case 'entry-failed':
      return leave(turn, member, 'FAILED');
    case 'heard':
      return heard(turn, member, input.sequel);
    case 'named':
      return named(turn, member, input.recorded);
    case 'left':
      return isAway(member) && !input.destroyed ? undefined : left(turn, member);
    case 'returned':
      return returned(turn, member);
    case 'dtmf':
      return pressed(turn, member, input.key);
    case 'talking':
      return talkingChanged(turn, member, input);
  }
}

/** What follows a prompt. */
function heard(turn: Turn, member: Member, sequel: Sequel): void {
  switch (sequel) {
    case 'dial-pin':
      return pinAsked(turn, member);
    case 'enter':
      return greeted(turn, member);
    case 'say-name':
      return sayName(turn, member);
    case 'release':
      return released(turn, member);
  }
}
