import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AttendanceError } from '../../../../src/attendance/errors.ts';
import type { AttendanceRow } from '../../../../src/attendance/row.ts';
import type { RunSummary } from '../../../../src/attendance/run-summary.ts';
import type { Found, QuestionOf, RecordQuestion } from '../../../../src/cluster/record-questions.ts';
import { ClusterReports } from '../../../../src/controller/cluster/cluster-reports.ts';
import { RecordsOfNodes } from '../../../../src/controller/cluster/records-of-nodes.ts';
import type { AnswerRecords } from '../../../../src/controller/cluster/remote-records.ts';
import { TestNetwork, TestNode } from '../cluster-nodes.ts';

type Answer = (question: RecordQuestion) => Promise<unknown>;

const at = (minute: number) => new Date(Date.UTC(2026, 0, 5, 10, minute)).toISOString();
const run = (from: number, to: number | null, conference = '3000'): RunSummary => ({
  conference,
  startedAt: at(from),
  endedAt: to === null ? null : at(to),
  members: 1,
  turnedAway: 0,
  problem: null,
});
const row = (startedAt: string, memberId = 1): AttendanceRow => ({
  conference: '3000',
  startedAt,
  memberId,
  number: '100',
  name: 'Ann',
  joinedAt: startedAt,
  leftAt: null,
  seconds: 60,
  speakerSeconds: 0,
  roles: [],
  result: null,
  endedBy: null,
});

const newestOf = (runs: readonly RunSummary[], { around, limit }: QuestionOf<'runs'>) => {
  const before = runs.filter(({ startedAt }) => around === null || startedAt <= around);
  return [...before.slice(-limit), ...runs.slice(before.length, before.length + limit)].reverse();
};

/** A node that has recorded these runs, the oldest first, with so many members in each. */
const recorded =
  (runs: readonly RunSummary[], members = 1): Answer =>
  async (question) =>
    question.type === 'runs'
      ? newestOf(runs, question)
      : Array.from({ length: members }, (_, index) =>
          row(question.type === 'rows' ? question.startedAt : '', index + 1),
        );

let network: TestNetwork;
let nodes: TestNode[];

beforeEach(() => {
  vi.useFakeTimers();
  network = new TestNetwork();
  nodes = [];
});

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  vi.useRealTimers();
});

/** Nodes that know each other, and the reports of the first of them. @param answers by name */
async function reportsOf(answers: Readonly<Record<string, Answer>>): Promise<ClusterReports> {
  nodes = Object.keys(answers).map((id) => new TestNode(id, network, 'sound: { music: none }'));
  const attached = nodes.map(({ id, cluster }) => {
    const answer: AnswerRecords = (question) =>
      (answers[id] as AnswerRecords | Answer)(question) as Promise<Found<never>>;
    cluster.records.attach(answer);
    return new ClusterReports({ records: new RecordsOfNodes({ answer, cluster }) });
  });
  const started = Promise.all(nodes.map((node) => node.start()));
  await vi.advanceTimersByTimeAsync(2000);
  await started;
  return attached[0] as ClusterReports;
}

/** What becomes of it within a minute. */
async function settled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  await vi.advanceTimersByTimeAsync(60_000);
  return work;
}

const last = { runs: 'last' } as const;

describe('a report of the cluster', () => {
  it('has the members of all nodes with their nodes, and one start for all', async () => {
    const reports = await reportsOf({
      lyon: recorded([run(1, 2), run(10, 15)]),
      oslo: recorded([run(9, 12)], 2),
      rome: recorded([]),
    });
    const { rows, missing } = await settled(reports.report('3000', last));
    expect(missing).toEqual([]);
    expect(rows.map(({ node, memberId, startedAt }) => [node, memberId, startedAt])).toEqual([
      ['oslo', 1, at(9)],
      ['oslo', 2, at(9)],
      ['lyon', 1, at(9)],
    ]);
    const all = await settled(reports.report('3000', { runs: 'all' }));
    expect(all.rows.map(({ node, startedAt }) => [node, startedAt])).toEqual([
      ['lyon', at(1)],
      ['oslo', at(9)],
      ['oslo', at(9)],
      ['lyon', at(9)],
    ]);
    // The start on any of its nodes names it.
    const named = await settled(reports.report('3000', { runs: 'last', startedAt: at(10) }));
    expect(named.rows.map(({ node }) => node)).toEqual(['oslo', 'oslo', 'lyon']);
  });

  it('has every part of the last conference, though it has begun and ended many times on another node', async () => {
    const parts = Array.from({ length: 20 }, (_, index) => run(2 * index + 1, 2 * index + 2));
    const reports = await reportsOf({ lyon: recorded([run(0, 59)]), oslo: recorded(parts) });
    const { rows } = await settled(reports.report('3000', last));
    expect(rows.map(({ node }) => node)).toEqual(['lyon', ...parts.map(() => 'oslo')]);
    const asked = network.sent.filter(({ message }) => message.type === 'ask-records').map(({ message }) => message);
    expect(asked.filter((each) => each.type === 'ask-records' && each.question.type === 'runs')).toHaveLength(3);
  });

  it('has all of many members of another node', async () => {
    const reports = await reportsOf({ lyon: recorded([]), oslo: recorded([run(9, 12)], 1201) });
    const { rows } = await settled(reports.report('3000', last));
    expect(rows.map(({ memberId }) => memberId)).toEqual(Array.from({ length: 1201 }, (_, index) => index + 1));
    // No more than one part of the answer is on its way at a time.
    const types = network.sent
      .map(({ message }) => message.type)
      .filter((type) => type.endsWith('-records') || type === 'records');
    expect(types.slice(-6)).toEqual(['ask', 'more', 'more'].flatMap((word) => [`${word}-records`, 'records']));
  });

  it('names each node that is missing, and why', async () => {
    const reports = await reportsOf({
      lyon: recorded([run(10, 15)]),
      oslo: async () => {
        throw new AttendanceError('attendance-disabled', 'no attendance is recorded');
      },
      rome: () => new Promise(() => {}),
      kiel: recorded([run(10, 15)]),
    });
    network.cut('lyon', 'kiel');
    await vi.advanceTimersByTimeAsync(100);
    const { rows, missing } = await settled(reports.report('3000', last));
    expect(rows.map(({ node }) => node)).toEqual(['lyon']);
    expect(missing).toEqual([
      { node: 'kiel', reason: expect.stringMatching(/^it is silent since 20/) },
      { node: 'oslo', reason: 'no attendance is recorded' },
      { node: 'rome', reason: 'it has not answered in time' },
    ]);
  });

  it('names a node that goes down before its members are read', async () => {
    const reports = await reportsOf({
      lyon: recorded([run(10, 15)]),
      oslo: async (question) => {
        if (question.type === 'runs') return [run(9, 12)];
        network.cut('lyon', 'oslo');
        return [];
      },
    });
    const { rows, missing } = await settled(reports.report('3000', last));
    expect(rows.map(({ node }) => node)).toEqual(['lyon']);
    expect(missing).toEqual([{ node: 'oslo', reason: 'it has gone down' }]);
  });

  it('has nothing of a node that goes down in the middle of its answer, and no more is sent there', async () => {
    const reports = await reportsOf({ lyon: recorded([run(1, 2)]), oslo: recorded([run(1, 2)], 1201) });
    const sentTo = (node: string) =>
      network.sent.filter(({ to, message }) => to === node && message.type === 'records');
    const report = reports.report('3000', last);
    await vi.waitFor(() => expect(sentTo('lyon').length).toBe(2), { interval: 1 });
    network.cut('lyon', 'oslo');
    const { rows, missing } = await settled(report);
    expect(rows.map(({ node }) => node)).toEqual(['lyon']);
    expect(missing).toEqual([{ node: 'oslo', reason: 'it has gone down' }]);
    expect(sentTo('lyon')).toHaveLength(2);
  });

  it('names the file that cannot be read, and has the other ones', async () => {
    const reports = await reportsOf({
      lyon: recorded([run(10, 15)]),
      oslo: async (question) => {
        if (question.type === 'runs') return [run(12, 13), run(10, 11)];
        if (question.type === 'rows' && question.startedAt === at(10)) throw new Error('a.jsonl cannot be read');
        return [row(at(12))];
      },
    });
    const { rows, missing, gaps } = await settled(reports.report('3000', last));
    expect(rows.map(({ node }) => node)).toEqual(['lyon', 'oslo']);
    expect({ missing, gaps }).toEqual({ missing: [], gaps: ['node oslo: a.jsonl cannot be read'] });
  });

  it('asks a node that does not answer once, not for each of its runs', async () => {
    let asked = 0;
    const reports = await reportsOf({
      lyon: recorded([run(0, 30)]),
      oslo: async (question) => {
        if (question.type === 'runs') return newestOf([run(1, 2), run(3, 4), run(5, 6)], question);
        asked += 1;
        return new Promise(() => {});
      },
    });
    const { missing } = await settled(reports.report('3000', last));
    expect(missing).toEqual([{ node: 'oslo', reason: 'it has not answered in time' }]);
    expect(asked).toBe(1);
  });

  it('has every part of an earlier conference, and reads few others', async () => {
    const parts = Array.from({ length: 20 }, (_, index) => run(100 + 2 * index, 101 + 2 * index));
    const others = (from: number) =>
      Array.from({ length: 900 }, (_, index) => run(from + 2 * index, from + 2 * index + 1));
    const oslo = [...others(-2000), ...parts, ...others(200)];
    const reports = await reportsOf({ lyon: recorded([run(99, 150)]), oslo: recorded(oslo) });
    for (const startedAt of [at(100), at(120), at(138)]) {
      const { rows, gaps } = await settled(reports.report('3000', { runs: 'last', startedAt }));
      expect(rows.map(({ node }) => node)).toEqual(['lyon', ...parts.map(() => 'oslo')]);
      expect(gaps).toEqual([]);
    }
    const found = network.sent.flatMap(({ message }) =>
      message.type === 'records' && message.result.ok && message.result.found.type === 'runs'
        ? [message.result.found.items.length]
        : [],
    );
    expect(Math.max(...found)).toBeLessThan(300);
  });

  it('says where it may have too few of too many runs', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => run(2 * index + 1, 2 * index + 2));
    const reports = await reportsOf({ lyon: recorded([run(0, null)]), oslo: recorded(many) });
    const { rows, gaps } = await settled(reports.report('3000', last));
    expect(rows).toHaveLength(1001);
    expect(gaps).toEqual([expect.stringMatching(/^node oslo: only 1000 files of this name are looked through/)]);
  });

  it('of which no node has anything is refused, with the nodes that are missing', async () => {
    const reports = await reportsOf({
      lyon: recorded([]),
      oslo: async () => {
        throw new Error('its disk is gone');
      },
    });
    await expect(settled(reports.report('3000', last))).rejects.toMatchObject({
      code: 'no-such-report',
      message: 'no attendance recorded of "3000"; node oslo is missing: its disk is gone',
    });
  });

  it('is refused as this node refuses it where no node has an answer', async () => {
    const disabled = async () => {
      throw new AttendanceError('attendance-disabled', 'no attendance is recorded');
    };
    const reports = await reportsOf({ lyon: disabled, oslo: disabled });
    await expect(settled(reports.report('3000', last))).rejects.toMatchObject({ code: 'attendance-disabled' });
  });
});

describe('the conferences that there were', () => {
  it('are those of all nodes, in pages, the newest first', async () => {
    const reports = await reportsOf({
      lyon: recorded([run(1, 2), run(3, 4), run(10, 15)]),
      oslo: recorded([run(5, 6, '4000'), run(9, 12)]),
    });
    const page = async (number: number) => {
      const wanted = { conference: null, search: '', endedOnly: true, limit: 2, page: number };
      const { conferences, hasOlder } = await settled(reports.conferences(wanted));
      return [...conferences.map(({ conference, startedAt }) => `${conference} ${startedAt.slice(14, 16)}`), hasOlder];
    };
    expect(await page(1)).toEqual(['3000 09', '4000 05', true]);
    expect(await page(2)).toEqual(['3000 03', '3000 01', false]);
  });

  it('have ended on all of their nodes where those that are going on are left out', async () => {
    const going = Array.from({ length: 6 }, (_, index) => run(30 + index, null, `40${index}`));
    const reports = await reportsOf({
      lyon: recorded([run(1, 2), run(10, 15), ...going]),
      oslo: recorded([run(9, null)]),
    });
    const wanted = { conference: null, search: '', endedOnly: true, limit: 1, page: 1 };
    const { conferences } = await settled(reports.conferences(wanted));
    expect(conferences.map(({ startedAt }) => startedAt)).toEqual([at(1)]);
  });

  it('are listed without the members of files that cannot be read, which are named', async () => {
    const reports = await reportsOf({
      lyon: recorded([run(1, 2)]),
      oslo: recorded([{ ...run(3, 3), members: 0, problem: 'a.jsonl cannot be read' }]),
    });
    const wanted = { conference: null, search: '', endedOnly: true, limit: 5, page: 1 };
    const { conferences, missing, gaps } = await settled(reports.conferences(wanted));
    expect(conferences).toHaveLength(2);
    expect({ missing, gaps }).toEqual({
      missing: [],
      gaps: ['node oslo: a.jsonl cannot be read; its members are not counted'],
    });
  });
});
