import { describe, expect, it } from 'vitest';
import type { AttendanceRow } from '../../src/attendance/row.ts';
import type { Command } from '../../src/conference/model/commands.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

/** A conference of its own for each test: 90xx is conference a90xx. */
const DIALPLAN = `
[rostrum-dial-in](+)
exten => _90XX,1,Stasis(rostrum,join,a\${EXTEN},default)
exten => _91XX,1,Stasis(rostrum,join,a90\${EXTEN:2},default,+speaker)
exten => _92XX,1,Stasis(rostrum,join,a90\${EXTEN:2},default,+speaker,+admin)
`;

const lab = harness({
  profile: { sound: SILENT, idleSeconds: 1 },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const SETTLED = { timeout: 10_000, interval: 50 };

const run = (conference: string, command: Command) => lab.node.command(conference, command);
const dial = (number: string, callerNumber: string, callerName?: string) =>
  lab.phones.call(number, { callerNumber, send: silence(), ...(callerName !== undefined && { callerName }) });
/** Comes in as the so-manieth member. */
async function dialIn(number: string, callerNumber: string, members: number, callerName?: string): Promise<Call> {
  const call = await dial(number, callerNumber, callerName);
  await lab.node.waitForMembers(`a90${number.slice(2)}`, members);
  return call;
}

const idOf = async (conference: string, number: string) => (await lab.node.member(conference, number)).id;

/** What an operator gets to see. */
async function report(conference: string, ...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.node.cli('report', conference, ...options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const rowsOf = async (conference: string, ...options: string[]) =>
  JSON.parse(await report(conference, '--json', ...options)) as AttendanceRow[];
const rowOf = async (conference: string, number: string) =>
  (await rowsOf(conference)).find((row) => row.number === number);
const rolesOf = (row: AttendanceRow | undefined) => row?.roles.map(({ role, admin }) => (admin ? `${role}+` : role));

/** Until it was so long ago that the report shows a second. */
const aSecondAfter = (iso: string) =>
  expect.poll(() => Date.now() - Date.parse(iso), SETTLED).toBeGreaterThanOrEqual(1000);

describe('rostrum report', () => {
  it('tells who came and went, how long, in which role, and how it ended', async () => {
    await dialIn('9200', '300', 1, 'Ada');
    const leaving = await dialIn('9000', '101', 2, 'Bob');
    await dialIn('9000', '102', 3);
    await dialIn('9100', '103', 4);
    const [listener, kicked, moved] = await Promise.all(['101', '102', '103'].map((number) => idOf('a9000', number)));
    await run('a9000', { type: 'set-flags', memberId: listener ?? 0, changes: { speaker: true } });
    const { roles } = (await rowOf('a9000', '101')) ?? { roles: [] };
    await aSecondAfter(roles[1]?.at ?? '');
    await run('a9000', { type: 'set-flags', memberId: listener ?? 0, changes: { admin: true } });
    await run('a9000', { type: 'set-flags', memberId: listener ?? 0, changes: { speaker: false } });
    // Being muted is no other role.
    await run('a9000', { type: 'set-flags', memberId: listener ?? 0, changes: { mute: true } });
    await leaving.pressKeys('#');
    await run('a9000', { type: 'kick', memberId: kicked ?? 0 });
    await run('a9000', { type: 'transfer', memberId: moved ?? 0, conference: 'a9900', profileName: null });
    await lab.node.waitForMembers('a9000', 1);
    await lab.node.waitForMembers('a9900', 1);

    const rows = await rowsOf('a9000');
    expect(rows.map(({ number, name, result }) => [number, name, result])).toEqual([
      ['300', 'Ada', null],
      ['101', 'Bob', 'HANGUP'],
      ['102', '', 'KICKED'],
      ['103', '', 'TRANSFERRED'],
    ]);
    expect(rows.map(rolesOf)).toEqual([
      ['speaker+'],
      ['listener', 'speaker', 'speaker+', 'listener+'],
      ['listener'],
      ['speaker'],
    ]);
    const [ada, bob, , transferred] = rows;
    expect(ada).toMatchObject({ conference: 'a9000', leftAt: null });
    expect(ada?.seconds).toBeGreaterThanOrEqual(1);
    expect(ada?.speakerSeconds).toBe(ada?.seconds);
    expect(bob?.speakerSeconds).toBeGreaterThanOrEqual(1);
    expect(Date.parse(bob?.leftAt ?? '') - Date.parse(bob?.joinedAt ?? '')).toBeGreaterThan(1000);
    const [there] = await rowsOf('a9900');
    expect(there).toMatchObject({ number: '103', leftAt: null, result: null });
    expect(Date.parse(there?.joinedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(transferred?.leftAt ?? ''));

    await run('a9000', { type: 'terminate' });
    await expect.poll(async () => (await rowOf('a9000', '300'))?.result, SETTLED).toBe('ENDED');
  });

  it('is a table, CSV, JSON, or JSON lines with the same in them', async () => {
    await dialIn('9101', '200', 1, '=HYPERLINK(x,y)');
    const gone = await dialIn('9001', '101', 2, 'Smith, Jo');
    await gone.hangUp();
    await lab.node.waitForMembers('a9001', 1);
    await run('a9001', { type: 'lock', locked: true });
    await expect(dial('9001', '102')).rejects.toMatchObject({ status: 603 });
    await run('a9001', { type: 'terminate' });
    await lab.node.waitForMembers('a9001', 0);

    const rows = await rowsOf('a9001');
    expect(rows.map(({ number, result }) => [number, result])).toEqual([
      ['200', 'ENDED'],
      ['101', 'HANGUP'],
      ['102', 'LOCKED'],
    ]);
    expect(rows[2]).toMatchObject({ joinedAt: null, seconds: 0, roles: [] });

    const lines = (await report('a9001', '--jsonl')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(rows);

    const [heading, ...cells] = (await report('a9001', '--csv')).trimEnd().split('\r\n');
    expect(heading).toBe(
      'conference,started_at,member,number,name,joined_at,left_at,seconds,speaker_seconds,result,roles,ended_by,node',
    );
    expect(cells).toHaveLength(3);
    expect(cells[0]).toContain(`,200,"'=HYPERLINK(x,y)",`);
    expect(cells[1]).toContain(',101,"Smith, Jo",');
    expect(cells[1]).toMatch(new RegExp(`^a9001,${rows[1]?.startedAt},2,.*,HANGUP,${rows[1]?.joinedAt} listener,,$`));
    expect(cells[2]).toMatch(/,102,,,[^,]*,0,0,LOCKED,,,$/);

    const [title, header, ...table] = (await report('a9001')).trimEnd().split('\n');
    expect(title).toMatch(
      /^conference a9001, started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: 2 members, 0 still there, 1 turned away$/,
    );
    expect(header?.split(/ {2,}/)).toEqual([
      'MEMBER',
      'NUMBER',
      'NAME',
      'ROLES',
      'JOINED',
      'LEFT',
      'TIME',
      'AS SPEAKER',
      'RESULT',
    ]);
    expect(table.map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual(['ENDED', 'HANGUP', 'LOCKED']);
    expect(table[1]).toMatch(/\b101 +Smith, Jo +listener +\d\d:\d\d:\d\d +\d\d:\d\d:\d\d +0:00:0\d +0:00:00 +HANGUP/);

    expect(await lab.node.cli('report', 'a9001', '--csv', '--json')).toMatchObject({ code: 2 });
    expect(await lab.node.cli('report', 'nobody-was-there')).toMatchObject({ code: 3, stdout: '' });
  });

  it('shows the last conference of a name, or all of them', async () => {
    for (const callerNumber of ['101', '102']) {
      const call = await dial('9002', callerNumber);
      await lab.node.waitForMembers('a9002', 1);
      await call.hangUp();
      await expect.poll(() => lab.node.list(), SETTLED).toEqual([]);
    }
    expect((await rowsOf('a9002')).map(({ number }) => number)).toEqual(['102']);
    const all = await rowsOf('a9002', '--all');
    expect(all.map(({ number }) => number)).toEqual(['101', '102']);
    expect(all[0]?.startedAt).not.toBe(all[1]?.startedAt);
    // As `rostrum report` lists it.
    const started = new Date(all[0]?.startedAt ?? '').toTimeString().slice(0, 8);
    for (const time of [started, all[0]?.startedAt ?? '']) {
      expect((await rowsOf('a9002', '--started', time)).map(({ number }) => number)).toEqual(['101']);
    }
    for (const [time, words] of [
      ['1999', 'rostrum report --search a9002'],
      ['2', 'several conferences a9002 started "2": give one of '],
    ] as const) {
      const refused = { code: 2, stdout: '', stderr: expect.stringContaining(words) };
      expect(await lab.node.cli('report', 'a9002', '--started', time)).toMatchObject(refused);
    }
  });

  it('without a name lists the conferences, and list --past those that have ended', async () => {
    const call = await dial('9005', '101');
    await lab.node.waitForMembers('a9005', 1);
    const listed = async (...words: string[]) => {
      const { code, stdout } = await lab.node.cli(...words, '--search', 'A9005', '--json');
      return { code, conferences: JSON.parse(stdout) };
    };
    const running = { conference: 'a9005', endedAt: null, nodes: [], members: 1, turnedAway: 0 };
    expect(await listed('report')).toMatchObject({ code: 0, conferences: [running] });
    expect(await listed('list', '--past')).toEqual({ code: 0, conferences: [] });
    await call.hangUp();
    await expect.poll(() => lab.node.list(), SETTLED).toEqual([]);
    const past = await listed('list', '--past');
    expect(past).toMatchObject({ conferences: [{ ...running, endedAt: expect.any(String) }] });
    expect(await listed('report')).toEqual(past);
    const { stdout } = await lab.node.cli('list', '--past', '--search', 'a9005');
    expect(stdout).toMatch(
      /^CONFERENCE +STARTED +ENDED +TIME +MEMBERS +TURNED AWAY\na9005 .* 0:00:\d\d +1 +0\n1 conference shown\n$/,
    );
    expect(await lab.node.cli('report', '--csv')).toMatchObject({ code: 2, stdout: '' });
    expect(await lab.node.cli('report', 'a9005', '--limit', '3')).toMatchObject({ code: 2, stdout: '' });
  });

  it('goes on over a restart of the controller: who stays is one member, who goes meanwhile is lost', async () => {
    await dialIn('9103', '200', 1);
    const going = await dialIn('9003', '101', 2);
    await dialIn('9003', '102', 3);
    const before = await rowsOf('a9003');
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    await going.hangUp();
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('a9003', 2);
    await run('a9003', { type: 'set-flags', memberId: await idOf('a9003', '102'), changes: { speaker: true } });

    const after = await rowsOf('a9003');
    expect(after.map(({ number, joinedAt, startedAt }) => [number, joinedAt, startedAt])).toEqual(
      before.map(({ number, joinedAt, startedAt }) => [number, joinedAt, startedAt]),
    );
    const [speaker, gone, listener] = after;
    expect(speaker).toMatchObject({ leftAt: null, result: null });
    expect(rolesOf(speaker)).toEqual(['speaker']);
    expect(gone?.result).toBe('LOST');
    expect(gone?.leftAt).not.toBeNull();
    expect(rolesOf(listener)).toEqual(['listener', 'speaker']);

    await lab.phones.hangUpAll();
    await expect.poll(() => lab.node.list(), SETTLED).toEqual([]);
    expect((await rowsOf('a9003')).map(({ result }) => result)).toEqual(['HANGUP', 'LOST', 'HANGUP']);
  });

  it('is there after a restart of everything, as it was', async () => {
    const call = await dial('9104', '200');
    await lab.node.waitForMembers('a9004', 1);
    await call.hangUp();
    await expect.poll(() => lab.node.list(), SETTLED).toEqual([]);
    const before = await report('a9004', '--csv');
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    await expect
      .poll(() => lab.node.cli('report', 'a9004', '--csv'), SETTLED)
      .toMatchObject({ code: 0, stdout: before });
    await lab.node.waitUntilConnected();
  });
});
