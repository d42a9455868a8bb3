import { describe, expect, it } from 'vitest';
import { NO_ADMISSION } from '../../../../src/admission/gate.ts';
import type { NodeView, StatusView } from '../../../../src/api/schemas.ts';
import { summarize, viewConference } from '../../../../src/api/views.ts';
import { conferenceTable, conferenceText } from '../../../../src/cli/text/conference-text.ts';
import { memberTable } from '../../../../src/cli/text/member-text.ts';
import { nodeTable, statusText } from '../../../../src/cli/text/node-text.ts';
import { conference, member, partOf } from '../../api/conferences.ts';

const own = partOf(conference([member(1)]));
const spread = [
  { ...own, node: 'lyon' },
  { ...partOf(conference([member(1, { handRaisedAtMs: 5 })])), node: 'oslo', own: false },
];

/** The words of each line. */
const words = (text: string) => text.split('\n').map((line) => line.trim().split(/ {2,}/));

describe('tables', () => {
  it('of conferences and members have no column for nodes where there is no cluster', () => {
    expect(words(conferenceTable([summarize([own])], 200))[0]).not.toContain('NODES');
    expect(words(memberTable(viewConference([own]).members, 200))[0]).not.toContain('NODE');
    expect(conferenceText(viewConference([own]), 200)).not.toContain('on ');
  });

  it('of conferences and members say on which node they are', () => {
    const [heading, row] = words(conferenceTable([summarize(spread)], 200));
    expect(row?.[heading?.indexOf('NODES') ?? -1]).toBe('lyon oslo');
    const rows = words(memberTable(viewConference(spread).members, 200));
    expect(rows.map((each) => each.slice(0, 2))).toEqual([
      ['MEMBER', 'NODE'],
      ['1', 'lyon'],
      ['1', 'oslo'],
    ]);
    expect(conferenceText(viewConference(spread), 200)).toContain('on lyon, oslo');
    expect(conferenceText(viewConference(spread), 200)).toContain('hands raised: 1@oslo');
  });

  it('of nodes say how they are and what they have to do', () => {
    const node: NodeView = {
      id: 'oslo',
      state: 'up',
      since: new Date(2024, 0, 1, 12, 30).toISOString(),
      version: '0.1.0',
      sip: null,
      rttMs: 1.234,
      conferences: 2,
      members: 30,
      calls: 33,
      load: 0.256,
      capacity: null,
      draining: true,
      table: 'aa',
      admission: { waiting: 7, longestMs: 2100, perSecond: 43, limit: 12, refused: 3, room: 0 },
      problems: 2,
      audio: { packets: 199, frames: 199, late: 1, concealed: 1, delayMs: 41.7 },
      traffic: null,
    };
    expect(words(nodeTable([node], 200))[1]).toEqual([
      'oslo',
      'up, draining, no room, 2 problems',
      '2',
      '30',
      '33',
      '7',
      '-',
      '0.26',
      '1.2',
      '0.5 %',
      '42',
      '2024-01-01 12:30',
      '0.1.0',
    ]);
    const other = { ...node, id: 'lyon', draining: false, problems: 0, table: 'bb' };
    expect(words(nodeTable([node, other], 200))[2]?.[1]).toBe('up, no room, other table');
    expect(words(nodeTable([node, { ...other, table: null }], 200))[2]?.[1]).toBe('up, no room');
  });
});

it('the status of a node tells the callers who are no members yet', () => {
  const status: StatusView = {
    version: '0.1.0',
    pid: 1,
    asterisk: { connected: true, version: '22' },
    relay: { connected: true, pid: 2, sockets: 'libc' },
    problems: [],
    conferences: 1,
    members: 3,
    atDoor: 0,
    inLobby: 0,
    admission: NO_ADMISSION,
  };
  const lines = (changes: Partial<StatusView>) =>
    Object.fromEntries(words(statusText({ ...status, ...changes }, 200)).map(([name = '', text]) => [name, text]));
  expect(lines({})).toMatchObject({
    members: '3',
    joining: 'nobody',
    arriving: expect.stringMatching(/^nobody waits;/),
  });
  expect(lines({ atDoor: 2, inLobby: 1 })['joining']).toBe('1 caller in the lobby, 2 callers at the PIN');
  const waiting = (calls: number) =>
    lines({ admission: { ...NO_ADMISSION, waiting: calls, longestMs: 2500 } })['arriving'];
  expect(waiting(1)).toMatch(/^1 call waits, for 2\.5 s;/);
  expect(waiting(2)).toMatch(/^2 calls wait, the longest for 2\.5 s;/);
});
