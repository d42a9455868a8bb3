import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { allSteps } from '../../../../src/base/all-steps.ts';
import { NO_TABLE } from '../../../../src/conference-table/conference-table.ts';
import { parsing } from '../../../../src/conference-table/parse-table.ts';
import { SettingsBook } from '../../../../src/conference-table/settings-book.ts';
import { digestOf, TableAgreement } from '../../../../src/controller/cluster/table-agreement.ts';
import { type Profiles, parseProfiles } from '../../../../src/profiles/profiles.ts';
import { TestNetwork, TestNode } from '../cluster-nodes.ts';

const PROFILE = 'sound: { prompts: { welcome: none, alone: none }, music: none }';

function tableOf(conferences: string) {
  const parsed = allSteps(parsing(`timeZone: UTC\nconferences:\n${conferences}`, 'c.yaml', NO_TABLE));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.table;
}

let nodes: TestNode[];

beforeEach(async () => {
  vi.useFakeTimers();
  const network = new TestNetwork();
  nodes = ['lyon', 'oslo'].map((id) => new TestNode(id, network, PROFILE, {}));
  const started = Promise.all(nodes.map((each) => each.start()));
  await vi.advanceTimersByTimeAsync(2000);
  await started;
});

afterEach(async () => {
  await Promise.all(nodes.map((each) => each.stop()));
  vi.useRealTimers();
});

function use(node: TestNode | undefined, conferences: string): void {
  const profiles = parseProfiles([
    { path: 'k', name: 'default-keys', text: 'kind: controls\n' },
    { path: 'd', name: 'default', text: 'kind: conference\n' },
  ]) as Profiles;
  node?.controller.useSettings(new SettingsBook(profiles, tableOf(conferences)));
}

/** Whether the first node sees that the other has the same table as itself. */
async function agree(): Promise<boolean> {
  await vi.advanceTimersByTimeAsync(3000);
  const [own, other] = nodes[0]?.cluster.nodes ?? [];
  expect([own?.table, other?.table].every((table) => typeof table === 'string')).toBe(true);
  return own?.table === other?.table;
}

it('nodes see whether their tables are the same, whatever their order', async () => {
  expect(await agree()).toBe(true);
  use(nodes[0], '  "1":\n    name: One\n  "2":\n    access: {userPin: "1"}\n');
  expect(await agree()).toBe(false);
  use(nodes[1], '  # The second.\n  "2":\n    access: {userPin: "1"}\n  "1":\n    name: One\n');
  expect(await agree()).toBe(true);
  use(nodes[1], '  "1":\n    name: One\n  "2":\n    access: {userPin: "2"}\n');
  expect(await agree()).toBe(false);
});

it.each([
  ['a PIN', '  "1":\n    access: {userPin: "2"}\n'],
  ['a PIN that is taken away', '  "1":\n    access: {userPin: null}\n'],
  ['times', '  "1":\n    access: {userPin: "1"}\n    times: [{from: 2027-01-01 10:00}]\n'],
  ['a node', '  "1":\n    access: {userPin: "1"}\n    node: oslo\n'],
  ['one more', '  "1":\n    access: {userPin: "1"}\n  "2":\n'],
])('tables differ by %s', (_, conferences) => {
  expect(digestOf(tableOf(conferences))).not.toBe(digestOf(tableOf('  "1":\n    access: {userPin: "1"}\n')));
});

it.each([
  ['the order of settings', '  "1":\n    limits: {speakers: 2, members: 9}\n    access: {userPin: "1"}\n'],
  ['a name', '  "1":\n    name: Hall\n    access: {userPin: "1"}\n    limits: {members: 9, speakers: 2}\n'],
])('tables do not differ by %s', (_, conferences) => {
  const table = '  "1":\n    access: {userPin: "1"}\n    limits: {members: 9, speakers: 2}\n';
  expect(digestOf(tableOf(conferences))).toBe(digestOf(tableOf(table)));
});

it('a difference is logged once, and its end', () => {
  const logged: string[] = [];
  const note = (message: string) => void logged.push(message);
  const agreement = new TableAgreement({ own: () => 'a', logger: { warn: note, info: note } as never });
  for (const table of ['a', null, 'b', 'b', 'c', 'a', 'a']) agreement.seen('oslo', table);
  expect(logged.map((line) => line.split(':')[1]?.slice(0, 30))).toEqual([
    ' its table of conferences diff',
    ' its table of conferences diff',
    ' has the same table of confere',
  ]);
});
