import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger, transports } from 'winston';
import { z } from 'zod';
import type { EventChannel, EventChannelDeps } from '../../../src/events/channel.ts';

export type Note = { type: 'note'; n: number; sentAtMs?: number | undefined; text?: string | undefined };

const noteSchema = z.object({
  type: z.literal('note'),
  n: z.number(),
  sentAtMs: z.number().optional(),
  text: z.string().optional(),
});

export const now = () => performance.timeOrigin + performance.now();

/** What a node of a test has seen: every call of its handlers, in order, and its log. */
export class Witness {
  readonly id: string;
  readonly changes: string[] = [];
  /** `period`: how many changes there had been. */
  readonly notes: { from: string; note: Note; atMs: number; period: number }[] = [];
  readonly log: string[] = [];
  readonly #channel: EventChannel<unknown>;

  constructor(id: string, open: (deps: EventChannelDeps<unknown>) => EventChannel<unknown>) {
    this.id = id;
    const stream = new Writable({
      write: (line, _encoding, done) => {
        this.log.push(String(line));
        done();
      },
    });
    this.#channel = open({
      parse: (json) => noteSchema.safeParse(json).data ?? null,
      onPeerUp: (peer) => this.changes.push(`${peer} up`),
      onPeerDown: (peer, reason) => this.changes.push(`${peer} down ${reason}`),
      onMessage: (from, message) =>
        this.notes.push({ from, note: message as Note, atMs: now(), period: this.changes.length }),
      logger: createLogger({ transports: [new transports.Stream({ stream })] }),
      now,
    });
  }

  get channel(): EventChannel<unknown> {
    return this.#channel;
  }

  get connected(): string[] {
    return [...this.#channel.peers.keys()].sort();
  }

  numbersFrom(peer: string): number[] {
    return this.notes.filter(({ from }) => from === peer).map(({ note }) => note.n);
  }

  logged(words: string): number {
    return this.log.filter((line) => line.includes(words)).length;
  }
}

/** @throws Error with what it was waiting for, after the time */
export async function until(what: string, isTrue: () => boolean, withinMs = 5000): Promise<void> {
  const endMs = now() + withinMs;
  while (!isTrue()) {
    if (now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(5);
  }
}

export async function allConnected(witnesses: readonly Witness[], withinMs = 5000): Promise<void> {
  const ids = witnesses.map(({ id }) => id).sort();
  await until(
    `${ids.join(', ')} see each other`,
    () => witnesses.every(({ id, connected }) => connected.join() === ids.filter((other) => other !== id).join()),
    withinMs,
  );
}
