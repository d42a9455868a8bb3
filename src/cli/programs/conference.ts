import { type Command, Option } from 'commander';
import { addClientOptions, type ClientOptions } from '../options/common.ts';
import { addListOptions, addMemberOrder, type MemberListOptions } from '../options/list.ts';

type PlaybackOptions = ClientOptions & { volume?: string; member?: string; wait?: true };

/** Adds the commands about a whole conference. They are the words of `conference/command-line/parse-command.ts`. */
export function addConferenceCommands(program: Command): void {
  const add = (name: string, description: string) =>
    addClientOptions(program.command(name)).argument('<conference>').description(description);

  for (const [name, description] of [
    ['term', 'end a conference; its members hear that'],
    ['lock', 'admit only moderators from now on'],
    ['unlock', 'admit everybody again'],
    ['count', 'tell everybody how many members there are'],
    ['unmute-all', 'unmute everybody but members who were muted one by one, and mute nobody who joins later'],
  ] as const) {
    add(name, description).action((conference: string, options: ClientOptions) => send(conference, [name], options));
  }

  add('mute-all', 'mute everybody, also members who join later')
    .option('--non-admins', 'mute all but moderators')
    .action((conference: string, options: ClientOptions & { nonAdmins?: true }) =>
      send(conference, ['mute-all', ...(options.nonAdmins ? ['--non-admins'] : [])], options),
    );

  add('kick', 'remove members from a conference')
    .argument('<members>', 'all, non-admins or last')
    .action((conference: string, members: string, options: ClientOptions) =>
      send(conference, ['kick', members], options),
    );

  add('flags', 'change the flags of many members')
    .argument('<whose>', 'all, non-admins or last')
    .argument('<flags...>', 'for example +mute -speaker')
    // -mute is a word here, not an option.
    .allowUnknownOption()
    .action((conference: string, whose: string, flags: string[], options: ClientOptions) =>
      send(conference, ['flags', whose, ...flags], options),
    );

  add('playback', 'play to a conference or to one member, or control what is being played')
    .argument('<media...>', 'sounds such as beep, tone:660/200 or "tts:hello"; or stop, pause, resume, seek 1:30, ...')
    .option('--volume <steps>', 'how loud, -4 to 4 in steps of 3 dB')
    .option('--member <number>', 'play to this member only')
    .addOption(new Option('--wait', 'return when the conference has heard it to its end').conflicts('member'))
    .action(async (conference: string, media: string[], options: PlaybackOptions) => {
      const { volume, member, wait } = options;
      const words = [...media, ...optionWords('--volume', volume), ...optionWords('--member', member)];
      await send(conference, ['playback', ...words], options);
      if (!wait) return;
      const { playbackEnded } = await import('../commands/command.ts');
      await playbackEnded(conference, options);
    });

  add('music', 'play music to everybody, behind the speakers, or stop it')
    .argument('<on-or-off>', 'on or off')
    .action((conference: string, word: string, options: ClientOptions) => send(conference, ['music', word], options));

  add('record', 'record a conference')
    .argument('<operation>', 'start, stop, pause or resume')
    .argument('[name]', 'with start: the name of the file, without its format')
    .action((conference: string, operation: string, name: string | undefined, options: ClientOptions) =>
      send(conference, ['record', operation, ...(name === undefined ? [] : [name])], options),
    );

  addMemberOrder(
    addListOptions(add('hands', 'show raised hands, make the first a speaker, take the floor back, or lower all')),
  )
    .argument('[operation]', 'next, back or lower')
    .action(async (conference: string, operation: string | undefined, options: MemberListOptions) => {
      if (operation !== undefined) return send(conference, ['hands', operation], options);
      const { show } = await import('../commands/show.ts');
      await show('hands', conference, options);
    });
}

async function send(conference: string, words: readonly string[], options: ClientOptions): Promise<void> {
  const { command } = await import('../commands/command.ts');
  await command(conference, words, options);
}

function optionWords(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}
