import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/machine.ts';
import type { UdpPeer } from '../../../src/udp/udp.ts';
import { type Receiver, Receiving } from './receiving.ts';

const HOST = '127.0.0.1';
const TEXT = Buffer.from('hello');

describe.each(['libc', 'dgram'] as const)('a UDP socket through %s', (driver) => {
  it('sends to any peer, and tells where packets come from', async () => {
    const all = await Receiving.start(driver);
    const [a, b, c] = [await all.open(), await all.open({ host: '127.0.0.2' }), await all.open()];
    const expected = [all.send(a.socket, 'one', c.socket), all.send(b.socket, 'two', c.socket)];
    expected.push(all.send(a.socket, 'three', c.socket));
    await all.until(() => c.packets.length === 3);
    expect(c.packets.sort()).toEqual(expected.sort());
    expect(a.packets).toEqual([]);
  });

  it('hands over the bytes that were to be sent, although the sender writes over them', async () => {
    const all = await Receiving.start(driver);
    const [a, b] = [await all.open(), await all.open()];
    const packet = Buffer.from('hello');
    expect(a.socket.sendTo(packet, 4, all.udp.peer(b.socket.host, b.socket.port))).toBe(true);
    packet.fill('x');
    await all.until(() => b.packets.length > 0);
    expect(b.packets).toEqual([`hell from ${HOST}:${a.socket.port}`]);
  });

  it('refuses to send more bytes than there are', async () => {
    const all = await Receiving.start(driver);
    const { socket } = await all.open();
    expect(() => socket.sendTo(TEXT, 6, all.udp.peer(HOST, socket.port))).toThrow(RangeError);
    socket.connect(all.udp.peer(HOST, socket.port));
    expect(() => socket.send(TEXT, 6)).toThrow(RangeError);
  });

  it('sends to its peer, and receives from nobody else, while it is connected', async () => {
    const all = await Receiving.start(driver);
    const [a, peer, stranger] = [await all.open(), await all.open(), await all.open()];
    expect(a.socket.connect(all.udp.peer(HOST, peer.socket.port))).toBe(true);
    expect(a.socket.send(TEXT, 5)).toBe(true);
    all.send(stranger.socket, 'stranger', a.socket);
    const fromPeer = all.send(peer.socket, 'peer', a.socket);
    await all.until(() => peer.packets.length > 0 && a.packets.length > 0);
    await all.settle();
    expect(peer.packets).toEqual([`hello from ${HOST}:${a.socket.port}`]);
    expect(a.packets).toEqual([fromPeer]);
  });

  it('can send to others while it is connected', async () => {
    const all = await Receiving.start(driver);
    const [a, peer, other] = [await all.open(), await all.open(), await all.open()];
    a.socket.connect(all.udp.peer(HOST, peer.socket.port));
    const fromA = all.send(a.socket, 'aside', other.socket);
    a.socket.send(TEXT, 5);
    await all.until(() => peer.packets.length > 0 && other.packets.length > 0);
    expect(other.packets).toEqual([fromA]);
    expect(peer.packets).toHaveLength(1);
  });

  it('keeps its port when it is connected to another peer and disconnected, and hears everybody again', async () => {
    const all = await Receiving.start(driver);
    const [a, first, second] = [await all.open(), await all.open(), await all.open()];
    a.socket.connect(all.udp.peer(HOST, first.socket.port));
    a.socket.connect(all.udp.peer(HOST, second.socket.port));
    all.send(first.socket, 'lost', a.socket);
    await all.settle();
    expect(a.packets).toEqual([]);
    expect(a.socket.connect(null)).toBe(true);
    const expected = [all.send(first.socket, 'one', a.socket), all.send(second.socket, 'two', a.socket)];
    await all.until(() => a.packets.length === 2);
    expect(a.packets.sort()).toEqual(expected.sort());
  });

  it('cannot be connected to port 0, from which a forged packet may come, nor send there', async () => {
    const all = await Receiving.start(driver);
    const { socket } = await all.open();
    const nobody = all.udp.peer(HOST, 0);
    expect(socket.connect(nobody)).toBe(false);
    expect(socket.send(TEXT, 5)).toBe(false);
    expect(socket.sendTo(TEXT, 5, nobody)).toBe(false);
    expect(socket.failed).toBe(2);
    expect(socket.refused).toBe(0);
  });

  it('counts what its peer refuses', async () => {
    const all = await Receiving.start(driver);
    const { socket } = await all.open();
    socket.connect(all.udp.peer(HOST, await freePort(HOST)));
    expect(socket.send(TEXT, 5)).toBe(true);
    await all.until(() => socket.refused === 1);
    expect(socket.refused).toBe(1);
    // The refusal comes with the next send: through libc that is sent all the same, and refused in turn.
    for (let sent = 0; sent < 3; sent++) expect(socket.send(TEXT, 5)).toBe(true);
    const expected = driver === 'libc' ? 4 : 2;
    await all.until(() => socket.refused === expected);
    expect(socket.refused).toBe(expected);
    expect(socket.failed).toBe(0);
  });

  it('queues packets, which go out together', async () => {
    const all = await Receiving.start(driver);
    const receivers = await Promise.all(Array.from({ length: 10 }, () => all.open()));
    const senders = await Promise.all(receivers.map(() => all.open()));
    const expected = receivers.map((): string[] => []);
    for (const [index, { socket }] of senders.entries()) socket.connect(peerOf(all, receivers[index]));
    const packet = Buffer.alloc(600);
    for (let sent = 0; sent < 200; sent++) {
      const { socket } = senders[sent % 10] as Receiver;
      const text = `${sent} ${'x'.repeat(sent === 150 ? 590 : sent)}`;
      packet.write(text);
      socket.queue(packet, text.length);
      expected[sent % 10]?.push(`${text} from ${HOST}:${socket.port}`);
    }
    expect(() => senders[0]?.socket.queue(TEXT, 6)).toThrow(RangeError);
    all.udp.flush();
    await all.until(() => receivers.every(({ packets }) => packets.length === 20));
    // The one that is too long for the queue does not wait, and overtakes those that do.
    expect(receivers.map(({ packets }) => packets.sort())).toEqual(expected.map((packets) => packets.sort()));
  });

  it('sends what is queued before it is connected to another peer or closed', async () => {
    const all = await Receiving.start(driver);
    const [a, first, second] = [await all.open(), await all.open(), await all.open()];
    for (const { socket } of [first, second]) {
      a.socket.connect(all.udp.peer(HOST, socket.port));
      a.socket.queue(TEXT, 5);
    }
    a.socket.close();
    a.socket.queue(TEXT, 5);
    await all.until(() => first.packets.length > 0 && second.packets.length > 0);
    await all.settle();
    const expected = [`hello from ${HOST}:${a.socket.port}`];
    expect([first.packets, second.packets]).toEqual([expected, expected]);
  });

  it('cannot have a port that another one has, or an address that is not here', async () => {
    const all = await Receiving.start(driver);
    const { socket } = await all.open();
    await expect(all.open({ port: socket.port })).rejects.toMatchObject({ name: 'UdpError', code: 'EADDRINUSE' });
    await expect(all.open({ host: '192.0.2.1' })).rejects.toMatchObject({ name: 'UdpError', code: 'EADDRNOTAVAIL' });
    expect(() => all.udp.peer('localhost', 5000)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => all.udp.peer(HOST, 65_536)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('does nothing any more once it is closed, and leaves its port to others', async () => {
    const all = await Receiving.start(driver);
    const [a, b] = [await all.open(), await all.open()];
    const { port } = b.socket;
    all.send(a.socket, 'late', b.socket);
    b.socket.close();
    b.socket.close();
    expect(b.socket.send(TEXT, 5)).toBe(false);
    expect(b.socket.sendTo(TEXT, 5, all.udp.peer(HOST, a.socket.port))).toBe(false);
    expect(b.socket.connect(all.udp.peer(HOST, a.socket.port))).toBe(false);
    await all.settle();
    expect(b.packets).toEqual([]);
    expect((await all.open({ port })).socket.port).toBe(port);
  });

  it('may be closed by its own handler', async () => {
    const all = await Receiving.start(driver);
    const sender = await all.open();
    let packets = 0;
    const socket = await all.udp.open({ host: HOST, port: 0 }, () => {
      packets += 1;
      socket.close();
    });
    for (let sent = 0; sent < 5; sent++) all.send(sender.socket, 'again', socket);
    await all.settle();
    expect(packets).toBe(1);
  });

  it('receives a burst of 5,000 packets in order', async () => {
    const all = await Receiving.start(driver);
    const [a, b] = [await all.open(), await all.open({ receiveBufferBytes: 1024 * 1024 })];
    const expected: string[] = [];
    for (let batch = 0; batch < 50; batch++) {
      for (let index = 0; index < 100; index++) expected.push(all.send(a.socket, `${batch * 100 + index}`, b.socket));
      await all.until(() => b.packets.length === expected.length);
    }
    expect(b.packets).toHaveLength(5000);
    expect(b.packets).toEqual(expected);
  });

  it('hands over packets of any length', async () => {
    const all = await Receiving.start(driver);
    const [a, b] = [await all.open(), await all.open()];
    const expected = [0, 1, 160, 2048, 2049, 65_507].map((bytes) => all.send(a.socket, 'x'.repeat(bytes), b.socket));
    await all.until(() => b.packets.length === expected.length);
    expect(b.packets).toEqual(expected);
  });

  it('leaves no descriptors behind', async () => {
    // What the process opens only once is open then.
    (await Receiving.start(driver)).udp.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = descriptors();
    const all = await Receiving.start(driver);
    const sockets = await Promise.all(Array.from({ length: 100 }, () => all.open()));
    expect(descriptors()).toBeGreaterThanOrEqual(before + 100);
    for (const { socket } of sockets.slice(50)) socket.close();
    await expect(all.open({ port: sockets[0]?.socket.port ?? 0 })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    all.udp.close();
    all.udp.close();
    await expect.poll(descriptors).toBe(before);
  });

  it('sends to a multicast group, and receives as a member of it', async () => {
    const all = await Receiving.start(driver);
    const port = await freePort(HOST);
    const group = { host: '239.255.42.42', port };
    const sender = await all.open({ multicast: { role: 'sender', interfaceAddress: HOST, ttl: 0 } });
    const members = [
      await all.open({ ...group, multicast: { role: 'member', interfaceAddress: HOST } }),
      await all.open({ ...group, multicast: { role: 'member', interfaceAddress: HOST } }),
    ];
    sender.socket.sendTo(TEXT, 5, all.udp.peer(group.host, port));
    await all.until(() => members.every(({ packets }) => packets.length > 0));
    for (const { packets } of members) expect(packets).toEqual([`hello from ${HOST}:${sender.socket.port}`]);
  });
});

function peerOf(all: Receiving, receiver: Receiver | undefined): UdpPeer {
  return all.udp.peer(HOST, receiver?.socket.port ?? 0);
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
