import { describe, expect, it } from 'vitest';
import { Listener, type ListenerPorts } from '../../../src/relay/listener.ts';
import type { RtpAddress } from '../../../src/relay/protocol.ts';
import { createRtpDrops, readDrops } from '../../../src/relay/rtp-drops.ts';
import { encodeInto } from '../../../src/rtp/packet.ts';
import type { PacketSource } from '../../../src/rtp/source-check.ts';

const REMOTE = { host: '192.0.2.1', port: 4000 };
const PHONE = { address: REMOTE.host, port: REMOTE.port };
const LEG = {
  asterisk: { host: '127.0.0.1', port: 10_000 },
  remote: REMOTE,
  codec: 'PCMU',
  payloadType: 0,
  eventPayloadType: 101,
} as const;

async function setUp() {
  const keys: string[] = [];
  const aims: RtpAddress[] = [];
  const opened: (number | null)[] = [];
  let attended = 0;
  let closed = 0;
  let accept = (_packet: Buffer, _from: PacketSource): boolean => false;
  const ports: ListenerPorts = {
    open: async (port, take) => {
      opened.push(port);
      accept = take;
      return { port: port ?? 5000, aim: (to) => aims.push(to), send: () => {}, close: () => closed++ };
    },
  };
  const drops = createRtpDrops();
  const dropped = () => readDrops(drops);
  const listener = new Listener(
    { legId: 'leg', conference: 'c', volume: 0, noise: false },
    { onKey: (key) => keys.push(key), attend: () => attended++, drops },
  );
  const port = await listener.connect(LEG, null, ports);
  const counts = () => ({ attended, closed });
  const receive = (packet: Buffer, from: PacketSource = PHONE) => accept(packet, from);
  return { listener, ports, port, keys, aims, opened, counts, dropped, receive };
}

function packet(payloadType: number, payload: Uint8Array, sequence = 1, timestamp = 1000): Buffer {
  const out = Buffer.alloc(12 + payload.length);
  encodeInto(out, { payloadType, marker: false, sequence, timestamp, ssrc: 9 }, payload);
  return out;
}

describe("a listener's leg", () => {
  it('tells of a key once, whatever number of packets it came in', async () => {
    const { receive, keys } = await setUp();
    for (let n = 0; n < 6; n++) receive(packet(101, Uint8Array.of(5, n > 2 ? 0x80 : 0, 0, 160 * (n + 1)), n, 1000));
    receive(packet(101, Uint8Array.of(5, 0, 0, 160), 9, 9000));
    expect(keys).toEqual(['5', '5']);
  });

  it('takes a source for the phone if it sends the codec or the events that were agreed upon', async () => {
    const { receive } = await setUp();
    const audio = new Uint8Array(160);
    expect(receive(packet(0, audio))).toBe(true);
    expect(receive(packet(101, Uint8Array.of(1, 0, 0, 160)))).toBe(true);
    expect(receive(packet(8, audio))).toBe(false);
    expect(receive(packet(101, Uint8Array.of(1)))).toBe(false);
    expect(receive(Buffer.from('hello'))).toBe(false);
  });

  it('takes another source for the phone with its third packet in sequence, and keys from then on', async () => {
    const { receive, keys, listener, ports } = await setUp();
    const audio = new Uint8Array(160);
    const nat = { address: '198.51.100.7', port: 61_000 };
    const key = (sequence: number) => packet(101, Uint8Array.of(5, 0, 0, 160), sequence, 1000 * sequence);
    expect(receive(key(1), nat)).toBe(false);
    expect(receive(packet(0, audio, 2), nat)).toBe(false);
    expect(keys).toEqual([]);
    expect(receive(packet(0, audio, 3), nat)).toBe(true);
    expect(receive(key(4), nat)).toBe(true);
    expect(keys).toEqual(['5']);
    await listener.connect({ ...LEG, remote: { host: '192.0.2.2', port: 4002 } }, null, ports);
    expect(receive(key(5), nat)).toBe(false);
    expect(keys).toEqual(['5']);
  });

  it('counts by reason what it does not take', async () => {
    const { receive, dropped } = await setUp();
    const audio = packet(0, new Uint8Array(160));
    receive(audio);
    receive(Buffer.from('hello'));
    receive(Buffer.alloc(200));
    receive(Buffer.of(0x80, 200, ...audio.subarray(2)));
    receive(Buffer.of(0xbf, 0, ...audio.subarray(2, 20)));
    receive(packet(8, new Uint8Array(160)));
    receive(packet(101, Uint8Array.of(1)));
    receive(audio, { address: '203.0.113.9', port: 4000 });
    expect(Object.values(dropped())).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it('looks after what is more urgent at each packet', async () => {
    const { receive, counts } = await setUp();
    receive(packet(0, new Uint8Array(160)));
    receive(Buffer.alloc(0));
    expect(counts().attended).toBe(2);
  });

  it('keeps its port when the other side moves', async () => {
    const { listener, ports, port, aims, opened } = await setUp();
    const moved = { host: '192.0.2.2', port: 4002 };
    expect(await listener.connect({ ...LEG, remote: moved }, null, ports)).toBe(port);
    expect(opened).toEqual([null]);
    expect(aims).toEqual([REMOTE, moved]);
  });

  it('closes its port, also one that is opened only after it has ended', async () => {
    const { listener, ports, counts } = await setUp();
    listener.close();
    expect(counts().closed).toBe(1);
    const late = new Listener(listener.settings, { onKey: () => {}, attend: () => {}, drops: createRtpDrops() });
    const connecting = late.connect(LEG, null, ports);
    late.close();
    await connecting;
    expect(counts().closed).toBe(2);
  });
});
