import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberView } from '../../src/api/schemas.ts';
import type { Adjustable, Command } from '../../src/conference/model/commands.ts';
import type { Choices, Weighted } from './choices.ts';
import { CONFERENCES, type SoakLab } from './lab.ts';

/** What members and operators do. */
export type Action = Weighted & { readonly run: (lab: SoakLab, choices: Choices) => Promise<unknown> };

type OfMember = (memberId: number, choices: Choices, others: readonly MemberView[]) => Command;
type OfConference = (choices: Choices) => Command;

const SETTINGS: readonly Adjustable[] = ['talkVolume', 'listenVolume', 'vadLevel'];
const KEYS = ['6', '4', '5', '3', '1', '2', '9', '7', '*', '0', '*5', '*7', '*3', '#'];
const SOON_MS = 500;

/** Callers of all kinds; those of the lobby dial the number of a conference. */
export const JOIN: Action = {
  name: 'join',
  weight: 0,
  run: async (lab, choices) => {
    const conference = choices.of(CONFERENCES) as string;
    const prefix = choices.of(['3', '3', '3', '3', '4', '4', '5', '2']) as string;
    if (prefix !== '2') return lab.dial(`${prefix}${conference.slice(1)}`).answered;
    const call = await lab.dial('2000').answered;
    await sleep(SOON_MS);
    return call.pressKeys(`${conference}#`);
  },
};

export const ACTIONS: readonly Action[] = [
  {
    name: 'leave',
    weight: 6,
    run: async (lab, choices) => choices.of(lab.calls)?.hangUp(),
  },
  {
    name: 'press',
    weight: 16,
    run: async (lab, choices) => {
      const via = choices.of(['rfc4733', 'rfc4733', 'info'] as const) ?? 'rfc4733';
      const toneMs = choices.between(60, 400);
      return choices.of(lab.calls)?.pressKeys(choices.of(KEYS) ?? '6', { via, toneMs });
    },
  },
  {
    name: 'give up dialling',
    weight: 3,
    run: async (lab, choices) => {
      const call = lab.dial(choices.of(['3000', '4001', '5002', '2000']) ?? '3000');
      await sleep(choices.between(0, 250));
      await call.hangUp();
    },
  },
  {
    name: 'hold by phone',
    weight: 5,
    run: async (lab, choices) => {
      const call = choices.of(lab.calls);
      await call?.hold(true);
      await sleep(choices.between(0, 3000));
      // Some stay on hold.
      if (choices.chance(0.7)) await call?.hold(false);
    },
  },
  {
    name: 'move phone',
    weight: 3,
    run: async (lab, choices) => choices.of(lab.calls)?.move(),
  },
  ofMember('flags', 14, (memberId, choices) => ({
    type: 'set-flags',
    memberId,
    changes: { [choices.of(['speaker', 'mute', 'deaf', 'vad', 'cng'] as const) ?? 'mute']: choices.chance(0.5) },
  })),
  ofMember('kick', 1, (memberId) => ({ type: 'kick', memberId })),
  ofMember('adjust', 3, (memberId, choices) => ({
    type: 'adjust',
    memberId,
    setting: choices.of(SETTINGS) ?? 'talkVolume',
    adjustment: choices.chance(0.4) ? 'profile' : { by: choices.between(-1, 1) },
  })),
  ofMember('raise hand', 4, (memberId, choices) => ({ type: 'raise-hand', memberId, raised: choices.chance(0.7) })),
  ofMember('call on', 2, (memberId) => ({ type: 'call-on', memberId })),
  ofMember('hold', 4, (memberId, choices) => ({ type: 'hold', memberId, held: choices.chance(0.4) })),
  ofMember('talk privately', 4, (memberId, choices, others) => ({
    type: 'talk-privately',
    memberId,
    withMemberId: choices.of(others)?.id ?? memberId,
  })),
  ofMember('end private', 4, (memberId) => ({ type: 'end-private', memberId })),
  ofMember('transfer', 4, (memberId, choices) => ({
    type: 'transfer',
    memberId,
    conference: choices.of(CONFERENCES) ?? '3000',
    profileName: null,
  })),
  ofMember('play to member', 4, (memberId, choices) => ({
    type: 'play-to-member',
    memberId,
    media: [`tone:2500/${choices.between(100, 1500)}`],
  })),
  ofMember('control playback to member', 3, (memberId, choices) => ({
    type: 'control-playback-to-member',
    memberId,
    operation: choices.of([
      { type: 'pause' },
      { type: 'resume' },
      { type: 'volume', volume: choices.between(-2, 1) },
      { type: 'seek', positionMs: choices.between(0, 900) },
    ] as const) ?? { type: 'stop' },
  })),
  ofMember('stop playing to member', 1, (memberId) => ({ type: 'stop-playing-to-member', memberId })),
  ofMember('prompt', 2, (memberId, choices) => ({
    type: choices.chance(0.5) ? 'prompt-count' : 'prompt-keys',
    memberId,
  })),
  ofMember('execute', 2, (memberId, choices) => ({
    type: 'execute',
    memberId,
    application: 'SayDigits',
    data: '123'.slice(0, choices.between(1, 3)),
  })),
  {
    name: 'invite',
    weight: 3,
    run: (lab, choices) =>
      lab.node.api.post(`/conferences/${choices.of(CONFERENCES)}/invitations`, { targets: [lab.nextNumber()] }),
  },
  ofConference('mute all', 2, (choices) => ({
    type: 'mute-all',
    audience: choices.of(['all', 'non-admins', null, null, null] as const),
  })),
  ofConference('lock', 2, (choices) => ({ type: 'lock', locked: choices.chance(0.2) })),
  ofConference('next hand', 2, () => ({ type: 'next-hand' })),
  ofConference('lower hands', 1, () => ({ type: 'lower-hands' })),
  ofConference('play', 3, (choices) => ({
    type: 'play',
    media: [`tone:2700/${choices.between(200, 2500)}`],
    volume: choices.between(-2, 0),
  })),
  ofConference('control playback', 2, (choices) => ({
    type: 'control-playback',
    operation: { type: choices.of(['stop', 'resume', 'restart'] as const) ?? 'stop' },
  })),
  ofConference('record', 2, () => ({ type: 'record', name: null })),
  ofConference('pause recording', 1, (choices) => ({ type: 'pause-recording', paused: choices.chance(0.5) })),
  ofConference('stop recording', 2, () => ({ type: 'stop-recording' })),
  ofConference('terminate', 0.15, () => ({ type: 'terminate' })),
  { name: 'read profiles again', weight: 1, run: (lab) => lab.node.api.post('/profiles/reload') },
];

function ofMember(name: string, weight: number, command: OfMember): Action {
  return {
    name,
    weight,
    run: async (lab, choices) => {
      const members = await lab.members();
      const chosen = choices.of(members);
      if (chosen === null) return;
      const { conference, member } = chosen;
      const others = members.filter((other) => other.conference === conference && other.member !== member);
      await lab.node.command(
        conference,
        command(
          member.id,
          choices,
          others.map((other) => other.member),
        ),
      );
    },
  };
}

function ofConference(name: string, weight: number, command: OfConference): Action {
  return {
    name,
    weight,
    run: async (lab, choices) => lab.node.command(choices.of(CONFERENCES) ?? '3000', command(choices)),
  };
}
