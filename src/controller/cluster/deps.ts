import type { Logger } from 'winston';
import { type Admission, NO_ADMISSION } from '../../admission/gate.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import type { Placement } from '../../cluster/placement.ts';
import type { Command } from '../../conference/model/commands.ts';
import type { Conference, Settings } from '../../conference/model/conference.ts';
import type { Input } from '../../conference/model/inputs.ts';
import type { EventChannel, EventChannelDeps } from '../../events/channel.ts';
import type { RelayLink } from '../relay/relay-link.ts';

export type ClusterOptions = {
  nodeId: string;
  version: string;
  /** A node that is silent for so long is gone, with its members. */
  lifetimeMs: number;
  /** Calls that this node takes; null without a limit. */
  capacity: number | null;
  /** Which node new calls are sent to. */
  placement: Placement;
  /** Where phones reach this node; null if nobody has said so. */
  sip: string | null;
  trunk: MessageOf<'hello'>['trunk'];
};

export type ClusterDeps = {
  /** Null for a node by itself. */
  openChannel: ((deps: EventChannelDeps<Message>) => EventChannel<Message>) | null;
  logger: Logger;
  now: () => number;
  /** 1 is all that the processors of this machine can do. */
  load: () => number;
  /** The relay, as far as other nodes concern it. */
  relay: Pick<RelayLink, 'foundPeers' | 'setPeers' | 'announceTo' | 'installKey' | 'keyAcknowledged'>;
};

/** The conferences of this node, and the calls to them. */
export type LocalConferences = {
  readonly all: ReadonlyMap<string, Conference>;
  readonly tell: (name: string, input: Input) => void;
  /** Carries out a command here. @param noForward it may not be forwarded */
  readonly command: (name: string, command: Command, noForward: boolean) => Promise<void>;
  readonly settingsFor: (profileName: string) => Settings | null;
  /** Calls that come in here. */
  readonly admission: () => Admission;
};

/** Before those of the controller are known. */
export const NO_CONFERENCES: LocalConferences = {
  all: new Map(),
  tell: () => {},
  command: async () => {},
  settingsFor: () => null,
  admission: () => NO_ADMISSION,
};
