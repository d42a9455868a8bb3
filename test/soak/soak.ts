import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACTIONS, JOIN } from './actions.ts';
import { Choices } from './choices.ts';
import { type Facts, factsOf } from './facts.ts';
import { FAULTS } from './faults.ts';
import { hearingProblems } from './hearing.ts';
import { disagreements } from './invariants.ts';
import { SoakLab, VANISHED_GONE_MS } from './lab.ts';
import { growth, PROCESSES, type Samples, sampleOf } from './processes.ts';

export type SoakOptions = {
  readonly seed: number;
  readonly members: number;
  readonly durationMs: number;
  /** Where logs go if something is broken. */
  readonly logs: string;
  readonly print: (line: string) => void;
  /** Ends it early, after the next look. */
  readonly signal: AbortSignal;
};

const MS_PER_MINUTE = 60_000;
/** What happens is over by then, and the rest of a minute is for looking. */
const BUSY_MS = 40_000;
const STEP_MS = 200;
/** Below the number of members, most steps are calls. */
const JOIN_RATIO = 0.7;
/** After the last action. A command whose controller dies is answered with an error; the API waits for a minute at most. */
const ANSWER_TIMEOUT_MS = 65_000;
/** Until all parts agree: phones that are gone without a BYE have to be missed. */
const SETTLE_TIMEOUT_MS = VANISHED_GONE_MS + 20_000;
const LOOK_EVERY_MS = 300;
const LAST_DONE = 40;

/** Branches of the random numbers of a seed. */
const STEPS = 1;
const FAULTS_BRANCH = 2;
const LOOKS = 3;

/** Something that must hold does not. */
export class Broken extends Error {
  override readonly name = 'Broken';
  readonly code = 'invariant-broken';

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** Hours of a node's life, which are made of minutes: something happens, then all is quiet and must be in order. */
export class Soak {
  readonly #options: SoakOptions;
  readonly #lab: SoakLab;
  readonly #actions = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  /** Actions that failed, by what the answer was. */
  readonly #refusals = new Map<string, number>();
  readonly #samples: Samples[] = [];
  readonly #pending = new Set<Promise<void>>();
  /** Those that there were at the first look. */
  #files: Set<string> | null = null;
  #unexpected: string[] = [];
  /** What was done last, the newest at the end. */
  #done: string[] = [];
  #step = 0;
  #fault = 0;
  #judged = 0;
  readonly #startMs = performance.now();

  private constructor(options: SoakOptions, lab: SoakLab) {
    this.#options = options;
    this.#lab = lab;
  }

  /** @returns whether nothing was broken */
  static async run(options: SoakOptions): Promise<boolean> {
    const { print, seed, members, durationMs, logs } = options;
    print(`soak: seed ${seed}, ${members} members, for ${durationMs / MS_PER_MINUTE} minutes`);
    const lab = await SoakLab.start(seed);
    const soak = new Soak(options, lab);
    try {
      await soak.#run();
      print(soak.#summary('all invariants held'));
      return true;
    } catch (error) {
      print(soak.#summary('BROKEN'));
      print(soak.#done.map((line) => `  ${line}`).join('\n'));
      print(error instanceof Broken ? error.message : String((error as Error).stack));
      await soak.#keepLogs();
      print(`the logs are in ${logs}`);
      return false;
    } finally {
      await lab.stop();
    }
  }

  async #run(): Promise<void> {
    do {
      await this.#happen();
      await this.#becomeQuiet();
      await this.#look();
    } while (this.#elapsedMs < this.#options.durationMs && !this.#options.signal.aborted);
    await this.#end();
  }

  /** Actions at a steady pace, and faults one after the other beside them. */
  async #happen(): Promise<void> {
    const endMs = performance.now() + BUSY_MS;
    const faults = this.#goWrong(endMs);
    for (let dueMs = performance.now(); dueMs < endMs; dueMs += STEP_MS) {
      await sleep(Math.max(0, dueMs - performance.now()));
      const choices = new Choices(this.#options.seed, STEPS, this.#step++);
      const joins = choices.chance(JOIN_RATIO) && this.#lab.phones.calls.size < this.#options.members;
      const action = joins ? JOIN : choices.byWeight(ACTIONS);
      count(this.#actions, action.name);
      this.#note(action.name);
      this.#begin(action.name, action.run(this.#lab, choices));
    }
    await faults;
  }

  async #goWrong(endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      const choices = new Choices(this.#options.seed, FAULTS_BRANCH, this.#fault++);
      await sleep(choices.between(500, 6000));
      const fault = choices.byWeight(FAULTS);
      count(this.#faults, fault.name);
      this.#note(`FAULT ${fault.name}`);
      const detail = await fault.run(this.#lab, choices);
      this.#note(`over: ${fault.name} ${detail}`);
    }
  }

  #begin(name: string, done: Promise<unknown>): void {
    const pending: Promise<void> = done
      .then(
        () => {},
        (error: { code?: string; status?: number }) => {
          const { code = 'none' } = error;
          count(this.#refusals, [code, error.status].filter(Boolean).join(' '));
          if (!EXPECTED.has(code)) this.#unexpected.push(`${name} failed with ${String(error)}`);
        },
      )
      .finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
  }

  async #becomeQuiet(): Promise<void> {
    await this.#lab.waitUntilWhole();
    const timeout = new AbortController();
    const late = sleep(ANSWER_TIMEOUT_MS, 'late', timeout).catch(() => '');
    const outcome = await Promise.race([Promise.all(this.#pending), late]);
    timeout.abort();
    if (outcome === 'late') throw new Broken([`${this.#pending.size} actions were not answered`]);
  }

  async #look(): Promise<void> {
    const { files } = await this.#agree();
    this.#files ??= new Set(files);
    const left = files
      .filter((file) => !this.#files?.has(file))
      .map((file) => `a file is new since the first minute: ${file}`);
    const { problems, judged } = await hearingProblems(
      this.#lab,
      new Choices(this.#options.seed, LOOKS, this.#samples.length),
    );
    this.#judged += judged;
    const calls = this.#lab.calls.length;
    this.#samples.push(await sampleOf(this.#lab, calls));
    this.#print(calls, judged);
    const broken = [...left, ...problems, ...this.#unexpected, ...growth(this.#samples)];
    if (broken.length > 0) throw new Broken(broken);
  }

  /** Waits until all parts of the node agree with each other and with the phones. */
  async #agree(): Promise<Facts> {
    const endMs = performance.now() + SETTLE_TIMEOUT_MS;
    let problems: string[] = [];
    do {
      const facts = await factsOf(this.#lab).catch((error: unknown) => String(error));
      problems = typeof facts === 'string' ? [facts] : disagreements(facts, this.#lab.calls);
      if (typeof facts !== 'string' && problems.length === 0) return facts;
      await sleep(LOOK_EVERY_MS);
    } while (performance.now() < endMs);
    throw new Broken(problems);
  }

  /** All hang up: then nothing may be left. */
  async #end(): Promise<void> {
    await this.#lab.phones.hangUpAll();
    await Promise.all(this.#lab.calls.map((call) => call.hangUp()));
    await this.#agree();
  }

  async #keepLogs(): Promise<void> {
    const { logs } = this.#options;
    const { directory, asterisk } = this.#lab.node;
    await mkdir(logs, { recursive: true });
    await cp(join(directory, 'rostrum.log'), join(logs, 'rostrum.log')).catch(() => {});
    await cp(asterisk.logPath, join(logs, 'asterisk.log')).catch(() => {});
    const facts = await factsOf(this.#lab).catch((error: unknown) => String(error));
    const text = JSON.stringify(facts, (_, value) => (value instanceof Map ? [...value] : value), 1);
    await writeFile(join(logs, 'facts.json'), text);
  }

  get #elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  #note(what: string): void {
    this.#done.push(`${(this.#elapsedMs / 1000).toFixed(1)} s: ${what}`);
    if (this.#done.length > LAST_DONE) this.#done.shift();
  }

  #print(calls: number, judged: number): void {
    const sample = this.#samples.at(-1);
    const processes = PROCESSES.map(
      (name) => `${name} ${sample?.[name].residentMb} MB ${sample?.[name].descriptors} fd`,
    );
    const counts = `${total(this.#actions)} actions, ${total(this.#faults)} faults, ${calls} members, ${judged} ears`;
    const minutes = (this.#elapsedMs / MS_PER_MINUTE).toFixed(1);
    this.#options.print(`${minutes} min: ${counts}; ${processes.join(', ')}`);
  }

  #summary(outcome: string): string {
    const { seed } = this.#options;
    const list = (counts: ReadonlyMap<string, number>) =>
      [...counts].sort(([, a], [, b]) => b - a).map(([name, times]) => `  ${times} x ${name}`);
    return [
      `seed ${seed}: ${outcome}, ${this.#samples.length} looks in ${(this.#elapsedMs / MS_PER_MINUTE).toFixed(1)} minutes; ${this.#judged} times it was judged what a member hears`,
      `${total(this.#actions)} actions:`,
      ...list(this.#actions),
      `${total(this.#faults)} faults of ${this.#faults.size} kinds:`,
      ...list(this.#faults),
      `${total(this.#refusals)} actions were refused or came to nothing:`,
      ...list(this.#refusals),
    ].join('\n');
  }
}

/** Why an action may fail: what it is about has gone, is not allowed, or cannot be reached just then. */
const EXPECTED = new Set([
  'no-such-conference',
  'no-such-member',
  'not-possible',
  'too-many-speakers',
  'no-controller',
  'asterisk-unreachable',
  // Asterisk has ended it, and has yet to say so.
  'asterisk-refused',
  'starting',
  'call-failed',
  'call-ended',
  'not-answered',
  'info-refused',
  'wait-timed-out',
]);

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, each) => sum + each, 0);
}
