import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Command } from '../../src/conference/model/commands.ts';
import type { Conference } from '../../src/conference/model/conference.ts';
import type { Meant } from '../../src/conference/model/member-address.ts';
import { type ApiAlone, startApi } from '../kit/api-alone.ts';
import { conference, depsOf, member } from '../unit/api/conferences.ts';

const conferences = new Map<string, Conference>();
let api: ApiAlone;
let given: { command: Command; by: string | undefined }[];
let meant: Meant | null;
let onCommand: (name: Conference) => void;

const named = (id: number, number: string, name: string) => member(id, { caller: { number, name } });
const people = () => [named(1, '+4930123', 'Anna Berg'), named(2, '7', 'Bert Berg'), named(7, '4711', 'Anna')];
const here = () => conferences.get('3000') ?? conference();

beforeAll(async () => {
  vi.stubEnv('SUDO_USER', 'anna');
  const deps = depsOf(conferences, (command, by) => {
    given.push({ command, by });
    onCommand(here());
    return meant;
  });
  api = await startApi(deps);
});

afterAll(() => api.stop());

beforeEach(() => {
  conferences.clear();
  conferences.set('3000', conference(people()));
  given = [];
  meant = null;
  onCommand = () => {};
});

/** What a command prints. */
async function rostrum(...words: string[]): Promise<string> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  try {
    await api.createProgram().parseAsync(words, { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return out;
}

it.each([
  ['2', 2],
  // The number of a member comes before the number of a phone.
  ['7', 7],
  ['+4930123', 1],
  ['4711', 7],
  ['bert', 2],
  // The whole name comes before a part of it.
  ['anna', 7],
])('a member is found by the number, the phone number, or a part of the name: %s', async (who, memberId) => {
  await rostrum('member', '3000', who, 'kick');
  await rostrum('member', '3000', who, 'count');
  expect(given.map(({ command }) => command)).toMatchObject([{ memberId }, { memberId }]);
  expect(await rostrum('member', '3000', who, 'status')).toMatch(new RegExp(`^member +${memberId}$`, 'm'));
});

it('a name that several members have is refused with their numbers, and one that nobody has', async () => {
  await expect(rostrum('member', '3000', 'berg', 'kick')).rejects.toMatchObject({
    code: 'bad-request',
    message: '"berg" may be 1 (Anna Berg), 2 (Bert Berg): give the number of the member',
  });
  await expect(rostrum('member', '3000', 'Carl', 'kick')).rejects.toMatchObject({ code: 'no-such-member' });
  await expect(rostrum('member', '3000', '99', 'kick')).rejects.toMatchObject({ code: 'no-such-member' });
  expect(given).toEqual([]);
});

it('commands say which user has given them', async () => {
  await rostrum('lock', '3000');
  expect(given.map(({ by }) => by)).toEqual(['operator anna']);
});

it.each([[['kick', '3000', 'last']], [['flags', '3000', 'last', '+mute']], [['hands', '3000', 'next']]])(
  'the member that a command means is shown: %s',
  async (words) => {
    meant = { conference: '3000', memberId: 2 };
    expect(await rostrum(...words)).toMatch(/\n +2 +7 +Bert Berg /);
  },
);

it('a member who moves is told with the new number', async () => {
  onCommand = () => conferences.set('4000', { ...conference([named(5, '7', 'Bert Berg')]), name: '4000' });
  meant = { conference: '4000', memberId: 5 };
  expect(await rostrum('member', '3000', '2', 'transfer', '4000')).toBe('member 2 of 3000 is member 5 of 4000 now\n');
});

it('a volume that is changed is told', async () => {
  onCommand = (now) =>
    conferences.set(
      '3000',
      conference([...now.members.values()].map((each) => ({ ...each, adjusted: { talkVolume: 2 } }))),
    );
  expect(await rostrum('member', '3000', '2', 'set', 'talk-volume', '+2')).toBe(
    'member 2 (Bert Berg, 7): talk volume +2\n',
  );
});

it('a recording is told with its file, when it begins and when it is stopped', async () => {
  const recording = {
    name: 'talk',
    format: 'wav',
    startedAtMs: 1,
    paused: false,
    restarts: 0,
    number: 1,
    chosen: true,
  };
  onCommand = (now) => conferences.set('3000', { ...now, recording });
  expect(await rostrum('record', '3000', 'start', 'talk')).toMatch(/^recording to \/recordings\/talk\.wav since/m);
  onCommand = (now) => conferences.set('3000', { ...now, recording: null });
  expect(await rostrum('record', '3000', 'stop')).toMatch(/^recorded to \/recordings\/talk\.wav$/m);
});
