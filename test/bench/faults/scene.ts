import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../../../src/api/client.ts';
import type { MemberView, StatusView } from '../../../src/api/schemas.ts';
import type { Call } from '../../kit/phone/call.ts';
import { PhoneBank } from '../../kit/phone/phone-bank.ts';
import { silence, tone } from '../../kit/phone/sound.ts';
import { RostrumCluster } from '../../kit/rostrum-cluster.ts';
import { RostrumNode } from '../../kit/rostrum-node.ts';

const CONFERENCE = '3000';
const SPOKEN_HZ = 450;
const LEVEL_DBOV = -20;
const HEARD_DBOV = -26;
const LISTENERS = 24;
/** Some of them also press keys. */
const PRESSING = 4;
const PRESS_EVERY_MS = 5000;
/** `vad-level:+100` in the profile; it can be counted, and has room for 16 presses. */
const KEY = '9';
const KEY_STEP = 100;
const LOOK_EVERY_MS = 20;
const STRETCH_MS = 60;
const STATUS_TIMEOUT_MS = 1000;
const HEAR_TIMEOUT_MS = 15_000;
const SETTLE_TIMEOUT_MS = 60_000;
/** Behind a fault, so that what comes late counts too. */
const AFTER_MS = 3000;

/** What callers and operators notice of a fault. */
export type Noticed = {
  /** How long the listener who was worst off, and the one in the middle, did not hear the speaker. */
  readonly worstSilenceMs: number;
  readonly medianSilenceMs: number;
  readonly lostMembers: number;
  readonly members: number;
  readonly lostKeys: number;
  readonly keys: number;
  /** From dialling to the answer, or why there was none. */
  readonly newCaller: string;
  /** Until controller, relay and Asterisk were connected again, from the beginning of the fault. */
  readonly wholeAfterMs: number;
  /** Warnings and errors of the node's log, each once. */
  readonly log: readonly string[];
};

/** A node with a conference, or two with NATS between them: then speakers and listeners are on different ones. */
export class Scene {
  readonly node: RostrumNode;
  readonly cluster: RostrumCluster | null;
  readonly phones: PhoneBank;
  #speaker: Call | null = null;
  #speakersPhones: PhoneBank;
  #listeners: Call[] = [];

  private constructor(node: RostrumNode, cluster: RostrumCluster | null, phones: PhoneBank, speakers: PhoneBank) {
    this.node = node;
    this.cluster = cluster;
    this.phones = phones;
    this.#speakersPhones = speakers;
  }

  /** @param options.nats two nodes, and a NATS server */
  static async start({ nats }: { nats: boolean }): Promise<Scene> {
    const cluster = nats ? await RostrumCluster.start({ nodes: ['one', 'two'], nats: true }) : null;
    const node = cluster?.node('one') ?? (await RostrumNode.start());
    const phones = new PhoneBank({ server: node.server, keepAudioMs: 1000 });
    const speakers = cluster ? new PhoneBank({ server: cluster.node('two').server }) : phones;
    const scene = new Scene(node, cluster, phones, speakers);
    await phones.start();
    await speakers.start();
    scene.#speaker = await speakers.call('4000', { callerNumber: '200', send: tone(SPOKEN_HZ, LEVEL_DBOV) });
    const numbers = Array.from({ length: LISTENERS }, (_, index) => String(101 + index));
    scene.#listeners = await Promise.all(
      numbers.map((callerNumber) => phones.call(CONFERENCE, { callerNumber, send: silence() })),
    );
    const heard = { aboveDbov: HEARD_DBOV, timeoutMs: HEAR_TIMEOUT_MS };
    await Promise.all(scene.#listeners.map((call) => call.waitForTone(SPOKEN_HZ, heard)));
    return scene;
  }

  async stop(): Promise<void> {
    await Promise.all([this.phones.vanish(), this.#speakersPhones.vanish()]);
    await (this.cluster ?? this.node).stop();
  }

  /** Runs a fault, and finds out what is noticed of it until all is well again. */
  async notice(fault: () => Promise<void>): Promise<Noticed> {
    const logged = (await this.node.log()).length;
    const levels = await this.#keyLevels();
    const startMs = performance.now();
    const ears = new Ears(this.#listeners);
    const settled = new AbortController();
    const pressing = this.#press(settled.signal);
    const newCaller = this.#newCaller();
    const whole = this.#wholeAfter(startMs, settled.signal);
    await fault();
    await sleep(AFTER_MS);
    await ears.untilAllHear(await this.#numbers(), SETTLE_TIMEOUT_MS);
    ears.stop();
    const answer = await newCaller;
    settled.abort();
    const [pressed, wholeAfterMs] = await Promise.all([pressing, whole]);
    const silences = ears.silencesMs();
    const after = await this.#keyLevels();
    const lost = [...levels].map(
      ([number, before], index) => (pressed[index] ?? 0) - ((after.get(number) ?? before) - before) / KEY_STEP,
    );
    return {
      worstSilenceMs: Math.round(silences.at(-1) ?? 0),
      medianSilenceMs: Math.round(silences[silences.length >> 1] ?? 0),
      lostMembers: await this.#lostMembers(),
      members: LISTENERS + 1,
      lostKeys: lost.reduce((sum, each) => sum + each, 0),
      keys: pressed.reduce((sum, each) => sum + each, 0),
      newCaller: answer,
      wholeAfterMs: Math.round(wholeAfterMs),
      log: complaints((await this.node.log()).slice(logged)),
    };
  }

  /** Asks all the time, until the signal comes. @returns when it was last not whole, after the beginning */
  async #wholeAfter(startMs: number, signal: AbortSignal): Promise<number> {
    const api = new ApiClient({ socketPath: this.node.socketPath, timeoutMs: STATUS_TIMEOUT_MS });
    let lastMs = startMs;
    while (!signal.aborted) {
      const nowMs = performance.now();
      const status = await api.get<StatusView>('/status').catch(() => null);
      if (!status?.asterisk.connected || !status.relay.connected) lastMs = nowMs;
      await sleep(LOOK_EVERY_MS);
    }
    return lastMs - startMs;
  }

  /** @returns how often each of those who press has pressed */
  async #press(signal: AbortSignal): Promise<number[]> {
    return Promise.all(
      this.#listeners.slice(0, PRESSING).map(async (call, index) => {
        await sleep((index * PRESS_EVERY_MS) / PRESSING, undefined, { signal }).catch(() => {});
        let count = 0;
        while (!signal.aborted && call.end === null) {
          await call.pressKeys(KEY).catch(() => {});
          count++;
          await sleep(PRESS_EVERY_MS, undefined, { signal }).catch(() => {});
        }
        return count;
      }),
    );
  }

  async #keyLevels(): Promise<Map<string, number>> {
    const members = await this.#members();
    const pressing = this.#listeners.slice(0, PRESSING).map(({ callerNumber }) => callerNumber);
    const levelOf = (number: string) => members.find(({ caller }) => caller.number === number)?.vadLevel;
    return new Map(
      pressing.flatMap((number) => (levelOf(number) === undefined ? [] : [[number, levelOf(number) as number]])),
    );
  }

  async #newCaller(): Promise<string> {
    await sleep(500);
    const call = this.phones.dial(CONFERENCE, {
      callerNumber: '900',
      send: silence(),
      answerTimeoutMs: SETTLE_TIMEOUT_MS,
    });
    return call.answered.then(
      ({ answeredAtMs, invitedAtMs }) => `${Math.round((answeredAtMs ?? 0) - invitedAtMs)} ms`,
      ({ status }: { status?: number }) => `refused, ${status}`,
    );
  }

  async #lostMembers(): Promise<number> {
    const calls = [...this.#listeners, ...(this.#speaker ? [this.#speaker] : [])];
    const numbers = await this.#numbers();
    return calls.filter(({ callerNumber, end }) => end !== null || !numbers.has(callerNumber)).length;
  }

  async #numbers(): Promise<Set<string>> {
    return new Set((await this.#members()).map(({ caller }) => caller.number));
  }

  /** Once a controller can tell; a conference that has ended has none. */
  async #members(): Promise<MemberView[]> {
    const endMs = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      try {
        return (await this.node.show(CONFERENCE)).members;
      } catch (error) {
        if ((error as { code?: string }).code === 'no-such-conference') return [];
        if (performance.now() > endMs) throw error;
      }
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** Listens all the time whether each of several phones hears the speaker. */
class Ears {
  readonly #calls: readonly Call[];
  readonly #lastHeardMs: number[];
  readonly #longestMs: number[];
  readonly #timer: NodeJS.Timeout;

  constructor(calls: readonly Call[]) {
    this.#calls = calls;
    this.#lastHeardMs = calls.map(() => performance.now());
    this.#longestMs = calls.map(() => 0);
    this.#timer = setInterval(this.#look, LOOK_EVERY_MS);
  }

  stop(): void {
    this.#look();
    clearInterval(this.#timer);
  }

  /** @param members the numbers of those who are still in; nobody else can hear */
  async untilAllHear(members: ReadonlySet<string>, timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    const isDeaf = (_: Call, index: number) => performance.now() - (this.#lastHeardMs[index] ?? 0) > 10 * LOOK_EVERY_MS;
    while (
      this.#calls.some((call, index) => call.end === null && members.has(call.callerNumber) && isDeaf(call, index)) &&
      performance.now() < endMs
    ) {
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** The longest silence of each, the shortest first. */
  silencesMs(): number[] {
    return [...this.#longestMs].sort((a, b) => a - b);
  }

  readonly #look = (): void => {
    const nowMs = performance.now();
    for (const [index, call] of this.#calls.entries()) {
      if (call.end !== null) continue;
      const silentMs = nowMs - (this.#lastHeardMs[index] ?? nowMs);
      this.#longestMs[index] = Math.max(this.#longestMs[index] ?? 0, silentMs);
      if (call.toneLevelDbov(SPOKEN_HZ, { lastMs: STRETCH_MS }) > HEARD_DBOV) this.#lastHeardMs[index] = nowMs;
    }
  };
}

/** Without times, ids and paths, each once. */
function complaints(log: string): string[] {
  const lines = log.split('\n').flatMap((line) => /^\S+ (?:warn|error): (.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(lines.map((line) => line.replace(/ [\w.-]+=.*$/, '').replace(/https?:\/\/\S+|\/\S+\//g, '...')))];
}
