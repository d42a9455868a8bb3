import type { Logger } from 'winston';
import type { ClusterState } from '../../cluster/cluster-state.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import { ownerOf } from '../../cluster/owner.ts';
import type { ExternalCommand } from '../../conference/model/commands.ts';
import type { ClusterTelling } from '../../conference/model/remote.ts';
import type { EventChannel } from '../../events/channel.ts';
import { ControllerError } from '../errors/controller-error.ts';
import type { LocalConferences } from './local-conferences.ts';
import { RemoteCommands } from './remote-commands.ts';

export type CommandForwardingDeps = {
  state: ClusterState;
  channel: EventChannel<Message> | null;
  local: () => LocalConferences;
  logger: Logger;
  /** Tells the other nodes at once what has changed here. */
  flush: () => void;
};

/** Has each command executed by the node that owns what it is about. */
export class CommandForwarding {
  readonly #nodeId: string;
  readonly #deps: CommandForwardingDeps;
  readonly #remote: RemoteCommands;

  constructor({ nodeId, incarnation }: { nodeId: string; incarnation: number }, deps: CommandForwardingDeps) {
    const { channel } = deps;
    this.#nodeId = nodeId;
    this.#deps = deps;
    this.#remote = new RemoteCommands({ incarnation }, { send: (to, message) => channel?.send(to, message) ?? false });
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
  async send(node: string, name: string, command: ExternalCommand): Promise<void> {
    if (!this.#deps.state.nodes.get(node)) throw new ControllerError('no-such-node', `no node "${node}"`);
    return this.#remote.send(node, name, command, false);
  }

  /** Has another node execute what a conference of this node has decided. Rejects with a `ControllerError`. */
  async forward(name: string, telling: Extract<ClusterTelling, { type: 'forward' }>): Promise<void> {
    const { node, command, mayFail, by } = telling;
    try {
      await this.#remote.send(node, name, command, true);
    } catch (error) {
      if (mayFail) return;
      if (by === undefined) throw error;
      this.#deny(name, by, error as Error);
    }
  }

  /** Executes a command of another node, and answers it. */
  async handleCommand(from: string, message: MessageOf<'command'>): Promise<void> {
    const { channel, local, flush } = this.#deps;
    const { conference, command, noForward } = message;
    const ack = await this.#remote.answer(from, message, () =>
      local().execute(conference, this.asOwn(command), noForward),
    );
    // The asking node sees what has become of it when the answer comes.
    flush();
    channel?.send(from, ack);
  }

  /** Another node has answered. */
  handleAck(from: string, ack: MessageOf<'ack'>): void {
    this.#remote.handleAck(from, ack);
  }

  peerDown(node: string): void {
    this.#remote.peerDown(node);
  }

  stop(): void {
    this.#remote.stop();
  }

  /** A member's key was refused on another node: the member hears so, as for a refusal on this node. */
  #deny(name: string, memberId: number, error: Error): void {
    this.#deps.logger.info(`conference ${name}: refused to member ${memberId}: ${error.message}`);
    const command = { type: 'tell-failure', memberId, prompt: 'denied' } as const;
    this.#deps.local().dispatch(name, { type: 'command', command });
  }
}
