import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/machine.ts';
import { clusterHarness, HEARD, NODES, speakersEverywhere, VOICE_HZ } from './cluster-harness.ts';
import { describeCluster } from './cluster-suite.ts';

/** Controllers over NATS, relays by multicast, and the lifetime that a node has by default. */
const group = `239.83.20.1:${await freePort('127.0.0.1')}`;
const lab = clusterHarness({ nats: true, trunk: { multicast: { group, interface: '127.0.0.1' } } });

const LIFETIME_MS = 15_000;

describeCluster(lab);

describe('multicast', () => {
  it('sends each packet once for all nodes', async () => {
    await speakersEverywhere(lab);
    await sleep(2500);
    const counts = async () => {
      const seen = await Promise.all(NODES.map(lab.nodesSeenBy));
      return NODES.map((name, index) => ({
        sent: seen[index]?.get(name)?.traffic?.trunk?.sent ?? Number.NaN,
        takenByOthers: seen.reduce((sum, nodes) => sum + (nodes.get(name)?.audio?.packets ?? 0), 0),
      }));
    };
    const before = await counts();
    await sleep(6000);
    const after = await counts();
    for (const [index, { sent, takenByOthers }] of after.entries()) {
      const made = sent - (before[index]?.sent ?? Number.NaN);
      const taken = takenByOthers - (before[index]?.takenByOthers ?? Number.NaN);
      expect(made).toBeGreaterThan(150);
      // Relays report each 2 s, at times of their own.
      expect(taken / made).toBeGreaterThan(1.4);
      expect(taken / made).toBeLessThan(2.7);
    }
  });
});

describe('a node that dies', () => {
  it('is gone after 15 s unless it was configured otherwise, and the others do not miss a word', async () => {
    const { listeners } = await speakersEverywhere(lab);
    await lab.node('rome').kill();
    const killedMs = performance.now();
    listeners.lyon.resetStats();
    const left = ['lyon', 'oslo'] as const;
    for (const at of left) {
      const state = async () => (await lab.nodesSeenBy(at)).get('rome')?.state;
      await expect.poll(state, { timeout: LIFETIME_MS + 5000, interval: 200 }).toBe('gone');
    }
    expect(performance.now() - killedMs).toBeLessThan(LIFETIME_MS + 2000);
    await lab.waitForMembers('3000', 4, left);
    expect(listeners.lyon.stats()).toMatchObject({ lost: 0 });
    await listeners.lyon.waitForTone(VOICE_HZ.oslo, HEARD);
    await lab.phones('rome').hangUpAll();
  });
});
