import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeRtpInto, emptyRtpView, encodeInto } from '../../../src/rtp/packet.ts';
import { RelayAlone } from '../../kit/relay-alone.ts';

const HOST = '127.0.62.1';
const PHONE_HOST = '127.0.62.2';
const PORTS = { first: 20_000, last: 20_999 };
const THREADS = 2;

/** A UDP socket that keeps what it gets. */
class Peer {
  readonly packets: Buffer[] = [];
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes) => this.packets.push(bytes));
  }

  static async open(host: string): Promise<Peer> {
    const socket = createSocket('udp4');
    socket.bind(0, host);
    await once(socket, 'listening');
    return new Peer(socket);
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  send(port: number, packet: Buffer): void {
    this.#socket.send(packet, port, HOST);
  }

  sequences(): number[] {
    const view = emptyRtpView();
    return this.packets.map((bytes) => {
      decodeRtpInto(view, bytes);
      return view.sequence;
    });
  }

  close(): void {
    this.#socket.close();
  }
}

function rtp(payloadType: number, sequence: number, payload: Uint8Array, timestamp = sequence * 160): Buffer {
  const out = Buffer.alloc(12 + payload.length);
  encodeInto(out, { payloadType, marker: false, sequence, timestamp, ssrc: 9 }, payload);
  return out;
}

/** Waits until each of them gets packets: its thread has begun, and has opened its port. */
async function hear(...phones: readonly Peer[]): Promise<void> {
  const silent = () => phones.filter(({ packets }) => packets.length === 0).length;
  await expect.poll(silent, { timeout: 10_000, interval: 10 }).toBe(0);
}

describe('the relay', () => {
  let relay: RelayAlone;
  let asterisk: Peer;
  let phones: Peer[];

  beforeEach(async () => {
    relay = await RelayAlone.start({ address: HOST, ports: PORTS, threads: THREADS });
    asterisk = await Peer.open(HOST);
    phones = await Promise.all(Array.from({ length: 4 }, () => Peer.open(PHONE_HOST)));
    relay.request({
      type: 'everything',
      peers: [],
      floors: [
        {
          conference: 'c',
          asterisk: asterisk.address,
          port: null,
          noiseDbov: null,
          floorNoise: false,
          sampleRateHz: 8000,
          nodes: [],
        },
      ],
      listeners: phones.map((phone, index) => ({
        legId: `leg${index}`,
        conference: 'c',
        volume: 0,
        noise: false,
        leg: {
          port: PORTS.first + index,
          remote: phone.address,
          asterisk: asterisk.address,
          codec: 'PCMU',
          payloadType: 0,
          eventPayloadType: 101,
        },
      })),
    });
    await relay.reported('floor');
    await hear(...phones);
  });

  afterEach(async () => {
    await relay.stop();
    asterisk.close();
    for (const phone of phones) phone.close();
  });

  it('sends each frame of the floor to the listeners of all threads, once and in order', async () => {
    const { local } = await relay.reported('floor');
    for (let frame = 1; frame <= 25; frame++) {
      asterisk.send(local.port, rtp(10, frame, new Uint8Array(320).fill(frame)));
      await sleep(20);
    }
    await sleep(100);
    for (const phone of phones) {
      const sequences = phone.sequences();
      expect(sequences.length).toBeGreaterThanOrEqual(25);
      expect(sequences).toEqual(sequences.map((_, index) => ((sequences[0] as number) + index) & 0xffff));
    }
  });

  it('tells of each key once while phones talk', async () => {
    for (let packet = 0; packet < 30; packet++) {
      for (const [index, phone] of phones.entries()) {
        const port = PORTS.first + index;
        // A key of 60 ms, whose end is told three times.
        const isKey = packet >= 10 && packet < 16;
        const event = Uint8Array.of(index, packet > 12 ? 0x80 : 0, 0, 160);
        phone.send(port, isKey ? rtp(101, packet, event, 1600) : rtp(0, packet, new Uint8Array(160)));
      }
      await sleep(20);
    }
    await sleep(150);
    const keys = relay.reports.filter((report) => report.type === 'key');
    expect(keys.map(({ legId, key }) => `${legId} ${key}`).sort()).toEqual(['leg0 0', 'leg1 1', 'leg2 2', 'leg3 3']);
  });

  it('sends to where a phone sends from, and no more to where it was told', async () => {
    const told = phones[0] as Peer;
    const behindNat = await Peer.open(PHONE_HOST);
    try {
      for (let packet = 0; packet < 5; packet++) {
        behindNat.send(PORTS.first, rtp(0, packet, new Uint8Array(160)));
        await sleep(40);
      }
      await hear(behindNat);
      // What was under way to the other.
      await sleep(50);
      const before = told.packets.length;
      await sleep(200);
      expect(told.packets.length).toBe(before);
      expect(behindNat.packets.length).toBeGreaterThan(5);
    } finally {
      behindNat.close();
    }
  });

  it('goes on sending to a phone whose port somebody else finds', async () => {
    const stranger = await Peer.open(PHONE_HOST);
    try {
      stranger.send(PORTS.first, rtp(0, 1, new Uint8Array(160)));
      stranger.send(PORTS.first, rtp(101, 7, Uint8Array.of(5, 0, 0, 160)));
      await sleep(200);
      const before = (phones[0] as Peer).packets.length;
      await sleep(200);
      expect((phones[0] as Peer).packets.length - before).toBeGreaterThan(5);
      expect(stranger.packets).toEqual([]);
      expect(relay.reports.filter(({ type }) => type === 'key')).toEqual([]);
      const dropped = () => relay.reports.findLast((report) => report.type === 'legs')?.stats.rtp.dropped;
      await expect.poll(dropped, { timeout: 3000 }).toMatchObject({ 'other-source': 2 });
    } finally {
      stranger.close();
    }
  });

  it('sends nothing to who is no longer wanted', async () => {
    relay.request({ type: 'end-listener', legId: 'leg0' });
    await sleep(200);
    const before = phones.map(({ packets }) => packets.length);
    await sleep(200);
    const more = phones.map(({ packets }, index) => packets.length - (before[index] as number));
    expect(more[0]).toBe(0);
    for (const count of more.slice(1)) expect(count).toBeGreaterThan(5);
  });
});
