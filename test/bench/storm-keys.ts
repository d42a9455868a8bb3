import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RostrumNode } from '../kit/rostrum-node.ts';
import type { Crowd } from './crowd.ts';
import type { Contender } from './peer.ts';
import { type Figures, percentile } from './result.ts';

const KEY_EVERY_MS = 200;
const VOICE_EVERY_MS = 1000;
/** How loud one hears: lower, as usual, louder; the same for both contenders. */
const KEYS = ['4', '5', '6'];
/** Listeners who are given a voice in turn. */
const VOICES = 20;

/** Lets listeners press keys, and gives some a voice in turn, until it is stopped. */
export async function startKeys(options: {
  node: RostrumNode;
  contender: Contender;
  crowd: Crowd;
  group: string;
  count: number;
}): Promise<{ stop: () => Promise<Figures> }> {
  const { node, contender, crowd, group, count } = options;
  const setVoice = contender.name === 'ours' ? await rostrumVoices(node) : await confBridgeVoices(node);
  let running = true;
  let keysPressed = 0;
  let voicesGiven = 0;
  let commandsFailed = 0;
  const commandMs: number[] = [];
  const presses = every(KEY_EVERY_MS, async () => {
    keysPressed++;
    await crowd.press(group, randomInt(count), KEYS[randomInt(KEYS.length)] as string);
  });
  const voices = every(VOICE_EVERY_MS, async () => {
    const turn = Math.floor(voicesGiven++ / 2);
    const startMs = performance.now();
    await setVoice(turn, voicesGiven % 2 === 1);
    commandMs.push(performance.now() - startMs);
  });
  return {
    stop: async () => {
      running = false;
      await Promise.all([presses, voices]);
      return {
        keysPressed,
        voicesGiven: Math.ceil(voicesGiven / 2),
        voiceP95Ms: percentile(commandMs, 0.95),
        commandsFailed,
      };
    },
  };

  /** At its pace, even when one takes long: a slow contender gets as much to do. */
  async function every(intervalMs: number, act: () => Promise<void>): Promise<void> {
    const pending = new Set<Promise<void>>();
    for (let dueMs = performance.now() + intervalMs; running; dueMs += intervalMs) {
      await sleep(Math.max(0, dueMs - performance.now()));
      const acting = act()
        .catch(() => {
          commandsFailed++;
        })
        .finally(() => pending.delete(acting));
      pending.add(acting);
    }
    await Promise.all(pending);
  }
}

type SetVoice = (turn: number, given: boolean) => Promise<void>;

async function rostrumVoices(node: RostrumNode): Promise<SetVoice> {
  const { members } = await node.show('3000');
  const ids = members
    .filter(({ caller }) => caller.number !== 'speaker')
    .slice(0, VOICES)
    .map(({ id }) => id);
  return async (turn, given) => {
    const memberId = ids[turn % ids.length] as number;
    await node.command('3000', { type: 'set-flags', memberId, changes: { speaker: given } });
  };
}

async function confBridgeVoices(node: RostrumNode): Promise<SetVoice> {
  const list = await node.asterisk.cli('confbridge list 000');
  const channels = list
    .split('\n')
    .filter((line) => / listener /.test(line))
    .slice(0, VOICES)
    .map((line) => line.split(/\s+/)[0] as string);
  return async (turn, given) => {
    await node.asterisk.cli(`confbridge ${given ? 'unmute' : 'mute'} 000 ${channels[turn % channels.length]}`);
  };
}
