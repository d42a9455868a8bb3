import { expect, it } from 'vitest';
import { recordingsOfNodes } from '../../../../src/controller/cluster/cluster-recordings.ts';
import type { RecordsOfNodes } from '../../../../src/controller/cluster/records-of-nodes.ts';

const at = (minute: number | null) => (minute === null ? null : `2026-01-05T10:${10 + minute}:00.000Z`);
const recording = (file: string, minute: number | null) => ({
  file,
  conference: '3000',
  endedAt: at(minute),
  seconds: 1,
  bytes: 2,
});
const missing = [{ node: 'rome', reason: 'it is gone' }];
const found = [
  { node: 'lyon', items: [recording('a', 9), recording('b', 2)] },
  { node: 'oslo', items: [recording('c', null), recording('d', 5)] },
];
const records = { askAll: async () => ({ found, missing }) } as unknown as RecordsOfNodes;

it('recordings of all nodes are one list in pages: those that are being made, then the newest', async () => {
  const page = async (number: number) => {
    const list = await recordingsOfNodes(records, { search: '', limit: 3, page: number });
    return [list.recordings.map(({ node, file }) => `${file}@${node}`), list.hasOlder, list.missing];
  };
  expect(await page(1)).toEqual([['c@oslo', 'a@lyon', 'd@oslo'], true, missing]);
  expect(await page(2)).toEqual([['b@lyon'], false, missing]);
});
