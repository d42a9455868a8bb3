import { createLogger } from 'winston';
import { ClusterState } from '../../src/cluster/cluster-state.ts';
import { type Message, parseMessage } from '../../src/cluster/messages.ts';
import { countAdmitted } from '../../src/conference/conference.ts';
import type { FlagChanges } from '../../src/conference/flags.ts';
import type { Input } from '../../src/conference/inputs.ts';
import { ClusterOutbox } from '../../src/controller/cluster-outbox.ts';
import { type ClusterLink, Conferences } from '../../src/controller/conferences.ts';
import type { AsteriskEffect } from '../../src/controller/effect-runner.ts';
import { parseProfiles } from '../../src/profiles/profiles.ts';
import { average, type Figures, type Result, result } from './result.ts';

/** What one input costs a controller whose conference has many members. Asterisk is not asked; it does all at once. */

const NAME = '3000';
const KEYS = 'kind: controls\npauseSeconds: 1\nkeys: { "1": hand, "2": deaf, "33": count }\n';
const PROFILE = `kind: conference
limits: { members: 100000, speakers: 100, callMinutes: 240 }
`;
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
  const alone = await measureInputs(new BenchNode('lyon', null), members);
  const amongOthers = await measureInputs(new BenchNode('lyon', () => {}), members);
  const figures: Figures = { ...alone };
  for (const [name, value] of Object.entries(amongOthers)) figures[`${name}InCluster`] = value;
  // Once more: to keep what is told costs something.
  const told: Message[] = [];
  const lyon = new BenchNode('lyon', (message) => told.push(message));
  await measureInputs(lyon, members);
  return { ...figures, takenMs: await measureTaking(told, countAdmitted(lyon.conference)) };
}

async function measureInputs(node: BenchNode, members: number): Promise<Figures> {
  const any = (index: number) => channelOf((index * STRIDE) % members);
  const joinsMs = await cpuMs(members, (index) => node.joins(channelOf(index), { speaker: index < SPEAKERS }));
  if (countAdmitted(node.conference) !== members) throw new Error(`of ${members} members some are missing`);
  // A hand goes up and the member is made deaf, or the other way round; then a sequence of two keys.
  const keyPressMs = await cpuMs(PRESSES * 4, (index) =>
    node.presses(any(index >> 2), ['1', '2', '3', '3'][index % 4] ?? ''),
  );
  const pauseMs = await cpuMs(PRESSES, (index) => node.pauses(any(index), '3'));
  const talkMs = await cpuMs(PRESSES, (index) => node.talks(channelOf((index >> 1) % SPEAKERS), index % 2 === 0));
  const leaveMs = await cpuMs(LEAVES, (index) => node.leaves(any(index)));
  node.stop();
  if (countAdmitted(node.conference) !== members - LEAVES) throw new Error('some have not left');
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
  const oslo = new BenchNode('oslo', () => {});
  oslo.joins(channelOf(0));
  const texts = told.map((message) => JSON.stringify(message));
  const ms = await cpuMs(texts.length, (index) => oslo.takes(texts[index] ?? ''));
  if (countAdmitted(oslo.conference) !== admitted + 1) throw new Error('the other node has missed something');
  oslo.stop();
  return ms / texts.length;
}

/** CPU time of this process, in ms: other processes on the machine do not count. */
async function cpuMs(times: number, run: (index: number) => void): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) {
    run(index);
    // As between events of Asterisk: what was begun goes on.
    if (index % 16 === 0) await null;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function channelOf(index: number): string {
  return `1700000000.${index}`;
}

/** The conferences of a node, as its controller has them, and what it tells the other nodes. */
class BenchNode {
  readonly #conferences: Conferences;
  readonly #state: ClusterState;
  readonly #outbox: ClusterOutbox;
  readonly #isAlone: boolean;
  #reports: Input[] = [];
  #nowMs = 1_700_000_000_000;

  /** @param send takes what the other nodes are told; null where there are none */
  constructor(nodeId: string, send: ((message: Message) => void) | null) {
    this.#isAlone = send === null;
    this.#state = new ClusterState({ nodeId, incarnation: 1, lifetimeMs: 15_000 });
    for (const other of ['lyon', 'oslo', 'rome']) if (other !== nodeId) this.#state.nodes.up(other, 0);
    for (const part of this.#state.snapshot([])) send?.(part);
    this.#outbox = new ClusterOutbox({
      conferences: () => this.#conferences.all,
      send: (changes) => {
        for (const delta of this.#state.deltas(changes)) send?.(delta);
      },
    });
    const profiles = parseProfiles([
      { path: 'keys.yaml', name: 'default-keys', text: KEYS },
      { path: 'default.yaml', name: 'default', text: PROFILE },
    ]);
    if (Array.isArray(profiles)) throw new Error(JSON.stringify(profiles));
    this.#conferences = new Conferences({
      profiles,
      logger: createLogger({ silent: true }),
      now: () => this.#nowMs,
      run: async (_, effects) => this.#carryOut(effects),
      invite: () => {},
      publish: () => {},
      cluster: this.#link(),
    });
  }

  get conference() {
    return this.#conferences.ensure(NAME, 'default');
  }

  stop(): void {
    this.#conferences.stop();
  }

  joins(channelId: string, flags: FlagChanges = {}): void {
    const call = {
      channelId,
      caller: { number: '100', name: '' },
      flags,
      path: { at: 'relay' } as const,
      origin: 'dialplan' as const,
    };
    this.#happens(() => this.#conferences.join(NAME, 'default', call));
  }

  presses(channelId: string, key: string): void {
    this.#happens(() => this.#conferences.tellOf(channelId, { type: 'dtmf', channelId, key }));
  }

  /** Presses a key, and then no other. */
  pauses(channelId: string, key: string): void {
    this.presses(channelId, key);
    this.#nowMs += 2000;
    this.#happens(() => this.#conferences.tell(NAME, { type: 'tick' }));
  }

  talks(channelId: string, talking: boolean): void {
    const input: Input = { type: 'talking', channelId, talking, levelDbov: null };
    this.#happens(() => this.#conferences.tellOf(channelId, input));
  }

  leaves(channelId: string): void {
    this.#happens(() => this.#conferences.tellOf(channelId, { type: 'left', channelId, destroyed: true }));
  }

  /** As `Cluster` does with what another node tells. */
  takes(text: string): void {
    const message = parseMessage(JSON.parse(text));
    if (!message) throw new Error(`not a message: ${text}`);
    for (const name of this.#state.receive('lyon', message).touched) {
      const remote = this.#state.remoteView(name);
      if (JSON.stringify(remote) === JSON.stringify(this.conference.remote)) continue;
      this.#happens(() => this.#conferences.tell(name, { type: 'remote', remote }));
    }
  }

  /** Something happens, with all that comes of it. Others are told at once, though they are when 20 ms are over. */
  #happens(what: () => void): void {
    this.#nowMs++;
    what();
    for (let report = this.#reports.shift(); report; report = this.#reports.shift()) {
      this.#conferences.tell(NAME, report);
    }
    if (!this.#isAlone) this.#outbox.flush();
  }

  /** Asterisk does everything, and says so. */
  #carryOut(effects: readonly AsteriskEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'play-to' && effect.sequel) {
        this.#reports.push({ type: 'heard', channelId: effect.channelId, sequel: effect.sequel });
      }
      if (effect.type === 'arrange' && effect.to.bridge === 'floor') {
        this.#reports.push({ type: 'entered', channelId: effect.channelId });
      }
    }
  }

  #link(): ClusterLink {
    if (this.#isAlone) return { opening: () => ({}), changed: () => {}, tell: async () => {} };
    return {
      opening: (name) => ({ remote: this.#state.remoteView(name), ...this.#state.shared(name) }),
      changed: (before) => this.#outbox.changed(before),
      tell: async () => {},
    };
  }
}
