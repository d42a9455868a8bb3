import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Conference } from '../../../src/conference/model/conference.ts';
import type { Member } from '../../../src/conference/model/member.ts';
import { type Meeting, meshMeeting, natsMeeting, Shell } from './cluster-shells.ts';

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'];
const CONFERENCE = '3000';
const MEMBERS_PER_NODE = 5;
const CHANGES = 200;
/** On every other node. Messages are collected for 20 ms. */
const SEEN_WITHIN_MS = 100;
const LOOK_EVERY_MS = 1;
const EQUAL_WITHIN_MS = 5000;

/**
 * A clock that stands still while the machine lets this process wait although it has work: all nodes are in it, and
 * other programs' load says nothing about them. On a machine without other load it goes like any other.
 */
class OwnClock {
  #lostMs = 0;

  get nowMs(): number {
    return performance.now() - this.#lostMs;
  }

  /** Sleeps. What it oversleeps without using the processor is lost. */
  async sleep(ms: number): Promise<void> {
    const startedMs = performance.now();
    const used = process.cpuUsage();
    await sleep(ms);
    const { user, system } = process.cpuUsage(used);
    this.#lostMs += Math.max(0, performance.now() - startedMs - (ms + 1) - (user + system) / 1000);
  }
}

/** What others can know of a member, in one text. */
function told({ id, flags, talking, handRaisedAtMs, place }: Member): string {
  return JSON.stringify([id, Object.entries(flags).sort(), talking, handRaisedAtMs !== null, place.at]);
}

/** What others can know of a node's part. */
function toldOf(part: Conference | undefined): string[] {
  return part ? [part.locked, ...[...part.members.values()].map(told).sort()].map(String) : [];
}

function percentile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? Number.NaN;
}

/** @returns how long it took, in milliseconds */
async function until(isSo: () => boolean, timeoutMs = 10_000): Promise<number> {
  const startedMs = performance.now();
  while (!isSo()) {
    if (performance.now() - startedMs > timeoutMs) throw new Error(`not so after ${timeoutMs} ms`);
    await sleep(10);
  }
  return performance.now() - startedMs;
}

describe.each([
  ['a mesh', meshMeeting],
  ['NATS', natsMeeting],
] as const)('eight nodes over %s', (name, meet) => {
  let meeting: Meeting;
  let shells: Shell[];
  const channels = new Map<Shell, string[]>();
  const at = (index: number) => shells[index % shells.length] as Shell;
  const others = (shell: Shell) => shells.filter((other) => other !== shell);

  /** Whether every node knows of this one what is so. */
  const areEqual = (shell: Shell) => {
    const own = toldOf(shell.controller.conferences.get(CONFERENCE)).join();
    return others(shell).every((other) => toldOf(other.replicaOf(shell.id, CONFERENCE)).join() === own);
  };
  const allEqual = () => shells.every(areEqual);

  beforeAll(async () => {
    meeting = await meet(NODES);
    shells = NODES.map((id) => new Shell(id, meeting.open(id)));
    await Promise.all(shells.map((shell) => shell.start()));
    for (const shell of shells) {
      const calls = Array.from({ length: MEMBERS_PER_NODE }, () => shell.call(CONFERENCE, '+speaker'));
      channels.set(shell, calls);
    }
    const areAllHere = () =>
      shells.every((shell) => shell.controller.conferences.get(CONFERENCE)?.members.size === MEMBERS_PER_NODE);
    await until(() => areAllHere() && allEqual());
  });

  afterAll(async () => {
    await Promise.all(shells.map((shell) => shell.stop()));
    await meeting.close();
  });

  it('see a change of flags, hands, talking and the lock on all of them within 100 ms', async () => {
    const kinds = ['flags', 'hand', 'talking', 'lock'] as const;
    const latenciesMs: number[] = [];
    const wallMs: number[] = [];
    const clock = new OwnClock();
    for (let change = 0; change < CHANGES; change++) {
      const shell = at(change * 3);
      const kind = kinds[change % kinds.length] ?? 'flags';
      const [channelId = ''] = channels.get(shell)?.slice(change % MEMBERS_PER_NODE) ?? [];
      const member = shell.conference(CONFERENCE).members.get(channelId) as Member;
      const [startedMs, startedWallMs] = [clock.nowMs, performance.now()];
      switch (kind) {
        case 'flags': {
          const changes = { mute: !member.flags.mute };
          shell.controller.command(CONFERENCE, { type: 'set-flags', memberId: member.id, changes });
          break;
        }
        case 'hand': {
          const raised = member.handRaisedAtMs === null;
          shell.controller.command(CONFERENCE, { type: 'raise-hand', memberId: member.id, raised });
          break;
        }
        case 'talking':
          shell.talk(channelId, !member.talking);
          break;
        case 'lock':
          shell.controller.command(CONFERENCE, { type: 'lock', locked: !shell.conference(CONFERENCE).locked });
          break;
      }
      const now = shell.conference(CONFERENCE);
      const own = told(now.members.get(channelId) as Member);
      const isSeen = (other: Shell) =>
        kind === 'lock'
          ? other.conference(CONFERENCE).locked === now.locked
          : told(other.replicaOf(shell.id, CONFERENCE)?.members.byId(member.id) as Member) === own;
      expect(kind === 'lock' || own !== told(member)).toBe(true);
      const waiting = new Set(others(shell));
      while (waiting.size > 0 && clock.nowMs - startedMs < 5000) {
        await clock.sleep(LOOK_EVERY_MS);
        for (const other of waiting) {
          if (!isSeen(other)) continue;
          waiting.delete(other);
          latenciesMs.push(clock.nowMs - startedMs);
          wallMs.push(performance.now() - startedWallMs);
        }
      }
    }
    const figures = (values: number[]) => [0.5, 0.99, 1].map((part) => Math.round(percentile(values, part))).join(' ');
    console.log(`${name}: median, p99, max: ${figures(latenciesMs)} ms; with other load ${figures(wallMs)} ms`);
    expect(latenciesMs).toHaveLength(CHANGES * (NODES.length - 1));
    expect(percentile(latenciesMs, 0.99)).toBeLessThan(SEEN_WITHIN_MS);
  });

  it('know the same again within 5 s after one of them was cut off, whatever has happened meanwhile', async () => {
    const lonely = at(3);
    await meeting.cut(lonely.id);
    const isUp = (shell: Shell, id: string) => shell.cluster.nodes.find((node) => node.id === id)?.state === 'up';
    await until(() => others(lonely).every((shell) => !isUp(shell, lonely.id)));
    for (const shell of shells) {
      const [first = '', second = ''] = channels.get(shell) ?? [];
      shell.hangUp(first);
      shell.talk(second, !shell.conference(CONFERENCE).members.get(second)?.talking);
      channels.set(shell, [...(channels.get(shell) ?? []).slice(1), shell.call(CONFERENCE, '+speaker', '+mute')]);
    }
    await lonely.controller.command(CONFERENCE, { type: 'lock', locked: true });
    await sleep(100);
    expect(areEqual(lonely)).toBe(false);
    await meeting.heal(lonely.id);
    const tookMs = await until(allEqual);
    console.log(`${name}: equal again after ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(EQUAL_WITHIN_MS);
    expect(shells.map((shell) => shell.conference(CONFERENCE).locked)).toEqual(NODES.map(() => true));
  });
});
