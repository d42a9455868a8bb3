import { setTimeout as sleep } from 'node:timers/promises';
import type { Delay } from '../kit/phone/arrival-schedule.ts';
import type { Call } from '../kit/phone/call.ts';
import { lookForPackets } from '../kit/phone/media.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import type { Sound } from '../kit/phone/sound.ts';
import type { SipServer } from '../kit/sip/address.ts';
import { monotonicMs, type Stall, StallWatch } from './stall-watch.ts';

/** Phones that do what a bench in another process asks for. Forked by `Crowd`; all times are `monotonicMs`. */

/** `group` is a name for phones that are dialled, asked and hung up together. */
export type CrowdOrder =
  | { readonly type: 'open'; readonly server: SipServer; readonly packetMs: number }
  | ({ readonly type: 'dial' } & DialOrder)
  /** Waits until every call has been answered or has ended. */
  | { readonly type: 'settle'; readonly group: string; readonly timeoutMs: number }
  | { readonly type: 'reset'; readonly group: string }
  | { readonly type: 'press'; readonly group: string; readonly index: number; readonly keys: string }
  | { readonly type: 'report'; readonly group: string }
  | { readonly type: 'stalls' }
  | { readonly type: 'hang-up' };

export type DialOrder = {
  readonly group: string;
  readonly number: string;
  /** The caller number of each call. */
  readonly callers: readonly string[];
  readonly sound: Sound;
  readonly startMs: number;
  readonly everyMs: number;
};

export type CallReport = {
  readonly invitedMs: number;
  readonly answeredMs: number | null;
  readonly endedMs: number | null;
  readonly firstAudibleMs: number | null;
  /** For how long packets have been counted: since the answer, or since they were counted anew. */
  readonly countedMs: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly late: number;
  readonly latestMs: number;
  readonly delays: readonly Delay[];
};

export type CrowdAnswer = {
  open: null;
  dial: null;
  settle: null;
  reset: null;
  press: null;
  report: CallReport[];
  stalls: Stall[];
  'hang-up': null;
};

const BIND_ADDRESS = '127.0.0.1';
/** How long a call may ring: longer than any bench lasts, so that the bench says what counts as failed. */
const ANSWER_TIMEOUT_MS = 600_000;
const CATCH_UP_TIMEOUT_MS = 2000;
const CATCH_UP_STEP_MS = 5;
const IN_TIME_MS = 5;
/** As often as a phone of this process sends: see `Ticker`. */
const LOOK_EVERY_MS = 2;

/** From performance.now() to `monotonicMs`. */
const OFFSET_MS = monotonicMs() - performance.now();
const groups = new Map<string, Call[]>();
const resetMs = new Map<string, number>();
const watch = new StallWatch();
let bank: PhoneBank | null = null;

async function execute(order: CrowdOrder): Promise<CallReport[] | Stall[] | null> {
  switch (order.type) {
    case 'open':
      await lookForPackets({ everyMs: LOOK_EVERY_MS });
      bank = new PhoneBank({ bindAddress: BIND_ADDRESS, server: order.server, ptimeMs: order.packetMs });
      await bank.start();
      watch.start();
      return null;
    case 'dial':
      await dial(order);
      return null;
    case 'settle':
      await settle(callsOf(order.group), order.timeoutMs);
      return null;
    case 'reset':
      await catchUp();
      for (const call of callsOf(order.group)) call.resetStats();
      resetMs.set(order.group, monotonicMs());
      return null;
    case 'press':
      // The report tells of a call that has ended.
      await callsOf(order.group)
        [order.index]?.pressKeys(order.keys)
        .catch(() => {});
      return null;
    case 'report':
      await catchUp();
      return callsOf(order.group).map((call) => reportOf(call, resetMs.get(order.group) ?? 0));
    case 'stalls':
      return watch.take();
    case 'hang-up':
      await bank?.hangUpAll().catch(() => {});
      return null;
  }
}

async function dial({ group, number, callers, sound, startMs, everyMs }: DialOrder): Promise<void> {
  const calls = callsOf(group);
  groups.set(group, calls);
  for (const [index, callerNumber] of callers.entries()) {
    const waitMs = startMs + index * everyMs - monotonicMs();
    if (waitMs > 0) await sleep(waitMs);
    const options = { callerNumber, send: sound, keepAudio: false, answerTimeoutMs: ANSWER_TIMEOUT_MS };
    if (bank) calls.push(bank.dial(number, options));
  }
}

async function settle(calls: readonly Call[], timeoutMs: number): Promise<void> {
  const isOpen = ({ state }: Call) => state === 'dialling' || state === 'ringing';
  for (const startMs = monotonicMs(); calls.some(isOpen) && monotonicMs() - startMs < timeoutMs; ) await sleep(20);
}

/** Waits until this process has read what came, so that it does not count as missing; not for long on a busy machine. */
async function catchUp(): Promise<void> {
  for (const startMs = monotonicMs(); monotonicMs() - startMs < CATCH_UP_TIMEOUT_MS; ) {
    const dueMs = monotonicMs() + CATCH_UP_STEP_MS;
    await sleep(CATCH_UP_STEP_MS);
    if (monotonicMs() - dueMs < IN_TIME_MS) return;
  }
}

function callsOf(group: string): Call[] {
  return groups.get(group) ?? [];
}

function reportOf(call: Call, sinceMs: number): CallReport {
  const { sent, received, lost, late, latestMs, delays, firstAudibleMs } = call.stats();
  const shared = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : ms + OFFSET_MS);
  const answeredMs = shared(call.answeredAtMs);
  const countedMs = answeredMs === null ? 0 : monotonicMs() - Math.max(answeredMs, sinceMs);
  return {
    invitedMs: call.invitedAtMs + OFFSET_MS,
    answeredMs,
    endedMs: shared(call.end?.atMs),
    firstAudibleMs: shared(firstAudibleMs),
    countedMs,
    sent,
    received,
    lost,
    late,
    latestMs,
    delays: delays.map(({ dueMs, atMs }) => ({ dueMs: dueMs + OFFSET_MS, atMs: atMs + OFFSET_MS })),
  };
}

process.on('message', ({ id, order }: { id: number; order: CrowdOrder }) => {
  execute(order).then(
    (answer) => process.send?.({ id, answer }),
    (error: unknown) => process.send?.({ id, problem: String(error) }),
  );
});
process.once('disconnect', () => process.exit());
