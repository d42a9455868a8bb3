import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { tone } from '../kit/phone/sound.ts';
import {
  type ClusterHarness,
  gone,
  HEARD,
  NODES,
  speakersEverywhere,
  steadyLevelDbov,
  VOICE_DBOV,
  VOICE_HZ,
} from './cluster-harness.ts';

/** Soft enough that nobody would call it an echo. */
const UNHEARD_DBOV = -60;
/** Within this, a voice that was given is heard everywhere. */
const AT_ONCE_MS = 250;

/** What every cluster does, however its nodes are connected. */
export function describeCluster(lab: ClusterHarness): void {
  describe('speakers on three nodes', () => {
    it('are heard at their level by all others and not by themselves', async () => {
      const { speakers, listeners } = await speakersEverywhere(lab);
      const calls = [...Object.values(speakers), ...Object.values(listeners)];
      for (const call of calls) call.resetStats();
      await sleep(1500);
      for (const from of NODES) {
        for (const at of NODES) {
          expect(Math.abs(steadyLevelDbov(listeners[at], VOICE_HZ[from]) - VOICE_DBOV)).toBeLessThan(1);
          const level = steadyLevelDbov(speakers[at], VOICE_HZ[from]);
          if (at === from) expect(level).toBeLessThan(UNHEARD_DBOV);
          else expect(Math.abs(level - VOICE_DBOV)).toBeLessThan(1);
        }
      }
      for (const call of calls) expect(call.stats()).toMatchObject({ lost: 0, duplicates: 0, streams: 1 });
    });
  });

  describe('a voice', () => {
    it('is given and taken from another node, and heard on all at once', async () => {
      const listeners = await Promise.all(
        NODES.map((name) => lab.call(name, '3000', { callerNumber: '100', send: tone(VOICE_HZ[name], VOICE_DBOV) })),
      );
      const neighbour = await lab.call('rome', '3000', { callerNumber: '101' });
      await lab.waitForMembers('3000', 4);
      const { id } = await lab.node('rome').member('3000', '100');
      const others = [...listeners.slice(0, 2), neighbour];
      const heard = Promise.all(others.map((call) => call.waitForTone(VOICE_HZ.rome, HEARD)));
      const member = (...words: string[]) => lab.node('oslo').cli('member', '3000', `${id}@rome`, ...words);
      expect(await member('flags', '+speaker')).toMatchObject({ code: 0 });
      const givenMs = performance.now();
      for (const heardMs of await heard) expect(heardMs - givenMs).toBeLessThan(AT_ONCE_MS);

      for (const [off, on] of [
        [
          ['flags', '+mute'],
          ['flags', '-mute'],
        ],
        [['hold'], ['unhold']],
      ] as const) {
        expect(await member(...off)).toMatchObject({ code: 0 });
        await Promise.all(others.map((call) => call.waitForSilence(gone(VOICE_HZ.rome))));
        expect(await member(...on)).toMatchObject({ code: 0 });
        await Promise.all(others.map((call) => call.waitForTone(VOICE_HZ.rome, HEARD)));
      }

      const silent = Promise.all(others.map((call) => call.waitForSilence(gone(VOICE_HZ.rome))));
      expect(await member('flags', '-speaker')).toMatchObject({ code: 0 });
      const takenMs = performance.now();
      for (const silentMs of await silent) expect(silentMs - takenMs).toBeLessThan(AT_ONCE_MS);

      expect(await member('kick')).toMatchObject({ code: 0 });
      expect(await listeners[2]?.ended).toMatchObject({ by: 'them' });
      await lab.waitForMembers('3000', 3);
    });
  });

  describe('the queue of hands', () => {
    it('is one: the oldest is next, on whichever node, for any moderator who asks', async () => {
      await Promise.all(NODES.map((name) => lab.call(name, '3000', { callerNumber: '100' })));
      await lab.waitForMembers('3000', 3);
      for (const name of ['rome', 'lyon', 'oslo'] as const) {
        const { id } = await lab.node(name).member('3000', '100');
        await lab.node(name).command('3000', { type: 'raise-hand', memberId: id, raised: true });
        await sleep(20);
      }
      const hands = async (at: 'lyon' | 'oslo' | 'rome') => {
        const { members, hands: queue } = await lab.node(at).show('3000');
        return queue.map((hand) => members.find(({ address }) => address === String(hand))?.node);
      };
      for (const at of NODES) await expect.poll(() => hands(at)).toEqual(['rome', 'lyon', 'oslo']);
      const speakers = async () =>
        (await lab.node('lyon').show('3000')).members.flatMap(({ role, node }) => (role === 'speaker' ? [node] : []));
      for (const [count, by] of (['lyon', 'rome', 'lyon'] as const).entries()) {
        expect(await lab.node(by).cli('hands', '3000', 'next')).toMatchObject({ code: 0 });
        await expect
          .poll(async () => (await speakers()).sort())
          .toEqual(['rome', 'lyon', 'oslo'].slice(0, count + 1).sort());
      }
      for (const at of NODES) await expect.poll(() => hands(at)).toEqual([]);
    });
  });

  describe('a lock', () => {
    it('is one for all nodes: it keeps callers out everywhere, until any node lifts it', async () => {
      await Promise.all(NODES.map((name) => lab.call(name, '3000', { callerNumber: '100' })));
      await lab.waitForMembers('3000', 3);
      expect(await lab.node('lyon').cli('lock', '3000')).toMatchObject({ code: 0 });
      for (const at of NODES) await expect.poll(async () => (await lab.node(at).show('3000')).locked).toBe(true);
      const late = lab.phones('rome').dial('4000', { callerNumber: '103', send: tone(1000, -10) });
      late.answered.catch(() => {});
      expect(await late.ended).toMatchObject({ status: 603 });
      expect(await lab.node('oslo').cli('unlock', '3000')).toMatchObject({ code: 0 });
      for (const at of NODES) await expect.poll(async () => (await lab.node(at).show('3000')).locked).toBe(false);
      await lab.call('rome', '3000', { callerNumber: '104' });
      await lab.waitForMembers('3000', 4);
    });
  });
}
