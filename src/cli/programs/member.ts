import type { Command } from 'commander';
import { addClientOptions, type ClientOptions } from '../options/common.ts';
import { helpItems } from '../text/help-text.ts';

/** Adds `member`. Its words are those of `conference/command-line/parse-member-command.ts`, and `status`. */
export function addMemberCommand(program: Command): void {
  addClientOptions(program.command('member'))
    .argument('<conference>')
    .argument(
      '<member>',
      'number of the member, as `show` lists it; 7@lyon is number 7 of node lyon; or the phone number, or a part of the name',
    )
    .argument('<action>', 'see below')
    .argument('[words...]')
    .description('show or change a member')
    .addHelpText('after', ({ command }) => helpItems('Actions:', ACTIONS, command))
    // -mute is a word here, not an option.
    .allowUnknownOption()
    .action(async (conference: string, id: string, action: string, words: string[], options: ClientOptions) => {
      const { member } = await import('../commands/command.ts');
      await member(conference, [id, action, ...words], options);
    });
}

const ACTIONS = [
  ['status', 'show the member'],
  ['kick', 'remove the member; hangup: the same, but with a good-bye'],
  ['flags ±FLAG...', '+speaker makes a speaker, -speaker a listener; mute, deaf, admin, vad, agc, cng, quiet'],
  ['hold, unhold', 'separate the member from the others, with music; bring the member back'],
  ['private OTHER, end-private', 'let two members of one node talk, unheard by the rest'],
  ['transfer CONFERENCE [PROFILE]', 'move the member to another conference'],
  ['hand raise|lower|call', "raise or lower the member's hand; call makes the member a speaker"],
  ['help ask|clear', "ask the moderators for help in the member's name; end the request"],
  ['set SETTING +N|-N|0', "talk-volume, listen-volume, vad-level, vad-hold, agc-level; 0 is the profile's value"],
  ['dtmf DIGITS', "send keys to the member's phone, such as 123#"],
  ['playback MEDIA... [--volume N]', 'play to this member alone, in place of what is being played to them'],
  ['playback OPERATION', 'stop, pause, resume, forward, back, restart, seek 1:30, volume N'],
  ['admin-pin', "ask for the moderators' PIN"],
  ['count, keys', 'tell the member how many members there are, what the keys do'],
  ['invite NUMBER|ENDPOINT', "call a phone into the conference in the member's name"],
  ['webhook URL', 'tell a web server about the member: POST with JSON'],
  ['exec APPLICATION [ARGUMENTS]', "run an application of the dialplan on the member's call"],
] as const;
