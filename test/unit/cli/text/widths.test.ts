import assert from 'node:assert/strict';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { NO_ADMISSION } from '../../../../src/admission/gate.ts';
import type { HeldConferenceView, RecordingView, ReportView } from '../../../../src/api/record-schemas.ts';
import type { NodeView, StatusView } from '../../../../src/api/schemas.ts';
import { summarize, viewConference } from '../../../../src/api/views.ts';
import { createProgram } from '../../../../src/cli/program.ts';
import { attendanceText } from '../../../../src/cli/text/attendance-text.ts';
import { conferenceTable, conferenceText } from '../../../../src/cli/text/conference-text.ts';
import { heldTable } from '../../../../src/cli/text/held-text.ts';
import { keyCardText } from '../../../../src/cli/text/key-card.ts';
import { memberTable, memberText } from '../../../../src/cli/text/member-text.ts';
import { nodeTable, statusText } from '../../../../src/cli/text/node-text.ts';
import { profileKeyTable, profileTable } from '../../../../src/cli/text/profile-text.ts';
import { recordingTable } from '../../../../src/cli/text/recording-text.ts';
import { widthOf } from '../../../../src/cli/text/text-width.ts';
import { keysInWords } from '../../../../src/conference/model/keys-in-words.ts';
import { controlsProfileSchema } from '../../../../src/profiles/controls-schema.ts';
import { PROFILE_KEYS } from '../../../../src/profiles/profile-keys.ts';
import { controlsOf } from '../../../../src/profiles/settings.ts';
import { conference, member, partOf } from '../../api/conferences.ts';

const caller = { number: '+4917012345678', name: 'Wilhelmina von Habsburg-Lothringen' };
const part = {
  ...partOf(conference([1, 2, 2345].map((id) => member(id, { caller, handRaisedAtMs: 1 }))), () => -21.4),
  node: 'amsterdam-1',
};
const view = viewConference([part]);

const node: NodeView = {
  id: 'amsterdam-1',
  state: 'silent',
  since: new Date(2024, 0, 1).toISOString(),
  version: '0.1.0',
  sip: null,
  rttMs: 123.4,
  conferences: 123,
  members: 12_345,
  calls: 12_345,
  load: 0.25,
  capacity: 5000,
  draining: true,
  table: null,
  admission: { ...NO_ADMISSION, waiting: 123 },
  problems: 12,
  audio: { packets: 199, frames: 199, late: 1, concealed: 1, delayMs: 41.7 },
  traffic: null,
};

const row: ReportView['rows'][number] = {
  node: 'amsterdam-1',
  conference: '3000',
  startedAt: new Date(2024, 0, 1, 12).toISOString(),
  memberId: 1234,
  ...caller,
  joinedAt: new Date(2024, 0, 1, 12).toISOString(),
  leftAt: new Date(2024, 0, 2, 12).toISOString(),
  seconds: 86_400,
  speakerSeconds: 3600,
  roles: [{ at: new Date(2024, 0, 1, 12).toISOString(), role: 'speaker', admin: true, by: null }],
  result: 'TRANSFERRED',
  endedBy: 'operator wilhelmina',
};

const held: HeldConferenceView = {
  conference: 'supervisory-board',
  startedAt: new Date(2024, 0, 1, 12).toISOString(),
  endedAt: new Date(2024, 0, 2, 12).toISOString(),
  nodes: ['amsterdam-1', 'oslo', 'rome'],
  members: 12_345,
  turnedAway: 1234,
};

const recording: RecordingView = {
  file: 'supervisory-board/supervisory-board-2024-01-01-120000.wav',
  node: 'amsterdam-1',
  conference: 'supervisory-board',
  endedAt: new Date(2024, 0, 2, 12).toISOString(),
  seconds: 86_400,
  bytes: 1_382_400_044,
};

const [lone = assert.fail()] = view.members;

const STATUS: StatusView = {
  version: '0.1.0',
  pid: 12_345,
  asterisk: { connected: true, version: '22.10.1' },
  relay: { connected: true, pid: 12_346, sockets: 'libc' },
  problems: [
    {
      about: 'settings',
      severity: 'warning',
      detail: 'the former content counts until this is corrected:\na: b c d e',
    },
  ],
  conferences: 12,
  members: 12_345,
  atDoor: 12,
  inLobby: 345,
  admission: { ...NO_ADMISSION, waiting: 123 },
};

const KEYS = controlsProfileSchema.parse({ kind: 'controls', keys: { '*4': 'confirm:kick-last', '#0': 'private' } });

const keys = PROFILE_KEYS.conference.map(({ path, takesEffect }) => ({
  key: path.join('.'),
  value: 'a value that is as long as the text of a prompt may well be',
  source: 'inherited' as const,
  profile: 'default',
  takesEffect,
}));
const profile = { name: 'webinar', kind: 'conference', extends: 'default', description: 'for '.repeat(30) };

const TABLES: readonly [name: string, tableIn: (widthColumns: number) => string, least: RegExp][] = [
  ['members', (width) => memberTable(view.members, width), /MEMBER .*NUMBER .*NAME .*ROLE/],
  ['conferences', (width) => conferenceTable([summarize([part])], width), /CONFERENCE .*MEMBERS .*SPEAKERS .*HANDS/],
  ['nodes', (width) => nodeTable([node], width), /NODE .*STATE .*MEMBERS .*LOSS/],
  ['a report', (width) => attendanceText([row], width), /MEMBER .*NUMBER .*NAME .*JOINED .*TIME/],
  ['past conferences', (width) => heldTable([held], width), /CONFERENCE .*STARTED .*MEMBERS/],
  ['recordings', (width) => recordingTable([recording], width), /FILE .*NODE/],
  ['the keys of a profile', (width) => profileKeyTable(keys, width), /KEY .*VALUE/],
  ['profiles', (width) => profileTable([profile], width), /PROFILE .*DESCRIPTION/],
];

describe.each(TABLES)('the table of %s', (_, tableIn, least) => {
  it.each([60, 80, 120])('fits %i columns, with its most important columns and no heading cut', (width) => {
    const lines = tableIn(width).split('\n');
    const heading = lines.find((line) => least.test(line));
    expect(heading).toBeDefined();
    expect(heading).not.toContain('…');
    const table = lines.slice(lines.indexOf(heading ?? ''));
    for (const line of table) expect(widthOf(line), line).toBeLessThanOrEqual(width);
  });

  it.each([60, 80, 120])('cuts no time at %i columns', (width) => {
    expect(tableIn(width)).not.toMatch(/(?:^|\s)\d{4}-\d\d[-\d :]*…/m);
  });

  it('has every column where there is room', () => {
    const columns = (width: number) => (tableIn(width).match(/[A-Z]{2,}( [A-Z]+)*/g) ?? []).length;
    expect(columns(1000)).toBeGreaterThanOrEqual(columns(60));
    expect(tableIn(1000)).not.toContain('…');
  });

  it('keeps to 20 columns', () => {
    const lines = tableIn(20).split('\n');
    const from = lines.findIndex((line) => /^[A-Z]+/.test(line));
    for (const line of lines.slice(from)) expect(widthOf(line), line).toBeLessThanOrEqual(20);
  });
});

const page = { heading: 'For callers', sections: [{ heading: 'Your keys', keys: keysInWords(controlsOf(KEYS)) }] };

const TEXTS: readonly [name: string, textIn: (widthColumns: number) => string][] = [
  ['a conference', (width) => conferenceText(view, width)],
  ['a member', (width) => memberText({ ...lone, media: null }, width)],
  ['a node', (width) => statusText(STATUS, width)],
  ['a key card', (width) => keyCardText([page], width)],
];

describe.each(TEXTS)('the text about %s', (_, textIn) => {
  it.each([20, 60, 80, 120])(
    'has no line longer than %i columns, unless that is one word, and no word broken',
    (width) => {
      const lines = textIn(width).split('\n');
      const withSeveralWords = lines.filter((line) => line.trim().includes(' '));
      for (const line of withSeveralWords) expect(widthOf(line), line).toBeLessThanOrEqual(width);
      const words = (text: string) => text.split(/\s+/).join(' ').trim();
      expect(words(lines.join(' '))).toBe(words(textIn(1000)));
    },
  );
});

describe('the help of', () => {
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  it.each(all(createProgram()).map((command) => [command.name(), command] as const))('%s fits', (_, command) => {
    for (const width of [60, 80, 120]) {
      let help = '';
      command.configureOutput({ getOutHelpWidth: () => width, writeOut: (text) => (help += text) });
      command.outputHelp();
      for (const line of help.split('\n')) expect(widthOf(line), line).toBeLessThanOrEqual(width);
    }
  });
});
