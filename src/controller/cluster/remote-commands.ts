import type { Message, MessageOf } from '../../cluster/messages.ts';
import type { ExternalCommand } from '../../conference/model/commands.ts';
import { ControllerError, isControllerErrorCode } from '../errors.ts';

/** How long the owner may take. */
const TIMEOUT_MS = 3000;
/** Commands of others that are remembered, so that none is carried out twice. */
const MOST_REMEMBERED = 1000;
/** As long as the text of an acknowledgement may be. */
const LONGEST_MESSAGE = 1000;

type Pending = { readonly to: string; readonly resolve: () => void; readonly reject: (error: Error) => void };

/** Commands that travel to the node that owns what they are about. Each is carried out there at most once. */
export class ClusterCommands {
  readonly #incarnation: number;
  readonly #send: (to: string, message: Message) => boolean;
  /** By id. Bounded by TIMEOUT_MS. */
  readonly #pending = new Map<string, Pending>();
  /** What became of commands of others, by who sent them and their id; the newest is last. */
  readonly #received = new Map<string, Promise<MessageOf<'ack'>>>();
  #sent = 0;

  /** @param options.incarnation makes ids differ from those before a restart */
  constructor(options: { incarnation: number }, deps: { send: (to: string, message: Message) => boolean }) {
    this.#incarnation = options.incarnation;
    this.#send = deps.send;
  }

  /** @returns once the other node has carried it out; rejects with its `ControllerError`, or with `node-unreachable` */
  send(to: string, conference: string, command: ExternalCommand, noForward: boolean): Promise<void> {
    const id = `${this.#incarnation}-${++this.#sent}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(id, `node ${to} has not answered in time`), TIMEOUT_MS);
      const settle = <T extends unknown[]>(then: (...given: T) => void) => {
        return (...given: T) => {
          clearTimeout(timer);
          this.#pending.delete(id);
          then(...given);
        };
      };
      this.#pending.set(id, { to, resolve: settle(resolve), reject: settle(reject) });
      if (!this.#send(to, { type: 'command', id, conference, command, noForward }))
        this.#fail(id, `node ${to} is not up`);
    });
  }

  acknowledged(from: string, { id, result }: MessageOf<'ack'>): void {
    const pending = this.#pending.get(id);
    if (pending?.to !== from) return;
    if (result.ok) return pending.resolve();
    const code = isControllerErrorCode(result.code) ? result.code : 'not-possible';
    pending.reject(new ControllerError(code, result.message));
  }

  /** Answers a command of another node, which it may have sent more than once. */
  async received(from: string, { id }: MessageOf<'command'>, carryOut: () => Promise<void>): Promise<MessageOf<'ack'>> {
    const key = `${from} ${id}`;
    const known = this.#received.get(key);
    if (known) return known;
    const answer = carryOut().then(
      () => ({ type: 'ack' as const, id, result: { ok: true as const } }),
      (error: Error) => {
        const code = error instanceof ControllerError ? error.code : 'not-possible';
        const message = error.message.slice(0, LONGEST_MESSAGE);
        return { type: 'ack' as const, id, result: { ok: false as const, code, message } };
      },
    );
    this.#received.set(key, answer);
    if (this.#received.size > MOST_REMEMBERED) this.#received.delete(this.#received.keys().next().value ?? '');
    return answer;
  }

  /** What a node has not answered it will not answer any more. */
  peerDown(node: string): void {
    for (const [id, { to }] of this.#pending) if (to === node) this.#fail(id, `node ${node} has gone down`);
  }

  stop(): void {
    for (const id of this.#pending.keys()) this.#fail(id, 'the controller is stopping');
  }

  #fail(id: string, message: string): void {
    this.#pending.get(id)?.reject(new ControllerError('node-unreachable', message));
  }
}
