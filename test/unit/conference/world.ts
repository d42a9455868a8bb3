import { type ChannelSetup, UNTOUCHED } from '../../../src/conference/model/channel-setup.ts';
import type { Effect } from '../../../src/conference/model/effects.ts';
import type { ChannelSeen, Input } from '../../../src/conference/model/inputs.ts';
import type { Path } from '../../../src/conference/model/member.ts';
import type { SavedConference } from '../../../src/conference/model/saved-conference.ts';
import type { SavedMember } from '../../../src/conference/model/saved-member.ts';
import { AT_BRIDGE, CALLER, foundIn, pathOf } from './conferences.ts';

/** A call, as Asterisk has it. */
export type Channel = {
  setup: ChannelSetup;
  path: Path;
  saved: SavedMember | null;
  /** In our application, or in the hands of the dialplan and to come back. */
  at: 'application' | 'dialplan';
};

/**
 * Asterisk and the controller's shell, as far as effects change them. What Asterisk would report because of an effect
 * waits in `reports` until a story delivers it.
 */
export class World {
  readonly channels = new Map<string, Channel>();
  /** Calls that have gone back to the dialplan for good. */
  readonly released = new Set<string>();
  readonly recordings = new Set<string>();
  readonly playbacks = new Set<string>();
  reports: Input[] = [];
  saved: SavedConference | null = null;
  floorOpen = false;
  /** As `WakeTimers`: the earliest spec counts. */
  wakesAtMs = Number.POSITIVE_INFINITY;

  calls(channelId: string): void {
    this.channels.set(channelId, { setup: UNTOUCHED, path: pathOf(channelId), saved: null, at: 'application' });
  }

  /** Whether the effect reaches Asterisk at all, and so may be lost on the way. */
  static mayBeLost({ type }: Effect): boolean {
    return type !== 'wake' && type !== 'publish' && type !== 'hand-over' && type !== 'cluster' && type !== 'check-pin';
  }

  apply(effect: Effect): void {
    switch (effect.type) {
      case 'configure-channel':
      case 'save-member':
      case 'play-to':
      case 'play-to-member':
      case 'release':
      case 'execute':
      case 'record-name':
        return this.#applyToChannel(effect);
      case 'hand-over':
        this.channels.delete(effect.channelId);
        this.released.add(effect.channelId);
        return;
      case 'open-floor':
        this.floorOpen = true;
        return;
      case 'close-floor':
        this.floorOpen = false;
        return;
      case 'announce':
        if (effect.nextStep) this.reports.push({ type: 'end-announced' });
        return;
      case 'play':
        if (this.playbacks.has(effect.playback.id)) throw new Error(`two playbacks ${effect.playback.id}`);
        this.playbacks.add(effect.playback.id);
        return;
      case 'control-playback':
        if (effect.operation.type === 'stop') this.#stopPlayback(effect.id);
        return;
      case 'record':
        this.recordings.add(effect.recording.name);
        return;
      case 'stop-recording':
        this.recordings.delete(effect.name);
        this.reports.push({ type: 'recording-ended', name: effect.name, failed: false });
        return;
      case 'save-conference':
        this.saved = effect.saved;
        return;
      case 'check-pin':
        this.reports.push({ type: 'pin-due', channelId: effect.channelId });
        return;
      case 'wake':
        this.wakesAtMs = Math.min(this.wakesAtMs, effect.atMs);
        return;
    }
  }

  #applyToChannel(
    effect: Extract<
      Effect,
      {
        type:
          | 'configure-channel'
          | 'save-member'
          | 'play-to'
          | 'play-to-member'
          | 'release'
          | 'execute'
          | 'record-name';
      }
    >,
  ): void {
    const { channelId } = effect;
    const channel = this.channels.get(channelId);
    // A caller is not kept because a prompt cannot be played.
    if (effect.type === 'play-to' && effect.nextStep) {
      this.reports.push({ type: 'heard', channelId, nextStep: effect.nextStep });
    }
    if (effect.type === 'play-to-member') {
      this.reports.push({ type: 'playback-to-member-ended', channelId, id: effect.playback.id });
    }
    if (effect.type === 'record-name')
      this.reports.push({ type: 'named', channelId, recorded: channelId.endsWith('1') });
    if (!channel) return;
    // Asterisk refuses to set variables there.
    if (channel.at === 'dialplan' && effect.type === 'save-member') throw new Error(`${channelId} cannot be saved now`);
    if (channel.at === 'dialplan') return;
    if (effect.type === 'save-member') channel.saved = effect.member;
    if (effect.type === 'configure-channel') {
      const { to, changed } = effect;
      const placed =
        changed.includes('voice') || changed.includes('bridge') ? { voice: to.voice, bridge: to.bridge } : {};
      const set = Object.fromEntries(changed.map((key) => [key, to[key]]));
      channel.setup = { ...channel.setup, ...set, ...placed };
      if (to.bridge === 'floor' || to.bridge === 'audience') this.reports.push({ type: 'entered', channelId });
    }
    if (effect.type === 'release') {
      this.channels.delete(channelId);
      this.released.add(channelId);
      this.reports.push({ type: 'left', channelId, destroyed: false });
    }
    if (effect.type === 'execute') {
      channel.at = 'dialplan';
      // It leaves our application: the relay passes everything, as it is told then.
      channel.setup = { ...channel.setup, bridge: 'none', voice: false, relay: null };
      this.reports.push({ type: 'left', channelId, destroyed: false });
    }
  }

  /** As the controller does after a resync: what nobody knows of is stopped. */
  tidy(playing: string | undefined): void {
    for (const id of this.playbacks) if (id !== playing) this.playbacks.delete(id);
  }

  #stopPlayback(id: string): void {
    if (this.playbacks.delete(id)) this.reports.push({ type: 'playback-ended', id });
  }

  /** From now on the relay cannot take the RTP of a call any more; the controller notices with a resync. */
  unanchor(channelId: string): void {
    const channel = this.channels.get(channelId);
    if (channel) channel.path = AT_BRIDGE;
  }

  /** What is found after a connect. What Asterisk was about to tell is lost; what the shell itself knows, only if it has been restarted. */
  resync(restarted: boolean): Input {
    const own = ['entered', 'heard', 'named', 'end-announced', 'pin-due', 'playback-to-member-ended'];
    this.reports = this.reports.filter(({ type }) => !restarted && own.includes(type));
    const channels = [...this.channels].map(
      ([channelId, { setup, path, saved, at }]): ChannelSeen => ({
        channelId,
        caller: CALLER,
        flags: {},
        bridge: foundIn(setup.bridge),
        path,
        here: at === 'application',
        saved,
      }),
    );
    const [saved, recordings, playbacks] = [this.saved, [...this.recordings], [...this.playbacks]];
    return { type: 'resync', floorOpen: this.floorOpen, channels, disowned: [], saved, recordings, playbacks };
  }
}
