import { BoundedMap } from '../../base/bounded-map.ts';
import type { Message, MessageOf } from '../../cluster/messages.ts';
import type { CommandOrigin, ExternalCommand } from '../../conference/model/commands.ts';
import type { Meant } from '../../conference/model/member-address.ts';
import { Waiters } from '../../timing/waiters.ts';
import { ControllerError, isControllerErrorCode } from '../errors/controller-error.ts';

/** How long the owner may take. */
const TIMEOUT_MS = 3000;
/** Commands of others that are remembered, so that none is executed twice. */
const MOST_REMEMBERED = 1000;
/** As long as the text of an acknowledgement may be. */
const LONGEST_MESSAGE = 1000;

/** Commands that travel to another node. Each is executed there at most once. */
export class RemoteCommands {
  readonly #incarnation: number;
  readonly #send: (to: string, message: Message) => boolean;
  /** Commands that wait for their acknowledgement. */
  readonly #waiting = new Waiters<Meant | null>();
  /** The answers to commands of others, by sender and id. */
  readonly #answers = new BoundedMap<string, Promise<MessageOf<'ack'>>>(MOST_REMEMBERED);
  #sent = 0;

  /** @param options.incarnation makes ids differ from those before a restart */
  constructor(options: { incarnation: number }, deps: { send: (to: string, message: Message) => boolean }) {
    this.#incarnation = options.incarnation;
    this.#send = deps.send;
  }

  /** @returns as `LocalConferences.execute`, once the other node has executed it; rejects with its `ControllerError`, or with `node-unreachable` */
  send(
    to: string,
    conference: string,
    command: ExternalCommand,
    { by, noForward = false }: CommandOrigin,
  ): Promise<Meant | null> {
    const id = `${this.#incarnation}-${++this.#sent}`;
    const acknowledged = this.#waiting.wait(keyOf(to, id), TIMEOUT_MS, () => {
      throw unreachable(`node ${to} has not answered in time`);
    });
    if (!this.#send(to, { type: 'command', id, conference, command, noForward, by })) {
      this.#waiting.fail(keyOf(to, id), unreachable(`node ${to} is not up`));
    }
    return acknowledged;
  }

  /** Another node has answered. */
  handleAck(from: string, { id, result }: MessageOf<'ack'>): void {
    if (result.ok) {
      const meant = result.meant ? { ...result.meant, node: result.meant.node ?? from } : null;
      return void this.#waiting.settle(keyOf(from, id), meant);
    }
    const code = isControllerErrorCode(result.code) ? result.code : 'not-possible';
    this.#waiting.fail(keyOf(from, id), new ControllerError(code, result.message));
  }

  /** Answers a command of another node, which it may have sent more than once. */
  answer(from: string, { id }: MessageOf<'command'>, execute: () => Promise<Meant | null>): Promise<MessageOf<'ack'>> {
    const known = this.#answers.get(keyOf(from, id));
    if (known) return known;
    const answer = execute().then(
      (meant) => ({ type: 'ack' as const, id, result: { ok: true as const, ...(meant && { meant }) } }),
      (error: Error) => {
        const code = error instanceof ControllerError ? error.code : 'not-possible';
        const message = error.message.slice(0, LONGEST_MESSAGE);
        return { type: 'ack' as const, id, result: { ok: false as const, code, message } };
      },
    );
    this.#answers.set(keyOf(from, id), answer);
    return answer;
  }

  /** A node that is down does not answer any more. */
  peerDown(node: string): void {
    for (const key of this.#waiting.ids) {
      if (key.startsWith(keyOf(node, ''))) this.#waiting.fail(key, unreachable(`node ${node} has gone down`));
    }
  }

  stop(): void {
    for (const key of this.#waiting.ids) this.#waiting.fail(key, unreachable('the controller is stopping'));
  }
}

/** An id is its sender's, and only the addressee of a command may acknowledge it. */
function keyOf(node: string, id: string): string {
  return `${node} ${id}`;
}

function unreachable(message: string): ControllerError {
  return new ControllerError('node-unreachable', message);
}
