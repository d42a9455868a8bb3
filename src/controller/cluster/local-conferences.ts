import { type Admission, NO_ADMISSION } from '../../admission/gate.ts';
import type { PinTry } from '../../admission/pin-gates.ts';
import type { Command, CommandOrigin } from '../../conference/model/commands.ts';
import type { Conference, Settings } from '../../conference/model/conference.ts';
import type { Input } from '../../conference/model/inputs.ts';
import type { Meant } from '../../conference/model/member-address.ts';

/** The conferences of this node, and the calls to them. */
export type LocalConferences = {
  readonly all: ReadonlyMap<string, Conference>;
  readonly dispatch: (name: string, input: Input) => void;
  /** Executes a command here. @returns the member that it has turned out to mean, if it did not say so */
  readonly execute: (name: string, command: Command, origin: CommandOrigin) => Promise<Meant | null>;
  readonly settingsFor: (name: string, profileName: string) => Settings | null;
  /** The node to which the table keeps a conference; null if to none. */
  readonly homeOf: (name: string) => string | null;
  /** Tells the table of conferences from others, as `digestOf`; null before it is known. */
  readonly table: () => string | null;
  /** Calls that come in here. */
  readonly admission: () => Admission;
  /** A caller of another node has dialled a wrong PIN. */
  readonly wrongPinElsewhere: (tried: PinTry) => void;
};

/** Before those of the controller are known. */
export const NO_CONFERENCES: LocalConferences = {
  all: new Map(),
  dispatch: () => {},
  execute: async () => null,
  settingsFor: () => null,
  homeOf: () => null,
  table: () => null,
  admission: () => NO_ADMISSION,
  wrongPinElsewhere: () => {},
};
