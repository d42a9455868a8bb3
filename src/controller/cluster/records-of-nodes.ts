import type { Found, QuestionOf, RecordQuestion } from '../../cluster/record-questions.ts';
import type { Cluster } from './cluster.ts';
import type { AnswerRecords } from './remote-records.ts';

/** A node whose records could not be had. */
export type MissingNode = { readonly node: string; readonly reason: string };

export type Gathered<T extends RecordQuestion['type']> = {
  /** This node first, then the others by name; `node` is null where there is no cluster. */
  readonly found: readonly { readonly node: string | null; readonly items: Found<T> }[];
  readonly missing: MissingNode[];
};

export type RecordsOfNodesDeps = {
  /** Answers from the records of this node. */
  readonly answer: AnswerRecords;
  readonly cluster: Pick<Cluster, 'nodeId' | 'nodes'> & { readonly records: Pick<Cluster['records'], 'ask'> };
};

/** The records of all nodes of the cluster, as far as they can be had. */
export class RecordsOfNodes {
  readonly #deps: RecordsOfNodesDeps;

  constructor(deps: RecordsOfNodesDeps) {
    this.#deps = deps;
  }

  /** Asks one node. @param node null where there is no cluster */
  ask<T extends RecordQuestion['type']>(node: string | null, question: QuestionOf<T>): Promise<Found<T>> {
    const { answer, cluster } = this.#deps;
    return node === null || node === cluster.nodeId ? answer(question) : cluster.records.ask(node, question);
  }

  /** Asks all nodes. Rejects as this node does where no node has an answer. */
  async askAll<T extends RecordQuestion['type']>(question: QuestionOf<T>): Promise<Gathered<T>> {
    const { nodeId, nodes } = this.#deps.cluster;
    if (nodeId === null) return { found: [{ node: null, items: await this.ask(null, question) }], missing: [] };
    const found: { node: string; items: Found<T> }[] = [];
    const missing: MissingNode[] = [];
    let failure: unknown;
    const answers = nodes.map(async ({ id, state, sinceMs }) => {
      if (state === 'silent' || state === 'gone') {
        return { id, error: new Error(`it is ${state} since ${new Date(sinceMs).toISOString()}`) };
      }
      return this.ask(id, question).then(
        (items) => ({ id, items }),
        (error: Error) => ({ id, error }),
      );
    });
    for (const answer of await Promise.all(answers)) {
      if ('items' in answer) found.push({ node: answer.id, items: answer.items });
      else {
        failure ??= answer.error;
        missing.push({ node: answer.id, reason: answer.error.message });
      }
    }
    if (found.length === 0) throw failure;
    return { found, missing };
  }
}
