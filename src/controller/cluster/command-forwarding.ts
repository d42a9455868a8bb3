import type { Logger } from 'winston';
import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import { ownerOf } from '../../cluster/node-parts.ts';
import type { CommandOrigin, ExternalCommand } from '../../conference/model/commands.ts';
import type { Meant } from '../../conference/model/member-address.ts';
import type { ClusterTelling } from '../../conference/model/remote.ts';
import type { EventChannel } from '../../events/channel.ts';
import { ControllerError } from '../errors/controller-error.ts';
import type { LocalConferences } from './local-conferences.ts';
import type { RemoteCommands } from './remote-commands.ts';

export type CommandForwardingDeps = {
  state: ClusterState;
  channel: EventChannel<Message> | null;
  remote: Pick<RemoteCommands, 'send' | 'answer'>;
  local: () => LocalConferences;
  logger: Logger;
  /** Tells the other nodes at once what has changed here. */
  flush: () => void;
};

/** Commands that reach beyond the conference, to programs and other hosts. A node takes them from its own users alone. */
const LOCAL_ONLY: ReadonlySet<ExternalCommand['type']> = new Set(['execute', 'call-webhook']);

/** Has each command executed by the node that owns what it is about. */
export class CommandForwarding {
  readonly #nodeId: string;
  readonly #deps: CommandForwardingDeps;

  constructor(options: { nodeId: string }, deps: CommandForwardingDeps) {
    this.#nodeId = options.nodeId;
    this.#deps = deps;
  }

  /** The other node that owns what a command is about; null where that is this one. */
  ownerOf(name: string, command: ExternalCommand): string | null {
    const { local, state } = this.#deps;
    return ownerOf(command, this.#nodeId, local().all.get(name), state.partsOf(name));
  }

  /** A command about a member of this node, with the node's name left out. */
  asOwn(command: ExternalCommand): ExternalCommand {
    if (!('memberId' in command) || command.node !== this.#nodeId) return command;
    const { node, ...own } = command;
    return own as ExternalCommand;
  }

  /** Has another node execute an operator's command. Rejects with a `ControllerError`. */
  async send(node: string, name: string, command: ExternalCommand, origin: CommandOrigin): Promise<Meant | null> {
    const { state, remote } = this.#deps;
    if (!state.nodes.get(node)) throw new ControllerError('no-such-node', `no node "${node}"`);
    return remote.send(node, name, command, origin);
  }

  /** Has another node execute what a conference of this node has decided. Rejects with a `ControllerError`. */
  async forward(name: string, telling: Extract<ClusterTelling, { type: 'forward' }>): Promise<void> {
    const { node, command, mayFail, actingFor, by } = telling;
    try {
      await this.#deps.remote.send(node, name, command, { by, noForward: true });
    } catch (error) {
      if (mayFail) return;
      if (actingFor === undefined) throw error;
      this.#deny(name, actingFor, error as Error);
    }
  }

  /** Executes a command of another node, and answers it. */
  async handleCommand(from: string, message: MessageOf<'command'>): Promise<void> {
    const { channel, remote, local, flush } = this.#deps;
    const { conference, command, noForward, by } = message;
    const execute = async () => {
      if (!LOCAL_ONLY.has(command.type)) return local().execute(conference, this.asOwn(command), { noForward, by });
      const text = `node ${this.#nodeId} does not ${command.type} for other nodes: give the command there`;
      throw new ControllerError('not-possible', text);
    };
    const ack = await remote.answer(from, message, execute);
    // The asking node sees what has become of it when the answer comes.
    flush();
    channel?.send(from, ack);
  }

  /** A member's key was refused on another node: the member hears so, as for a refusal on this node. */
  #deny(name: string, memberId: number, error: Error): void {
    this.#deps.logger.info(`conference ${name}: refused to member ${memberId}: ${error.message}`);
    const command = { type: 'prompt-failure', memberId, prompt: 'denied' } as const;
    this.#deps.local().dispatch(name, { type: 'command', command });
  }
}
