import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { clearSocketPath } from '../../process/unix-socket.ts';
import { DescriptorInbox } from '../../udp/descriptors.ts';
import { type Libc, loadLibc } from '../../udp/libc.ts';
import { isLibcAllowed } from '../../udp/open-udp.ts';
import { RelayError } from '../protocol/errors.ts';
import { onLines, sendLine } from '../protocol/lines.ts';
import {
  type CallSpec,
  type RelayReport,
  type RelayRequest,
  relayReportSchema,
  type TrunkPeerSpec,
} from '../protocol/protocol.ts';
import { decodeSuccession, type FloorState, SUCCESSION_VERSION, type SuccessionPart } from './succession.ts';

/** A running relay answers at once, unless its machine is busy. */
const ANSWER_MS = 3000;
/** A handover takes at most this long from its first message to its last. */
const HAND_OVER_MS = 10_000;
const ENDED_EVERY_MS = 20;
const ASK_AGAIN_MS = 1;

/** The running relay, which another one succeeds. */
export type Predecessor = Extract<RelayReport, { type: 'hello' }>;

/** The state that a relay has handed over. The threads of floors and calls get the parts. */
export type Estate = {
  readonly floorStates: readonly FloorState[];
  readonly floors: readonly SuccessionPart[];
  /** By thread. */
  readonly calls: readonly { readonly part: SuccessionPart; readonly specs: readonly CallSpec[] }[][];
  readonly peers: readonly TrunkPeerSpec[];
};

export const NO_ESTATE: Estate = { floorStates: [], floors: [], calls: [], peers: [] };

/** @returns null if no relay answers */
export function findPredecessor(socketPath: string): Promise<Predecessor | null> {
  return new Promise((resolve) => {
    const settle = (found: Predecessor | null) => {
      socket.destroy();
      resolve(found);
    };
    const socket = greeted(socketPath, (_, hello) => settle(hello));
    socket.once('close', () => settle(null));
    socket.setTimeout(ANSWER_MS, () => settle(null));
  });
}

/**
 * Ends a relay, and continues with its state. A relay that cannot hand over leaves nothing, and the controller sends
 * everything again.
 *
 * @throws RelayError `not-handed-over`
 */
export async function takeOver({ pid, handsOver }: Predecessor, socketPath: string): Promise<Estate> {
  const libc = await loadLibc();
  const canInherit = handsOver?.version === SUCCESSION_VERSION && isLibcAllowed();
  if (canInherit && libc.type === 'loaded') return inherit(libc.libc, socketPath);
  const deadlineMs = performance.now() + HAND_OVER_MS;
  let ended = false;
  ask(socketPath, { type: 'end' }, () => ended);
  while (!ended) {
    if (performance.now() > deadlineMs)
      throw new RelayError('not-handed-over', `process ${pid} does not end; stop it first`);
    await sleep(ENDED_EVERY_MS);
    ended = await clearSocketPath(socketPath);
  }
  return NO_ESTATE;
}

async function inherit(libc: Libc, socketPath: string): Promise<Estate> {
  const floorStates: FloorState[] = [];
  const floors: SuccessionPart[] = [];
  const calls: { part: SuccessionPart; specs: CallSpec[] }[][] = [];
  const path = `${socketPath}.new`;
  let begun = false;
  let inbox: DescriptorInbox | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Estate>((resolve, reject) => {
      const refuse = () => reject(new RelayError('not-handed-over', 'the running relay does not hand over'));
      timer = setTimeout(refuse, ANSWER_MS);
      inbox = new DescriptorInbox(libc, path, (text, descriptors) => {
        const message = decodeSuccession(text);
        const part = { text, descriptors };
        if (message.type === 'begin') {
          begun = true;
          clearTimeout(timer);
          timer = setTimeout(refuse, HAND_OVER_MS);
        } else if (message.type === 'end') resolve({ floorStates, floors, calls, peers: message.peers });
        else if (message.type === 'floors' || message.type === 'trunk') {
          floors.push(part);
          if (message.type === 'floors') floorStates.push(...message.floors);
        } else {
          const specs = message.type === 'calls' ? message.calls.map(({ spec }) => spec) : [];
          calls[message.thread] = [...(calls[message.thread] ?? []), { part, specs }];
        }
      });
      ask(socketPath, { type: 'hand-over', path }, () => begun);
    });
  } finally {
    clearTimeout(timer);
    inbox?.close();
  }
}

/** Asks repeatedly until done, since only the latest connection counts and the controller connects too. */
function ask(socketPath: string, request: RelayRequest, isDone: () => boolean): void {
  const deadlineMs = performance.now() + ANSWER_MS;
  const askOnce = () => {
    const socket = greeted(socketPath, () => sendLine(socket, request));
    socket.once('close', () => {
      if (!isDone() && performance.now() < deadlineMs) setTimeout(askOnce, ASK_AGAIN_MS);
    });
  };
  askOnce();
}

function greeted(socketPath: string, onHello: (socket: Socket, hello: Predecessor) => void): Socket {
  const socket = connect(socketPath);
  socket.on('error', () => {});
  onLines(socket, (value) => {
    const report = relayReportSchema.safeParse(value);
    if (report.success && report.data.type === 'hello') onHello(socket, report.data);
  });
  return socket;
}
