import { describe, expect, it } from 'vitest';
import { audioFilter, FROM_IP_HEADER, JUMP_IF_AT_LEAST, LOAD_HALF_WORD, RETURN } from '../../../src/udp/filter.ts';
import { Receiving } from './receiving.ts';

const HOST = '::1';
/** A packet of audio, with this RTP sequence number. */
const audio = (sequence: number) => {
  const packet = Buffer.alloc(172);
  packet.writeUInt16BE(sequence, 2);
  return packet;
};

describe.each(['libc', 'dgram'] as const)('a UDP socket of IPv6 through %s', (driver) => {
  it('sends to any peer, and tells where packets come from', async () => {
    const all = await Receiving.start(driver);
    const [a, b] = [await all.open({ host: HOST }), await all.open({ host: HOST })];
    const expected = [all.send(a.socket, 'one', b.socket), all.send(a.socket, 'two', b.socket)];
    await all.until(() => b.packets.length === 2);
    expect(b.packets).toEqual(expected);
    expect(expected[0]).toBe(`one from ::1:${a.socket.port}`);
  });

  it('is connected to one peer, and hears everybody again afterwards', async () => {
    const all = await Receiving.start(driver);
    const [a, peer, stranger] = [
      await all.open({ host: HOST }),
      await all.open({ host: HOST }),
      await all.open({ host: HOST }),
    ];
    expect(a.socket.connect(all.udp.peer('0:0::1', peer.socket.port))).toBe(true);
    expect(a.socket.send(Buffer.from('hello'), 5)).toBe(true);
    all.send(stranger.socket, 'stranger', a.socket);
    const fromPeer = all.send(peer.socket, 'peer', a.socket);
    await all.until(() => peer.packets.length > 0 && a.packets.length > 0);
    await all.settle();
    expect(peer.packets).toEqual([`hello from ::1:${a.socket.port}`]);
    expect(a.packets).toEqual([fromPeer]);
    a.socket.connect(null);
    const later = all.send(stranger.socket, 'later', a.socket);
    await all.until(() => a.packets.length > 1);
    expect(a.packets).toEqual([fromPeer, later]);
  });

  it('has its port beside a socket of IPv4, both at any address', async () => {
    const all = await Receiving.start(driver);
    const six = await all.open({ host: '::' });
    const four = await all.open({ host: '0.0.0.0', port: six.socket.port });
    const sender = await all.open({ host: HOST });
    const toSix = `six from ::1:${sender.socket.port}`;
    sender.socket.sendTo(Buffer.from('six'), 3, all.udp.peer(HOST, six.socket.port));
    await all.until(() => six.packets.length > 0);
    expect(six.packets).toEqual([toSix]);
    expect(four.packets).toEqual([]);
  });
});

describe('a filter in the kernel', () => {
  it('sees that packets are marked for routers', async () => {
    const all = await Receiving.start('libc');
    const receiver = await all.open({ host: HOST });
    // The version, the traffic class and a part of the flow label, RFC 8200: those of expedited forwarding pass.
    receiver.socket.setFilter([
      { code: LOAD_HALF_WORD, operand: FROM_IP_HEADER, skipIfTrue: 0, skipIfFalse: 0 },
      { code: JUMP_IF_AT_LEAST, operand: 0x6b80, skipIfTrue: 0, skipIfFalse: 2 },
      { code: JUMP_IF_AT_LEAST, operand: 0x6b90, skipIfTrue: 1, skipIfFalse: 0 },
      { code: RETURN, operand: 0xffff, skipIfTrue: 0, skipIfFalse: 0 },
      { code: RETURN, operand: 0, skipIfTrue: 0, skipIfFalse: 0 },
    ]);
    const [marked, unmarked] = [await all.open({ host: HOST, dscp: 46 }), await all.open({ host: HOST })];
    all.send(unmarked.socket, 'unmarked', receiver.socket);
    const expected = all.send(marked.socket, 'marked', receiver.socket);
    await all.settle();
    expect(receiver.packets).toEqual([expected]);
  });

  it('thins out the audio of a phone with an IPv6 address, and drops what strangers send', async () => {
    const all = await Receiving.start('libc');
    const [relay, phone] = [await all.open({ host: HOST }), await all.open({ host: HOST })];
    const speak = () => {
      for (let sequence = 0; sequence < 64; sequence++)
        phone.socket.sendTo(audio(sequence), 172, all.udp.peer(HOST, relay.socket.port));
    };
    relay.socket.setFilter(audioFilter({ hosts: ['2001:db8::1', HOST], port: phone.socket.port, every: 16 }));
    speak();
    await all.settle();
    expect(relay.packets).toHaveLength(4);
    relay.socket.setFilter(audioFilter({ hosts: ['::2', '2001:db8::1'], port: null, every: 16 }));
    speak();
    await all.settle();
    expect(relay.packets).toHaveLength(4);
  });
});
