import { type Command, Option } from 'commander';
import { socketPathForCommands } from '../../config/socket-path.ts';

/** The options of every command that talks to the controller. */
export type ClientOptions = { socket: string; json?: true };

export type WatchOptions = ClientOptions & { watch?: true };

export const jsonOption = new Option('--json', 'print JSON');

export const configOption = new Option('--config <file>', 'rostrum.yaml of this node').env('ROSTRUM_CONFIG');

const socketOption = new Option('--socket <path>', "the controller's unix socket").default(
  socketPathForCommands(process.env),
);

export function addClientOptions(command: Command): Command {
  return command.addOption(socketOption).addOption(jsonOption);
}

export function addWatchOptions(command: Command): Command {
  return addClientOptions(
    command.option('--watch', 'show it again when it changes, until q or Ctrl-C; on a terminal, arrow keys scroll'),
  );
}
