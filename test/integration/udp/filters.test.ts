import { describe, expect, it } from 'vitest';
import { audioFilter, nothing } from '../../../src/udp/filter.ts';
import type { UdpSocket } from '../../../src/udp/udp.ts';
import { type Receiver, Receiving } from './receiving.ts';

const HOST = '127.0.0.1';
const PHONE = '127.0.0.2';
const STRANGER = '127.0.0.3';

async function start(driver: 'libc' | 'dgram'): Promise<{ all: Receiving; relay: Receiver; phone: UdpSocket }> {
  const all = await Receiving.start(driver);
  const [relay, phone] = [await all.open({ host: HOST }), await all.open({ host: PHONE })];
  return { all, relay, phone: phone.socket };
}

/** Sends packets of RTP, with these numbers in place of all else that is in one. */
function speak(all: Receiving, from: UdpSocket, to: UdpSocket, sequences: readonly number[], payloadBytes = 160): void {
  for (const sequence of sequences) {
    const packet = Buffer.alloc(12 + payloadBytes);
    packet.writeUInt16BE(sequence, 2);
    from.sendTo(packet, packet.length, all.udp.peer(to.host, to.port));
  }
}

const HUNDRED = Array.from({ length: 100 }, (_, index) => 65_500 + index).map((sequence) => sequence & 0xffff);

describe('a filter in the kernel', () => {
  it('thins out the audio of a phone', async () => {
    const { all, relay, phone } = await start('libc');
    relay.socket.setFilter(audioFilter({ hosts: [PHONE], port: phone.port, every: 16 }));
    speak(all, phone, relay.socket, HUNDRED);
    await all.settle();
    // 65504, 65520, 0, 16, 32, 48.
    expect(relay.packets).toHaveLength(6);
  });

  it('lets telephone events through, and what comes from another port of the phone', async () => {
    const { all, relay, phone } = await start('libc');
    relay.socket.setFilter(audioFilter({ hosts: [PHONE], port: phone.port, every: 16 }));
    speak(all, phone, relay.socket, [1, 2, 3], 4);
    const moved = await all.open({ host: PHONE });
    speak(all, moved.socket, relay.socket, [4, 5]);
    await all.settle();
    expect(relay.packets).toHaveLength(5);
  });

  it('drops what strangers send', async () => {
    const { all, relay, phone } = await start('libc');
    relay.socket.setFilter(audioFilter({ hosts: [PHONE], port: null, every: 16 }));
    const stranger = await all.open({ host: STRANGER });
    speak(all, stranger.socket, relay.socket, HUNDRED);
    speak(all, phone, relay.socket, [1, 2, 3]);
    await all.settle();
    expect(relay.packets).toHaveLength(3);
  });

  it('works on a connected socket too, and can be replaced', async () => {
    const { all, relay, phone } = await start('libc');
    relay.socket.connect(all.udp.peer(phone.host, phone.port));
    relay.socket.setFilter(nothing());
    speak(all, phone, relay.socket, HUNDRED);
    await all.settle();
    expect(relay.packets).toHaveLength(0);
    relay.socket.setFilter(audioFilter({ hosts: [], port: phone.port, every: 64 }));
    speak(all, phone, relay.socket, HUNDRED);
    await all.settle();
    expect(relay.packets).toHaveLength(1);
  });

  it('can be taken away, also where there is none', async () => {
    const { all, relay, phone } = await start('libc');
    relay.socket.setFilter(null);
    relay.socket.setFilter(nothing());
    relay.socket.setFilter(null);
    speak(all, phone, relay.socket, HUNDRED);
    await all.settle();
    expect(relay.packets).toHaveLength(100);
  });

  it('is refused when it is no program', async () => {
    const { relay } = await start('libc');
    const endless = { code: 0xffff, operand: 0, skipIfTrue: 0, skipIfFalse: 0 };
    expect(() => relay.socket.setFilter([endless])).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('has no effect through dgram', async () => {
    const { all, relay, phone } = await start('dgram');
    relay.socket.setFilter(nothing());
    speak(all, phone, relay.socket, HUNDRED);
    await all.until(() => relay.packets.length === 100);
    expect(relay.packets).toHaveLength(100);
  });
});
