import type { Adjustable } from '../../conference/model/commands.ts';
import type { Action } from '../action.ts';

/** Actions that change a sound setting: by so much, or with 0 back to the profile's value. */
function level(name: string, setting: Adjustable, summary: string): Action {
  return {
    name,
    summary,
    argument: '+N, -N, or 0 for the value of the profile',
    problem: (argument) => (/^([+-]\d{1,4}|0)$/.test(argument) ? null : 'expected +N, -N or 0'),
    commands: ({ member, argument }) => {
      const by = Number(argument);
      return [{ type: 'adjust', memberId: member.id, setting, adjustment: by === 0 ? 'profile' : { by } }];
    },
  };
}

export const talkVolume = level('vol-talk', 'talkVolume', 'Be heard louder or softer, in steps of 3 dB');
export const listenVolume = level('vol-listen', 'listenVolume', 'Hear louder or softer, in steps of 3 dB');
export const vadLevel = level('vad-level', 'vadLevel', 'Change the loudness from which one counts as talking');
export const agcLevel = level('agc-level', 'agcLevel', 'Change the loudness to which the voice is brought');
