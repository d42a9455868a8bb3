import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../src/rtp/packet.ts';

/** Phones that send and receive RTP and have no signalling. Forked by the `relay` bench, so that their CPU time is apart. */

export type RelayPhonesOptions = {
  readonly host: string;
  readonly ports: readonly number[];
  /** A phone sends to the same port there. */
  readonly target: string;
};

/** Of all phones together, since it was last asked for. */
export type RelayPhonesReport = {
  readonly received: number;
  /** Gaps in the sequence numbers. */
  readonly lost: number;
  /** The fewest that one phone has received. */
  readonly fewest: number;
  /** How many came over 30 ms after the one before; 20 ms is right. */
  readonly late: number;
  readonly longestGapMs: number;
};

const FRAME_MS = 20;
const FRAME_BYTES = 160;
const LATE_GAP_MS = 30;
/** Phones send one after the other, as if each had begun at another time. */
const SLICE_MS = 1;
const SLICES = FRAME_MS / SLICE_MS;

class RelayPhone {
  received = 0;
  lost = 0;
  late = 0;
  longestGapMs = 0;
  #sequence = -1;
  #lastMs = 0;
  readonly #socket: Socket;
  readonly #packet = Buffer.alloc(RTP_HEADER_BYTES + FRAME_BYTES, 0xff);
  readonly #header = { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 0 };

  constructor(socket: Socket, ssrc: number) {
    this.#socket = socket;
    this.#header.ssrc = ssrc;
    socket.on('message', (packet) => this.#receive(packet));
    socket.on('error', () => {});
  }

  send(): void {
    this.#header.sequence = (this.#header.sequence + 1) & 0xffff;
    this.#header.timestamp += FRAME_BYTES;
    encodeHeaderInto(this.#packet, this.#header);
    this.#socket.send(this.#packet);
  }

  reset(): void {
    this.received = 0;
    this.lost = 0;
    this.late = 0;
    this.longestGapMs = 0;
    this.#sequence = -1;
  }

  #receive(packet: Buffer): void {
    const nowMs = performance.now();
    const sequence = packet.readUInt16BE(2);
    if (this.#sequence >= 0) {
      this.lost += (sequence - this.#sequence - 1) & 0xffff;
      const gapMs = nowMs - this.#lastMs;
      if (gapMs > LATE_GAP_MS) this.late += 1;
      this.longestGapMs = Math.max(this.longestGapMs, gapMs);
    }
    this.#sequence = sequence;
    this.#lastMs = nowMs;
    this.received += 1;
  }
}

async function run({ host, ports, target }: RelayPhonesOptions): Promise<void> {
  const phones: RelayPhone[] = [];
  for (const [index, port] of ports.entries()) {
    const socket = createSocket('udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    socket.connect(port, target);
    await once(socket, 'connect');
    phones.push(new RelayPhone(socket, index));
  }
  process.on('message', () => {
    const report: RelayPhonesReport = {
      received: phones.reduce((sum, { received }) => sum + received, 0),
      lost: phones.reduce((sum, { lost }) => sum + lost, 0),
      fewest: Math.min(...phones.map(({ received }) => received)),
      late: phones.reduce((sum, { late }) => sum + late, 0),
      longestGapMs: Math.max(...phones.map(({ longestGapMs }) => longestGapMs)),
    };
    for (const phone of phones) phone.reset();
    process.send?.(report);
  });
  process.send?.('ready');
  const startMs = performance.now();
  const asleep = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let slice = 0;
  const turn = () => {
    for (const due = (performance.now() - startMs) / SLICE_MS; slice < due; slice++) {
      for (let index = slice % SLICES; index < phones.length; index += SLICES) phones[index]?.send();
    }
    // Not in the event loop, where each packet would wake this process, at the cost of the one that sends it.
    Atomics.wait(asleep, 0, 0, SLICE_MS);
    setImmediate(turn);
  };
  turn();
}

process.once('message', (options) => void run(options as RelayPhonesOptions));
process.once('disconnect', () => process.exit());
