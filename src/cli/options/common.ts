import { Option } from 'commander';
import { socketPathForCommands } from '../../config/socket-path.ts';

/** The options of every command that talks to the controller. */
export type ClientOptions = { socket: string; json?: true };

export type WatchOptions = ClientOptions & { watch?: true };

export const socketOption = new Option('--socket <path>', "the controller's unix socket").default(
  socketPathForCommands(process.env),
);

export const jsonOption = new Option('--json', 'print JSON');

export const watchOption = new Option('--watch', 'show it again when it changes, until Ctrl-C');

export const configOption = new Option('--config <file>', 'rostrum.yaml of this node').env('ROSTRUM_CONFIG');
