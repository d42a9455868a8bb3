import { createHash } from 'node:crypto';
import type { Logger } from 'winston';
import type { ConferenceTable } from '../../conference-table/conference-table.ts';

/** A digest that tells tables apart that treat calls otherwise: order, comments and names for people do not count. */
export function digestOf({ unlisted, entries }: ConferenceTable): string {
  const inOrder = [...entries.values()].sort((a, b) => (a.number < b.number ? -1 : 1));
  const hash = createHash('sha256').update(unlisted);
  for (const { name: _, ...entry } of inOrder) hash.update(JSON.stringify(entry, withSortedKeys));
  return hash.digest('hex').slice(0, 16);
}

/** A replacer for JSON.stringify. */
function withSortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Logs when another node has another table of conferences, and when it has the same again. */
export class TableAgreement {
  readonly #deps: { own: () => string | null; logger: Logger };
  /** The tables of nodes that differ, by node, as they were told last. Bounded by the nodes. */
  readonly #different = new Map<string, string>();

  constructor(deps: { own: () => string | null; logger: Logger }) {
    this.#deps = deps;
  }

  /** A node has told of its table. @param table null if it is of a version that says nothing about that */
  seen(node: string, table: string | null): void {
    const own = this.#deps.own();
    if (table === null || own === null) return;
    if (table === own) {
      if (this.#different.delete(node)) this.#deps.logger.info(`node ${node}: has the same table of conferences again`);
      return;
    }
    const pair = `${own} ${table}`;
    if (this.#different.get(node) === pair) return;
    this.#different.set(node, pair);
    this.#deps.logger.warn(
      `node ${node}: its table of conferences differs from that of this node, so its callers are treated otherwise; copy the file`,
    );
  }
}
