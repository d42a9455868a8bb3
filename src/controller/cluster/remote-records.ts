import { MAX_ROWS } from '../../attendance/report.ts';
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

/** How long a node may take for a part of its answer: it may have to read many files. */
const TIMEOUT_MS = 10_000;
/** As long as the text of an error may be. */
const LONGEST_MESSAGE = 1000;

/** Answers a question from what this node has recorded. Rejects with an error whose message is for operators. */
export type AnswerRecords = <T extends RecordQuestion['type']>(question: QuestionOf<T>) => Promise<Found<T>>;

type Part = { readonly found: RecordsFound; readonly isLast: boolean };

/** Asks other nodes what they have recorded, and answers such questions: part by part, so that a link is never full. */
export class RemoteRecords {
  readonly #incarnation: number;
  readonly #send: (to: string, message: Message) => boolean;
  readonly #parts = new Waiters<Part>();
  /** For the word of the node that has asked that it wants the next part. */
  readonly #wanted = new Waiters<void>();
  #answer: AnswerRecords = () => Promise.reject(new Error('the controller is starting'));
  #sent = 0;

  /** @param options.incarnation makes ids differ from those before a restart */
  constructor(options: { incarnation: number }, deps: { send: (to: string, message: Message) => boolean }) {
    this.#incarnation = options.incarnation;
    this.#send = deps.send;
  }

  /** Sets how questions are answered; before anything else. */
  attach(answer: AnswerRecords): void {
    this.#answer = answer;
  }

  /** @returns what another node has found; rejects with a ControllerError `node-unreachable` or `not-possible` */
  async ask<T extends RecordQuestion['type']>(to: string, question: QuestionOf<T>): Promise<Found<T>> {
    const id = `${this.#incarnation}-${++this.#sent}`;
    const items: unknown[] = [];
    let part = await this.#nextPart(to, { type: 'ask-records', id, question });
    for (; ; part = await this.#nextPart(to, { type: 'more-records', id })) {
      if (part.found.type !== question.type || items.length > MAX_ROWS)
        throw new ControllerError('not-possible', 'its answer is none to the question');
      items.push(...part.found.items);
      if (part.isLast) return items as Found<T>;
    }
  }

  /** Another node has sent a part of its answer. */
  handleAnswer(from: string, { id, result }: MessageOf<'records'>): void {
    const key = keyOf(from, id);
    if (result.ok) this.#parts.settle(key, result);
    else this.#parts.fail(key, new ControllerError('not-possible', result.message));
  }

  /** Answers a question of another node. */
  async handleQuestion(from: string, { id, question }: MessageOf<'ask-records'>): Promise<void> {
    let items: unknown[];
    try {
      items = await this.#answer(question);
    } catch (error) {
      const message = (error as Error).message.slice(0, LONGEST_MESSAGE);
      this.#send(from, { type: 'records', id, result: { ok: false, message } });
      return;
    }
    for (let at = 0; ; at += MOST_IN_ANSWER) {
      const found = { type: question.type, items: items.slice(at, at + MOST_IN_ANSWER) } as RecordsFound;
      const isLast = at + MOST_IN_ANSWER >= items.length;
      const isSent = this.#send(from, { type: 'records', id, result: { ok: true, found, isLast } });
      if (isLast || !isSent || !(await this.#isMoreWanted(from, id))) return;
    }
  }

  /** The node that has asked wants the next part of the answer. */
  handleMore(from: string, { id }: MessageOf<'more-records'>): void {
    this.#wanted.settle(keyOf(from, id));
  }

  /** A node that is down neither answers nor asks any more. */
  peerDown(node: string): void {
    this.#failAll(keyOf(node, ''), unreachable('it has gone down'));
  }

  stop(): void {
    this.#failAll('', unreachable('the controller is stopping'));
  }

  #nextPart(to: string, message: MessageOf<'ask-records' | 'more-records'>): Promise<Part> {
    const key = keyOf(to, message.id);
    const part = this.#parts.wait(key, TIMEOUT_MS, () => {
      throw unreachable('it has not answered in time');
    });
    if (!this.#send(to, message)) this.#parts.fail(key, unreachable('it is not up'));
    return part;
  }

  #isMoreWanted(from: string, id: string): Promise<boolean> {
    const wanted = this.#wanted.wait(keyOf(from, id), TIMEOUT_MS, () => {
      throw unreachable('it has not asked for more in time');
    });
    return wanted.then(
      () => true,
      () => false,
    );
  }

  #failAll(keys: string, error: Error): void {
    for (const waiting of [this.#parts, this.#wanted]) {
      for (const key of waiting.ids) if (key.startsWith(keys)) waiting.fail(key, error);
    }
  }
}

/** An id is its sender's, and only the node that was asked may answer. */
function keyOf(node: string, id: string): string {
  return `${node} ${id}`;
}

function unreachable(message: string): ControllerError {
  return new ControllerError('node-unreachable', message);
}
