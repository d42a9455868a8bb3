import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { allSteps } from '../../../src/base/all-steps.ts';
import { NO_TABLE } from '../../../src/conference-table/conference-table.ts';
import { parsing } from '../../../src/conference-table/parse-table.ts';
import { SettingsBook } from '../../../src/conference-table/settings-book.ts';
import { type Profiles, parseProfiles } from '../../../src/profiles/profiles.ts';
import { FakeAsterisk } from './fake-asterisk.ts';

const SILENT =
  'sound: {prompts: {welcome: none, alone: none, not-open: none, over: none, bad-conference: none, conference-ending: none, transferred: none}, music: none}';
const NOW = Date.parse('2027-01-15T09:00:00Z');

let asterisk: FakeAsterisk;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  asterisk = new FakeAsterisk(SILENT);
});

afterEach(() => {
  asterisk.controller.stop();
  vi.useRealTimers();
});

/** The table that counts from now on. */
function use(conferences: string, head = ''): void {
  const profiles = parseProfiles([
    { path: 'keys.yaml', name: 'default-keys', text: 'kind: controls\nkeys: {"1": "transfer:3001"}\n' },
    { path: 'default.yaml', name: 'default', text: `kind: conference\n${SILENT}\n` },
    { path: 'board.yaml', name: 'board', text: `kind: conference\nidleSeconds: 1\n${SILENT}\n` },
  ]) as Profiles;
  const parsed = allSteps(parsing(`${head}timeZone: UTC\nconferences:\n${conferences}`, 'c.yaml', NO_TABLE));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  asterisk.controller.useSettings(new SettingsBook(profiles, parsed.table));
}

const resultOf = (id: string) => asterisk.variables.get(`${id} ROSTRUM_RESULT`);
const statusOf = (name: string) => asterisk.controller.conferences.get(name)?.status;

async function connect(): Promise<void> {
  const connected = asterisk.controller.resync();
  await vi.advanceTimersByTimeAsync(100);
  await connected;
}

async function calls(id: string): Promise<void> {
  asterisk.call(id);
  await vi.advanceTimersByTimeAsync(100);
}

it('a call to a conference that is not open is given back, and begins none', async () => {
  await connect();
  use('  "3000":\n    times: [{from: 2027-01-15 10:00}]\n');
  await calls('a');
  expect(resultOf('a')).toBe('CLOSED');
  expect(asterisk.controller.conferences.size).toBe(0);
  vi.setSystemTime(Date.parse('2027-01-15T10:00:00Z'));
  await calls('b');
  expect(statusOf('3000')).toBe('running');
});

it('a call to a conference that the table refuses is given back', async () => {
  await connect();
  use('  "3001":\n', 'unlisted: refuse\n');
  await calls('a');
  expect(resultOf('a')).toBe('UNLISTED');
});

it('a conference ends by the wall clock, and the clock that is set counts as soon as that is noticed', async () => {
  await connect();
  use('  "3000":\n    times: [{until: 2027-01-15 10:00}]\n    limits: {warningSeconds: 0}\n');
  await calls('a');
  await vi.advanceTimersByTimeAsync(50 * 60_000);
  expect(statusOf('3000')).toBe('running');
  const closesAtMs = () => asterisk.controller.conferences.get('3000')?.closesAtMs;
  expect(closesAtMs()).toBe(NOW + 3_600_000);
  // The clock of the controller under test is the same one, so it jumps as well: the time that is left counts.
  asterisk.controller.wallClockSet();
  expect(closesAtMs()).toBe(NOW + 3_600_000);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(statusOf('3000')).toBe('ending');
});

it('the first caller of the next opening finds a new conference, though the idle time of the former is not over', async () => {
  await connect();
  const times = 'times: [{until: 2027-01-15 10:00}, {from: 2027-01-15 11:00}]';
  use(`  "3000":\n    idleSeconds: 86400\n    ${times}\n`);
  await calls('a');
  asterisk.hangUp('a');
  await vi.advanceTimersByTimeAsync(100);
  expect(statusOf('3000')).toBe('empty');
  await vi.advanceTimersByTimeAsync(2 * 3_600_000);
  await calls('b');
  await vi.advanceTimersByTimeAsync(1000);
  expect(statusOf('3000')).toBe('running');
  expect(asterisk.members).toEqual(['b']);
});

it('a conference that a changed table closes ends at once', async () => {
  await connect();
  await calls('a');
  use('  "3000":\n    times: [{until: 2027-01-15 08:00}]\n');
  await vi.advanceTimersByTimeAsync(1);
  expect(statusOf('3000')).toBe('ending');
});

it('a member whose key moves them to a closed conference comes back', async () => {
  await connect();
  use('  "3001":\n    times: [{from: 2090-01-15 10:00}]\n  "3000":\n');
  await calls('a');
  await calls('b');
  asterisk.controller.handle({
    type: 'ChannelDtmfReceived',
    channel: asterisk.channels[0] as (typeof asterisk.channels)[number],
    digit: '1',
  } as Parameters<typeof asterisk.controller.handle>[0]);
  await vi.advanceTimersByTimeAsync(100);
  expect(asterisk.membersOf('3000').sort()).toEqual(['a', 'b']);
  expect(statusOf('3001')).toBeUndefined();
});

it('a conference that the table has not changed is left alone', async () => {
  await connect();
  use('  "3000":\n    limits: {members: 5}\n');
  await calls('a');
  const before = asterisk.controller.conferences.get('3000');
  use('  "3000":\n    limits: {members: 5}\n  "3001":\n    limits: {members: 7}\n');
  expect(asterisk.controller.conferences.get('3000')).toBe(before);
  use('  "3000":\n    limits: {members: 6}\n');
  expect(asterisk.controller.conferences.get('3000')?.settings.profile.limits.members).toBe(6);
});

it('a conference whose entry has lost its profile keeps it until it ends', async () => {
  await connect();
  use('  "3000":\n    profile: board\n');
  await calls('a');
  use('  "3000":\n    limits: {members: 5}\n');
  const settings = () => asterisk.controller.conferences.get('3000')?.settings;
  expect(settings()).toMatchObject({ profileName: 'board', profile: { limits: { members: 5 } } });
  asterisk.hangUp('a');
  await vi.advanceTimersByTimeAsync(2000);
  await calls('b');
  expect(settings()).toMatchObject({ profileName: 'default', profile: { limits: { members: 5 } } });
});
