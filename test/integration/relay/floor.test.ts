import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { G722Decoder, G722Encoder } from '../../../src/audio/g722.ts';
import { encodeL16Into } from '../../../src/audio/l16.ts';
import { createRtpDrops } from '../../../src/relay/calls/rtp-drops.ts';
import { Floor } from '../../../src/relay/floors/floor.ts';
import type { FloorSpec } from '../../../src/relay/protocol/protocol.ts';
import { createDoorbell, ring } from '../../../src/relay/threads/doorbell.ts';
import type {
  FramesWanted,
  MediaCommand,
  MediaWorkerOptions,
  WorkerReport,
} from '../../../src/relay/threads/worker-messages.ts';
import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../../src/rtp/packet.ts';
import { L16_8000 } from '../../../src/trunk/audio-format.ts';
import { openUdp } from '../../../src/udp/open-udp.ts';
import { ownAddress } from '../../kit/loopback.ts';

const ADDRESS = ownAddress();
const udp = await openUdp({ eventLoop: true });
const SPEC: FloorSpec = {
  conference: '3000',
  asterisk: null,
  port: null,
  noiseDbov: null,
  floorNoise: false,
  sampleRateHz: 8000,
  nodes: ['there'],
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Asterisk as far as a floor sees it: a socket that sends frames of one stream. */
class Asterisk {
  readonly #socket: Socket;
  readonly #payloadType: number;
  #frames = 0;

  private constructor(socket: Socket, payloadType: number) {
    this.#socket = socket;
    this.#payloadType = payloadType;
  }

  static async open(payloadType: number): Promise<Asterisk> {
    const socket = createSocket('udp4');
    socket.bind(0, ADDRESS);
    await once(socket, 'listening');
    closing.push(() => socket.close());
    return new Asterisk(socket, payloadType);
  }

  get address() {
    return { host: ADDRESS, port: this.#socket.address().port };
  }

  /** The next 20 ms. */
  send(payload: Uint8Array, port: number): void {
    const packet = Buffer.alloc(RTP_HEADER_BYTES + payload.length);
    const sequence = this.#frames;
    this.#frames += 1;
    const header = { payloadType: this.#payloadType, marker: false, ssrc: 1, sequence, timestamp: 160 * sequence };
    encodeHeaderInto(packet, header);
    packet.set(payload, RTP_HEADER_BYTES);
    this.#socket.send(packet, port, '127.0.0.1');
  }
}

function toneAt16k(frame: number): Int16Array {
  return Int16Array.from({ length: 320 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 1000 * (320 * frame + i)) / 16_000)),
  );
}

describe('a floor', () => {
  it('decodes also what comes too late, because a G.722 stream goes on from it', async () => {
    const asterisk = await Asterisk.open(9);
    const shared: Int16Array[] = [];
    let sharedAtMs = 0;
    const share = (samples: Int16Array) => {
      shared.push(samples.slice());
      sharedAtMs = performance.now();
    };
    const spec = { ...SPEC, asterisk: asterisk.address, sampleRateHz: 16_000 as const };
    const floor = new Floor(spec, { udp, play: () => {}, share, wakeAt: () => {} }, performance.now());
    closing.push(() => floor.close());
    const { port } = await floor.open();

    const [encoder, decoder] = [new G722Encoder(320), new G722Decoder(320)];
    const frames = Array.from({ length: 10 }, (_, index) => {
      const bytes = new Uint8Array(160);
      const decoded = new Int16Array(320);
      encoder.encodeInto(toneAt16k(index), bytes);
      decoder.decodeInto(bytes, decoded);
      return { bytes, decoded };
    });
    const decoded = frames.map((frame) => frame.decoded);
    for (const { bytes } of frames.slice(0, 4)) asterisk.send(bytes, port);
    await expect.poll(() => shared.length).toBe(4);
    // Frames 4 to 6 do not come in time.
    floor.advance(sharedAtMs + 85);
    for (const { bytes } of frames.slice(4)) asterisk.send(bytes, port);
    await expect.poll(() => shared.length).toBe(10);
    const silent = new Int16Array(320);
    expect(shared).toEqual([...decoded.slice(0, 4), silent, silent, silent, ...decoded.slice(7)]);
  });

  it('waits for the frames of other nodes once they send, and not before', async () => {
    const asterisk = await Asterisk.open(10);
    const [sharedAtMs, playedAtMs]: [number[], number[]] = [[], []];
    const deps = {
      udp,
      share: () => sharedAtMs.push(performance.now()),
      play: () => playedAtMs.push(performance.now()),
      wakeAt: (atMs: number) => {
        setTimeout(() => floor.advance(atMs), atMs - performance.now());
      },
    };
    const floor: Floor = new Floor({ ...SPEC, asterisk: asterisk.address }, deps, performance.now());
    closing.push(() => floor.close());
    const { port } = await floor.open();
    const payload = new Uint8Array(320);
    encodeL16Into(new Int16Array(160).fill(1000), payload);

    asterisk.send(payload, port);
    await expect.poll(() => sharedAtMs.length).toBe(1);
    expect(playedAtMs).toHaveLength(1);

    const frame = { frameIndex: 0, levelDbov: -30, offset: 0 };
    const from = { nodeId: 'there', conference: '3000', epoch: 1, format: L16_8000, bytes: payload };
    floor.remote.push({ ...from, kind: 'audio', frames: [frame, frame, frame], frameCount: 1 }, performance.now());
    asterisk.send(payload, port);
    await expect.poll(() => playedAtMs.length).toBe(2);
    expect((playedAtMs[1] ?? 0) - (sharedAtMs[1] ?? 0)).toBeGreaterThan(5);
  });
});

describe('the thread that has the floors', () => {
  it('sends frames to a thread with listeners only while that takes them', async () => {
    const file = new URL('../../../dist/relay/threads/media-worker.js', import.meta.url);
    const doorbell = createDoorbell();
    const workerData: MediaWorkerOptions = {
      doorbell,
      rtpDrops: createRtpDrops(),
      hasFloors: true,
      takesOver: false,
      trunk: null,
    };
    const worker = new Worker(file, { workerData });
    closing.push(() => worker.terminate());
    const reports: string[] = [];
    worker.on('message', ({ type }: WorkerReport) => reports.push(type));
    const { port1, port2 } = new MessageChannel();
    closing.push(() => port2.close());
    let frames = 0;
    port2.on('message', () => {
      frames += 1;
    });
    const post = (command: MediaCommand, transfer: MessagePort[] = []) => {
      worker.postMessage(command, transfer);
      ring(doorbell);
    };
    post({ type: 'frames-to', port: port1, doorbell: createDoorbell() }, [port1]);
    post({ type: 'floors', request: { type: 'floor', floor: SPEC } });
    await expect.poll(() => reports).toContain('floor');
    const heardIn = async (ms: number) => {
      const before = frames;
      await new Promise((resolve) => setTimeout(resolve, ms));
      return frames - before;
    };
    const want = (wanted: boolean) => {
      port2.postMessage({ conference: SPEC.conference, wanted } satisfies FramesWanted);
      ring(doorbell);
    };
    expect(await heardIn(300)).toBe(0);
    want(true);
    await expect.poll(() => frames).toBeGreaterThan(10);
    want(false);
    // What was under way.
    await heardIn(100);
    expect(await heardIn(300)).toBe(0);
  });
});
