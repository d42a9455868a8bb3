import type { Message } from '../../src/cluster/messages.ts';
import { countMembers } from '../../src/conference/model/conference.ts';
import { BenchNode, channelOf } from './bench-node.ts';
import { cpuMs } from './cpu.ts';
import { average, type Figures, type Result, result } from './result.ts';

/** What one input costs a controller whose conference has many members. Asterisk is not asked; it does all at once. */

/** Presses of each kind, by members all over the conference. */
const PRESSES = 2000;
const LEAVES = 500;
/** Members of a conference that is not measured. */
const WARM_UP = 3000;
/** Of the members, the first that join. */
const SPEAKERS = 50;
/** A prime number, so that members come in no order. */
const STRIDE = 7919;

/** @param params.members of the larger conference; the one that it is compared with has half as many */
export async function core(params: { members: number; rounds: number }): Promise<Result> {
  // The compiler sees everything once, so that neither of the two pays for it.
  await measure(WARM_UP);
  const measured: { ours: Figures[]; peer: Figures[] } = { ours: [], peer: [] };
  for (let round = 0; round < params.rounds; round++) {
    measured.peer.push(await measure(Math.round(params.members / 2)));
    measured.ours.push(await measure(params.members));
  }
  return result('core', params, 'joinsMs', { ours: average(measured.ours), peer: average(measured.peer) }, 4);
}

async function measure(members: number): Promise<Figures> {
  const alone = await measureInputs(new BenchNode('lyon', [], null), members);
  const amongOthers = await measureInputs(new BenchNode('lyon', ['oslo', 'rome'], () => {}), members);
  const figures: Figures = { ...alone };
  for (const [name, value] of Object.entries(amongOthers)) figures[`${name}InCluster`] = value;
  // Once more: to keep what is told costs something.
  const told: Message[] = [];
  const lyon = new BenchNode('lyon', ['oslo', 'rome'], (message) => told.push(message));
  await measureInputs(lyon, members);
  return { ...figures, takenMs: await measureTaking(told, countMembers(lyon.conference)) };
}

async function measureInputs(node: BenchNode, members: number): Promise<Figures> {
  const any = (index: number) => channelOf((index * STRIDE) % members);
  const joinsMs = await cpuMs(members, (index) => node.joins(channelOf(index), { speaker: index < SPEAKERS }));
  if (countMembers(node.conference) !== members) throw new Error(`of ${members} members some are missing`);
  // A hand goes up and the member is made deaf, or the other way round; then a sequence of two keys.
  const keyPressMs = await cpuMs(PRESSES * 4, (index) =>
    node.presses(any(index >> 2), ['1', '2', '3', '3'][index % 4] ?? ''),
  );
  const pauseMs = await cpuMs(PRESSES, (index) => node.pauses(any(index), '3'));
  const talkMs = await cpuMs(PRESSES, (index) => node.talks(channelOf((index >> 1) % SPEAKERS), index % 2 === 0));
  const leaveMs = await cpuMs(LEAVES, (index) => node.leaves(any(index)));
  node.stop();
  if (countMembers(node.conference) !== members - LEAVES) throw new Error('some have not left');
  return {
    joinsMs,
    joinMs: joinsMs / members,
    keyPressMs: keyPressMs / (PRESSES * 4),
    keyAndPauseMs: pauseMs / PRESSES,
    talkMs: talkMs / PRESSES,
    leaveMs: leaveMs / LEAVES,
  };
}

/** What another node spends on each message. */
async function measureTaking(told: readonly Message[], admitted: number): Promise<number> {
  const oslo = new BenchNode('oslo', ['lyon', 'rome'], () => {});
  oslo.joins(channelOf(0));
  const texts = told.map((message) => JSON.stringify(message));
  const ms = await cpuMs(texts.length, (index) => oslo.takes('lyon', texts[index] ?? ''));
  if (countMembers(oslo.conference) !== admitted + 1) throw new Error('the other node has missed something');
  oslo.stop();
  return ms / texts.length;
}
