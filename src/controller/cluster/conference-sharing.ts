import { equals } from '../../base/equals.ts';
import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Message } from '../../cluster/messages.ts';
import type { RemotePart } from '../../cluster/replica.ts';
import { type Conference, newConference } from '../../conference/model/conference.ts';
import type { ClusterTelling } from '../../conference/model/remote.ts';
import type { EventChannel } from '../../events/channel.ts';
import { standardSettings } from '../../profiles/settings.ts';
import type { LocalConferences } from './local-conferences.ts';
import { ClusterOutbox } from './outbox.ts';

/** The part of a conference on another node, as if it were one of ours. */
export type RemoteConference = { readonly node: string; readonly conference: Conference };

export type ConferenceSharingDeps = {
  state: ClusterState;
  channel: EventChannel<Message> | null;
  local: () => LocalConferences;
};

/** Keeps the parts of each conference in step: tells the other nodes of those here, and those here of the others. */
export class ConferenceSharing {
  readonly #state: ClusterState;
  readonly #channel: EventChannel<Message> | null;
  readonly #local: () => LocalConferences;
  readonly #outbox: ClusterOutbox;
  /** Asterisk has been read: before that, the others would be told that there is no conference here. */
  #ready = false;

  constructor({ state, channel, local }: ConferenceSharingDeps) {
    this.#state = state;
    this.#channel = channel;
    this.#local = local;
    this.#outbox = new ClusterOutbox({
      conferences: () => local().all,
      send: (changes) => {
        for (const delta of state.deltas(changes)) channel?.broadcast(delta);
      },
    });
  }

  /** Asterisk has been read: from now on, the others are told of the conferences here. */
  ready(): void {
    if (this.#ready) return;
    this.#ready = true;
    for (const part of this.#snapshot()) this.#channel?.broadcast(part);
  }

  /** The state, from other nodes, of a conference that begins here. */
  opening(name: string): Partial<Pick<Conference, 'remote' | 'locked' | 'mutedAll'>> {
    return this.#channel ? { remote: this.#state.remoteView(name), ...this.#state.shared(name) } : {};
  }

  /** A conference of this node has changed. */
  changed(before: Conference, after: Conference): void {
    if (this.#hasListeners) this.#outbox.changed(before);
    if (after.status === 'ended') this.#state.forgetSettings(before.name);
  }

  /** A conference of this node has changed a setting of all its parts. */
  share(name: string, { change, restored }: Extract<ClusterTelling, { type: 'share' }>): void {
    const settings = this.#state.share(name, change, restored ?? false);
    if (this.#hasListeners) this.#outbox.share(name, settings);
    const value = this.#state.shared(name)[change.setting];
    if (value === change.value) return;
    // Another node has said something else since; the conference is in the middle of its transition.
    const newer = { setting: change.setting, value } as typeof change;
    queueMicrotask(() => this.#local().dispatch(name, { type: 'shared', change: newer, anew: false }));
  }

  /** Another node has sent something about its conferences, or about itself. */
  receive(from: string, message: Message): void {
    const { touched, settings, wantsSnapshot } = this.#state.receive(from, message);
    if (wantsSnapshot) this.#channel?.send(from, { type: 'want-snapshot' });
    for (const { conference, change, anew } of settings) {
      this.#local().dispatch(conference, { type: 'shared', change, anew });
    }
    this.refresh(touched);
  }

  /** Tells another node everything that this one has. */
  sendSnapshot(to: string): void {
    if (!this.#ready) return;
    this.#outbox.flush();
    for (const part of this.#snapshot()) this.#channel?.send(to, part);
  }

  /** Another node has come or gone silent: the conferences that it has may have changed. */
  refreshOf(node: string): void {
    this.refresh(this.#state.nodes.get(node)?.replica.conferences.keys() ?? []);
  }

  /** Tells conferences of this node that their parts elsewhere have changed. */
  refresh(names: Iterable<string>): void {
    for (const name of [...names]) {
      const conference = this.#local().all.get(name);
      const remote = this.#state.remoteView(name);
      if (!conference) this.#state.forgetSettings(name);
      else if (!equals(remote, conference.remote)) this.#local().dispatch(name, { type: 'remote', remote });
    }
  }

  /** The profile with which another node has a conference; null where no other has it. */
  profileElsewhere(name: string): string | null {
    return this.#state.partsOf(name)[0]?.part.record.profileName ?? null;
  }

  isRunningElsewhere(name: string): boolean {
    return this.#state.partsOf(name).some(({ part }) => part.record.status === 'running');
  }

  /** The parts of all conferences on other nodes, or of one. */
  remoteConferences(name?: string): RemoteConference[] {
    const names = name === undefined ? this.#state.remoteConferences : [name];
    return [...names].flatMap((each) =>
      this.#state.partsOf(each).map(({ node, part }) => ({ node, conference: this.#asOwn(part) })),
    );
  }

  #asOwn({ record, members }: RemotePart): Conference {
    const { status, profileName, ...same } = record;
    const { name, startedAtMs } = same;
    const { settingsFor, all } = this.#local();
    const settings = settingsFor(name, profileName) ?? all.get(name)?.settings ?? standardSettings();
    const fresh = newConference(name, { ...settings, profileName }, startedAtMs);
    const common = { ...fresh, ...this.#state.shared(name), ...same, members };
    switch (status) {
      case 'running':
        return { ...common, status };
      case 'ending':
        return { ...common, status, result: 'ENDED', endsAtMs: Number.POSITIVE_INFINITY };
      case 'empty':
        return { ...common, status, endsAtMs: Number.POSITIVE_INFINITY };
    }
  }

  /** Tells the others now what has changed. */
  flush(): void {
    this.#outbox.flush();
  }

  stop(): void {
    this.#outbox.flush();
    this.#outbox.forget();
  }

  get #hasListeners(): boolean {
    return this.#ready && this.#channel !== null && this.#channel.peers.size > 0;
  }

  #snapshot(): readonly Message[] {
    return this.#state.snapshot(this.#local().all.values());
  }
}
