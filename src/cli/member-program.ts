import type { Command } from 'commander';
import { type ClientOptions, jsonOption, socketOption } from './options.ts';

/** Adds `member`. Its words are those of `conference/member-words.ts`, and `status`. */
export function addMemberCommand(program: Command): void {
  program
    .command('member')
    .argument('<conference>')
    .argument('<member>', 'number of the member, as `show` lists it; 7@lyon is number 7 of node lyon')
    .argument('<action>', 'see below')
    .argument('[words...]')
    .description('show or change a member')
    .addOption(socketOption)
    .addOption(jsonOption)
    .addHelpText('after', ACTIONS_HELP)
    // -mute is a word here, not an option.
    .allowUnknownOption()
    .action(async (conference: string, id: string, action: string, words: string[], options: ClientOptions) => {
      const { member } = await import('./commands/command.ts');
      await member(conference, [id, action, ...words], options);
    });
}

const ACTIONS_HELP = `
Actions:
  status                          show him
  kick                            remove him; hangup: the same, but he is bidden good-bye
  flags ±FLAG...                  +speaker gives him the floor, -speaker takes it; mute, deaf, admin, vad, agc
  hold, unhold                    apart from the others, with music; and back
  private OTHER, end-private      let two members of one node talk, unheard by the rest
  transfer CONFERENCE [PROFILE]   move him to another conference
  hand raise|lower|call           raise or lower it for him; call gives him the floor
  set SETTING +N|-N|0             talk-volume, listen-volume, vad-level, agc-level; 0 is the profile's value
  playback MEDIA...|stop          play to him alone
  admin-pin                       ask him for the moderators' PIN
  count, keys                     tell him how many members there are, what his keys do
  invite NUMBER|ENDPOINT          call a phone into the conference in his name
  webhook URL                     tell a web server of him: POST with JSON
  exec APPLICATION [ARGUMENTS]    run an application of the dialplan on his call`;
