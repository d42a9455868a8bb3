import type { ExternalCommand, Scope } from './commands.ts';
import type { FlagChanges } from './flags.ts';

/** The parts of a conference on other nodes, as it knows them. */
export type RemoteView = {
  /** The name of this node. */
  readonly node: string;
  /** Members who have been admitted, on all other nodes together, and of them: those who are speakers, moderators, ... */
  readonly admitted: number;
  readonly speakers: number;
  readonly admins: number;
  readonly doubledAdmins: number;
  readonly helps: number;
  readonly ghosts: number;
  readonly mandatory: number;
  /** The other nodes where members have been admitted, by name. */
  readonly nodes: readonly string[];
  readonly oldestHand: { readonly node: string; readonly memberId: number; readonly atMs: number } | null;
  /** The member who got the floor last, as `Members.lastGivenFloor`. */
  readonly lastGivenFloor: { readonly node: string; readonly memberId: number; readonly atMs: number } | null;
  /** Moderators excepted. */
  readonly lastJoined: { readonly node: string; readonly memberId: number; readonly atMs: number } | null;
  /** The node that plays something to everybody. */
  readonly playing: string | null;
  readonly recording: string | null;
  /** The node that plays music to everybody. */
  readonly music: string | null;
};

/** Settings that are the same on all nodes: the last one who set them wins. */
export type Shared = { readonly locked: boolean; readonly mutedAll: Scope | null };

export type SharedChange = { [K in keyof Shared]: { readonly setting: K; readonly value: Shared[K] } }[keyof Shared];

/** A command about all members, which every node executes with its own. */
export type Broadcast =
  /** The conference ends; the node that begins this announces it. */
  | { readonly type: 'terminate'; readonly result: 'ENDED' | 'TIME' }
  /** The announcement of the end is over. */
  | { readonly type: 'release' }
  /** Members have been told that the conference's time is nearly over. */
  | { readonly type: 'warned' }
  | { readonly type: 'kick-all'; readonly audience: Scope }
  | { readonly type: 'set-flags-of-all'; readonly audience: Scope; readonly changes: FlagChanges }
  | { readonly type: 'lower-hands' }
  /** A member there has asked for help. */
  | { readonly type: 'help-asked' };

/** For the other nodes. */
export type ClusterTelling =
  /** `restored` for what was found in Asterisk after a restart, which any newer word overrules. */
  | { readonly type: 'share'; readonly change: SharedChange; readonly restored?: true }
  | { readonly type: 'broadcast'; readonly broadcast: Broadcast; readonly by?: string | undefined }
  /**
   * The owner of the member, of the playback or of the recording executes it. If the owner refuses, what else was
   * asked for fails too, unless `mayFail`. `actingFor` is the member of this node who pressed the key, and hears of a refusal.
   */
  | {
      readonly type: 'forward';
      readonly node: string;
      readonly command: ExternalCommand;
      readonly mayFail?: true;
      readonly actingFor?: number;
      readonly by?: string | undefined;
    };
