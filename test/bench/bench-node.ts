import { createLogger } from 'winston';
import { equals } from '../../src/base/equals.ts';
import { ClusterState } from '../../src/cluster/cluster-state.ts';
import { type Message, parseMessage } from '../../src/cluster/messages.ts';
import type { FlagChanges } from '../../src/conference/model/flags.ts';
import type { Input } from '../../src/conference/model/inputs.ts';
import { SettingsBook } from '../../src/conference-table/settings-book.ts';
import { ClusterOutbox } from '../../src/controller/cluster/outbox.ts';
import { Conferences, type ConferencesDeps } from '../../src/controller/conferences.ts';
import type { AsteriskEffect } from '../../src/controller/effects/effect-runner.ts';
import { parseProfiles } from '../../src/profiles/profiles.ts';

const NAME = '3000';
const KEYS = 'kind: controls\npauseSeconds: 1\nkeys: { "1": hand, "2": deaf, "33": count }\n';
const PROFILE = `kind: conference
limits: { members: 100000, speakers: 100, callMinutes: 240 }
`;

export function channelOf(index: number): string {
  return `1700000000.${index}`;
}

/** The conferences of a node, as its controller has them, and what it tells the other nodes. */
export class BenchNode {
  readonly #conferences: Conferences;
  readonly #state: ClusterState;
  readonly #outbox: ClusterOutbox;
  readonly #isAlone: boolean;
  #reports: Input[] = [];
  #nowMs = 1_700_000_000_000;

  /**
   * @param others the names of the other nodes
   * @param send takes what they are told; null where there are none
   */
  constructor(nodeId: string, others: readonly string[], send: ((message: Message) => void) | null) {
    this.#isAlone = send === null;
    this.#state = new ClusterState({ nodeId, incarnation: 1, lifetimeMs: 15_000 });
    for (const other of others) this.#state.nodes.up(other, 0);
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
      book: new SettingsBook(profiles),
      logger: createLogger({ silent: true }),
      now: () => this.#nowMs,
      wallNow: () => this.#nowMs,
      run: async (_, effects) => this.#execute(effects),
      invite: () => {},
      publish: () => {},
      cluster: this.#link(),
      pinChecks: { check: async () => {}, judged: () => {} },
    });
  }

  get conference() {
    return this.#conferences.ensure(NAME, 'default');
  }

  /** What a node is told that comes anew. */
  get snapshot(): Message[] {
    return this.#state.snapshot(this.#conferences.all.values());
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
    this.#happens(() => this.#conferences.dispatchToMember(channelId, { type: 'dtmf', channelId, digit: key }));
  }

  /** Presses a key, and then no other. */
  pauses(channelId: string, key: string): void {
    this.presses(channelId, key);
    this.#nowMs += 2000;
    this.#happens(() => this.#conferences.dispatch(NAME, { type: 'tick' }));
  }

  talks(channelId: string, talking: boolean): void {
    const input: Input = { type: 'talking', channelId, talking, levelDbov: null };
    this.#happens(() => this.#conferences.dispatchToMember(channelId, input));
  }

  leaves(channelId: string): void {
    this.#happens(() => this.#conferences.channelGone(channelId, true));
  }

  /** As `Cluster` does with what another node tells. */
  takes(from: string, text: string): void {
    const message = parseMessage(JSON.parse(text));
    if (!message) throw new Error(`not a message: ${text}`);
    for (const name of this.#state.receive(from, message).touched) {
      const remote = this.#state.remoteView(name);
      if (equals(remote, this.conference.remote)) continue;
      this.#happens(() => this.#conferences.dispatch(name, { type: 'remote', remote }));
    }
  }

  /** Something happens, with all that comes of it. Others are told at once, though they are when 20 ms are over. */
  #happens(what: () => void): void {
    this.#nowMs++;
    what();
    for (let report = this.#reports.shift(); report; report = this.#reports.shift()) {
      this.#conferences.dispatch(NAME, report);
    }
    if (!this.#isAlone) this.#outbox.flush();
  }

  /** Asterisk does everything, and says so. */
  #execute(effects: readonly AsteriskEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'play-to' && effect.nextStep) {
        this.#reports.push({ type: 'heard', channelId: effect.channelId, nextStep: effect.nextStep });
      }
      if (effect.type === 'configure-channel' && effect.to.bridge === 'floor') {
        this.#reports.push({ type: 'entered', channelId: effect.channelId });
      }
    }
  }

  #link(): ConferencesDeps['cluster'] {
    if (this.#isAlone)
      return { opening: () => ({}), profileElsewhere: () => null, changed: () => {}, publish: async () => {} };
    return {
      opening: (name) => ({ remote: this.#state.remoteView(name), ...this.#state.shared(name) }),
      profileElsewhere: () => null,
      changed: (before) => this.#outbox.changed(before),
      publish: async () => {},
    };
  }
}
