import { describe, expect, it } from 'vitest';
import { type CommandNode, candidates, formatCandidate, type Known } from '../../../../src/cli/completion/complete.ts';

const known: Known = {
  conferences: async () => [
    { word: '3000', description: '2 members' },
    { word: '3001', description: '' },
    { word: 'status', description: '' },
  ],
  held: async () => [{ word: '2999', description: '' }],
  recordings: async () => [{ word: 'talks/first.wav', description: '3000' }],
  listed: async () => [{ word: '6001', description: '' }],
  settings: async () => [{ word: 'limits.members', description: 'Most members' }],
  members: async (conference) => [{ word: conference === '3000' ? '17' : '99', description: 'Ann, 100, speaker' }],
};

const node = (name: string, args: string[] = [], commands: CommandNode[] = []): CommandNode => ({
  name,
  description: `about ${name}`,
  args,
  options: [
    { names: ['--json'], takesValue: false, description: '' },
    { names: ['--socket'], takesValue: true, description: '' },
    ...(name === 'show'
      ? [{ names: ['--role'], takesValue: true, choices: ['speaker', 'listener'], description: '' }]
      : []),
    ...(name === 'playback'
      ? ['--volume', '--member'].map((word) => ({ names: [word], takesValue: true, description: '' }))
      : []),
  ],
  commands,
});

const root = node(
  'rostrum',
  [],
  [
    node('list'),
    node('lock', ['conference']),
    node('show', ['conference', 'conference']),
    node('flags', ['conference', 'whose', 'flags']),
    node('hands', ['conference', 'operation']),
    node('playback', ['conference', 'media']),
    node('member', ['conference', 'member', 'action', 'words']),
    node('completion', ['shell']),
    node('profile', [], [node('check', ['directory']), node('show', ['name']), node('set', ['name', 'key', 'value'])]),
    node('conference', [], [node('show', ['number']), node('set', ['number', 'key', 'value'])]),
    node('report', ['conference']),
    node('recordings', [], [node('get', ['recording', 'target']), node('remove', ['recordings'])]),
    node('unheard-of', ['conference', 'member']),
  ],
);

const complete = async (line: string) =>
  (await candidates(line.split(' '), root, known)).map(({ word }) => word).join(' ');

describe('completion', () => {
  it.each([
    ['l', 'list lock'],
    ['profile ', 'check show set'],
    ['profile show ', ''],
    ['report ', '2999'],
    ['recordings get t', 'talks/first.wav'],
    ['recordings get talks/first.wav ', ''],
    ['recordings remove a ', 'talks/first.wav'],
    ['conference show ', '6001'],
    ['conference set 6', '6001'],
    ['conference set 6001 l', 'limits.members'],
    ['conference set 6001 limits.members ', ''],
    ['lock ', '3000 3001 status'],
    ['lock 3', '3000 3001'],
    ['lock 3000 ', ''],
    ['lock --json 3', '3000 3001'],
    ['lock --socket /x 3', '3000 3001'],
    ['lock --socket ', ''],
    ['lock -', '--json --socket'],
    ['show m', 'members'],
    ['show ', '3000 3001 status status members hands nodes'],
    ['show members 3', '3000 3001'],
    ['show 3000 ', ''],
    ['show --role ', 'speaker listener'],
    ['show --role l', 'listener'],
    ['show --role listener 300', '3000 3001'],
    ['flags 3000 n', 'non-admins'],
    ['flags 3000 all +s', '+speaker'],
    ['flags 3000 all +mute -d', '-deaf'],
    ['hands 3000 ', 'next back lower'],
    ['playback 3000 re', 'resume restart'],
    ['playback 3000 volume -', '-4 -3 -2 -1 --json --socket --volume --member'],
    ['playback 3000 --volume 4', '4'],
    ['playback 3000 --member ', '17'],
    ['member 3000 ', '17'],
    ['member 3001 ', '99'],
    ['member 3000 17 ki', 'kick'],
    ['member 3000 17 s', 'status set'],
    ['member 3000 17 set t', 'talk-volume'],
    ['member 3000 17 hand ', 'raise lower call'],
    ['member 3000 17 private ', '17'],
    ['member 3000 17 transfer 30', '3000 3001'],
    ['member 3000 17 flags +a', '+admin +agc +auth'],
    ['completion ', 'bash zsh fish'],
    ['unheard-of ', '3000 3001 status'],
    ['unheard-of 3000 ', '17'],
    ['dance ', ''],
    ['__proto__ ', ''],
  ])('of "%s" is "%s"', async (line, words) => {
    expect(await complete(line)).toBe(words);
  });

  it('of a key of a profile lists the keys', async () => {
    expect(await complete('profile set default limits.sp')).toBe('limits.speakers');
  });

  it('of a first word lists the commands', async () => {
    expect((await complete('')).split(' ')).toHaveLength(root.commands.length);
  });

  it("keeps callers' names from adding lines or columns", () => {
    expect(formatCandidate({ word: '7', description: 'a\nb\tc' })).toBe('7\ta?b?c\n');
  });
});
