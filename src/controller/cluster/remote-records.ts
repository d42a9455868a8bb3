import type { Message, MessageOf } from '../../cluster/messages.ts';
import {
  type Found,
  MOST_IN_ANSWER,
  type QuestionOf,
  type RecordQuestion,
  type RecordsFound,
} from '../../cluster/record-questions.ts';
import { Waiters } from '../../timing/waiters.ts';
import { ControllerError } from '../errors/controller-error.ts';

/** How long a node may take, which may have to read many files. */
const TIMEOUT_MS = 10_000;
/** As long as the text of an error may be. */
const LONGEST_MESSAGE = 1000;

/** Answers a question from what this node has recorded. Rejects with an error whose message is for operators. */
export type AnswerRecords = <T extends RecordQuestion['type']>(question: QuestionOf<T>) => Promise<Found<T>>;

/** Asks other nodes what they have recorded, and answers such questions. */
export class RemoteRecords {
  readonly #incarnation: number;
  readonly #send: (to: string, message: Message) => boolean;
  readonly #waiting = new Waiters<Found<RecordsFound['type']>>();
  /** The parts of answers that have come so far, with their kind. Bounded by those that are waited for. */
  readonly #parts = new Map<string, { readonly type: RecordQuestion['type']; readonly items: unknown[] }>();
  #answer: AnswerRecords = () => Promise.reject(new Error('the controller is starting'));
  #sent = 0;

  /** @param options.incarnation makes ids differ from those before a restart */
  constructor(options: { incarnation: number }, deps: { send: (to: string, message: Message) => boolean }) {
    this.#incarnation = options.incarnation;
    this.#send = deps.send;
  }

  /** What this node has recorded; before anything else. */
  attach(answer: AnswerRecords): void {
    this.#answer = answer;
  }

  /** @returns what another node has found; rejects with a ControllerError `node-unreachable` or `not-possible` */
  async ask<T extends RecordQuestion['type']>(to: string, question: QuestionOf<T>): Promise<Found<T>> {
    const id = `${this.#incarnation}-${++this.#sent}`;
    const key = keyOf(to, id);
    const answered = this.#waiting.wait(key, TIMEOUT_MS, () => {
      throw unreachable('it has not answered in time');
    });
    this.#parts.set(key, { type: question.type, items: [] });
    if (!this.#send(to, { type: 'ask-records', id, question })) this.#waiting.fail(key, unreachable('it is not up'));
    try {
      return (await answered) as Found<T>;
    } finally {
      this.#parts.delete(key);
    }
  }

  /** Another node has sent a part of its answer. */
  handleAnswer(from: string, { id, result }: MessageOf<'records'>): void {
    const key = keyOf(from, id);
    const parts = this.#parts.get(key);
    if (!parts) return;
    if (!result.ok) return void this.#waiting.fail(key, new ControllerError('not-possible', result.message));
    if (result.found.type !== parts.type) return;
    parts.items.push(...result.found.items);
    if (result.isLast) this.#waiting.settle(key, parts.items as Found<RecordsFound['type']>);
  }

  /** Answers a question of another node. */
  async handleQuestion(from: string, { id, question }: MessageOf<'ask-records'>): Promise<void> {
    try {
      const items: unknown[] = await this.#answer(question);
      for (let at = 0; at === 0 || at < items.length; at += MOST_IN_ANSWER) {
        const found = { type: question.type, items: items.slice(at, at + MOST_IN_ANSWER) } as RecordsFound;
        const isLast = at + MOST_IN_ANSWER >= items.length;
        this.#send(from, { type: 'records', id, result: { ok: true, found, isLast } });
      }
    } catch (error) {
      const message = (error as Error).message.slice(0, LONGEST_MESSAGE);
      this.#send(from, { type: 'records', id, result: { ok: false, message } });
    }
  }

  /** A node that is down does not answer any more. */
  peerDown(node: string): void {
    for (const key of this.#waiting.ids) {
      if (key.startsWith(keyOf(node, ''))) this.#waiting.fail(key, unreachable('it has gone down'));
    }
  }

  stop(): void {
    for (const key of this.#waiting.ids) this.#waiting.fail(key, unreachable('the controller is stopping'));
  }
}

/** An id is its sender's, and only the node that was asked may answer. */
function keyOf(node: string, id: string): string {
  return `${node} ${id}`;
}

function unreachable(message: string): ControllerError {
  return new ControllerError('node-unreachable', message);
}
