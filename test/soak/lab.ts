import { setTimeout as sleep } from 'node:timers/promises';
import type { ConferenceView, MemberView, StatusView } from '../../src/api/schemas.ts';
import { TcpProxy } from '../kit/impairment/tcp-proxy.ts';
import { ownAddress } from '../kit/loopback.ts';
import type { Call } from '../kit/phone/call.ts';
import { type AnswerPlan, PhoneBank } from '../kit/phone/phone-bank.ts';
import { PhoneNetwork } from '../kit/phone/phone-network.ts';
import { silence } from '../kit/phone/sound.ts';
import { RostrumNode } from '../kit/rostrum-node.ts';

/** A request that nobody answers is sent for 64 times this. As shipped it is 250 ms, which only would make a soak wait. */
const SIP_T1_MS = 100;
/** The relay asks after 25 s whether a phone is there; then Asterisk waits for an answer to UPDATE and to BYE. */
export const VANISHED_GONE_MS = 25_000 + 2 * 64 * SIP_T1_MS + 5000;
/** Audio that is kept of each phone. */
const KEEP_AUDIO_MS = 2000;
const READY_TIMEOUT_MS = 30_000;

/** The conferences that callers choose from. */
export const CONFERENCES = ['3000', '3001', '3002'];

/** A node with phones that call it, phones that it calls, and bad networks between them. */
export class SoakLab {
  readonly node: RostrumNode;
  readonly network: PhoneNetwork;
  /** Between the controller and Asterisk. */
  readonly ari: TcpProxy;
  readonly #calledAt: string;
  #phones: PhoneBank;
  #called: PhoneBank;
  #lastNumber = 10_000;

  private constructor(parts: { node: RostrumNode; network: PhoneNetwork; ari: TcpProxy; calledAt: string }) {
    this.node = parts.node;
    this.network = parts.network;
    this.ari = parts.ari;
    this.#calledAt = parts.calledAt;
    this.#phones = this.#newPhones();
    this.#called = this.#newCalled();
  }

  static async start(seed: number): Promise<SoakLab> {
    let ari: TcpProxy | null = null;
    const calledAt = ownAddress();
    const node = await RostrumNode.start({
      profile: { idleSeconds: 1 },
      config: { invite: { endpoint: `PJSIP/anonymous/sip:{number}@${calledAt}`, callerId: 'Soak <5551>' } },
      extra: {
        set: [
          ['pjsip.conf', 'system', 'timer_t1', String(SIP_T1_MS)],
          ['pjsip.conf', 'system', 'timer_b', String(64 * SIP_T1_MS)],
        ],
      },
      ariThrough: async (ariUrl) => {
        if (ari === null) {
          const { hostname, port } = new URL(ariUrl);
          ari = new TcpProxy({ target: { address: hostname, port: Number(port) } });
          await ari.start();
        }
        return `http://${ari.address.address}:${ari.address.port}`;
      },
    });
    const network = new PhoneNetwork({ seed });
    const lab = new SoakLab({ node, network, ari: ari as unknown as TcpProxy, calledAt });
    await lab.#startPhones();
    return lab;
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#phones.stop(), this.#called.stop()]);
    this.network.stop();
    await this.node.stop();
    await this.ari.stop();
  }

  get phones(): PhoneBank {
    return this.#phones;
  }

  /** Calls that were answered and live, either direction. */
  get calls(): Call[] {
    return [...this.#phones.calls, ...this.#called.calls].filter(({ state }) => state === 'answered');
  }

  /** A number that no phone has had before. */
  nextNumber(): string {
    this.#lastNumber++;
    return String(this.#lastNumber);
  }

  dial(number: string): Call {
    return this.#phones.dial(number, { callerNumber: this.nextNumber(), send: silence() });
  }

  /** A phone that joins, and loses its power then. */
  async vanishing(number: string, afterMs: number): Promise<void> {
    const bank = new PhoneBank({ server: this.node.server, keepAudioMs: 0 });
    await bank.start();
    bank.dial(number, { callerNumber: this.nextNumber(), keepAudio: false });
    await sleep(afterMs);
    await bank.vanish();
  }

  /** All phones lose their calls and say nothing, as when Asterisk has died; then there are new ones. */
  async replacePhones(): Promise<void> {
    await Promise.all([this.#phones.vanish(), this.#called.vanish()]);
    this.#phones = this.#newPhones();
    this.#called = this.#newCalled();
    await this.#startPhones();
  }

  /** The conferences with their members, as the controller has them. */
  async views(): Promise<ConferenceView[]> {
    const conferences = await this.node.list();
    return Promise.all(conferences.map(({ name }) => this.node.show(name)));
  }

  /** The members of all conferences. Empty while nobody can tell. */
  async members(): Promise<{ conference: string; member: MemberView }[]> {
    const views = await this.views().catch(() => []);
    return views.flatMap(({ name, members }) => members.map((member) => ({ conference: name, member })));
  }

  /** Waits until controller, relay and Asterisk are connected with each other. */
  async waitUntilWhole(): Promise<StatusView & { relay: { pid: number } }> {
    for (const startMs = performance.now(); performance.now() - startMs < READY_TIMEOUT_MS; await sleep(50)) {
      const status = await this.node.api.get<StatusView>('/status').catch(() => null);
      if (status?.asterisk.connected && status.relay.connected && status.relay.pid !== null) {
        return { ...status, relay: { ...status.relay, pid: status.relay.pid } };
      }
    }
    throw new Error(`controller, relay and Asterisk did not find each other again in ${READY_TIMEOUT_MS / 1000} s`);
  }

  #newPhones(): PhoneBank {
    return new PhoneBank({ server: this.node.server, network: this.network, keepAudioMs: KEEP_AUDIO_MS });
  }

  #newCalled(): PhoneBank {
    return new PhoneBank({
      bindAddress: this.#calledAt,
      sipPort: 5060,
      server: this.node.server,
      network: this.network,
      keepAudioMs: KEEP_AUDIO_MS,
      onIncoming: ({ calledNumber }) => ANSWERS[Number(calledNumber) % ANSWERS.length] as AnswerPlan,
    });
  }

  async #startPhones(): Promise<void> {
    await Promise.all([this.#phones.start(), this.#called.start()]);
  }
}

/** What a called phone does, by its number. */
const ANSWERS: readonly AnswerPlan[] = [
  { kind: 'answer', afterMs: 300 },
  { kind: 'reject', status: 486, reason: 'Busy Here' },
  { kind: 'answer', afterMs: 2000 },
  { kind: 'answer' },
  { kind: 'ring-for-ever' },
];
