import { spawnSync } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { MediaPorts, MediaSocket } from '../../../src/relay/media-socket.ts';

const ADDRESS = '127.0.76.1';
const FIRST = 21_600;
/** Sends one datagram from a source port that no socket can have: over IP itself, with a UDP header of its own. */
const FORGE = `use Socket; socket(S, PF_INET, SOCK_RAW, 17) or die $!;
  send(S, pack("nnnn", 0, $ARGV[1], 12, 0) . "hiss", 0, sockaddr_in(0, inet_aton($ARGV[0]))) or die $!;`;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function phone(): Promise<Socket & { received: string[] }> {
  const received: string[] = [];
  const socket = Object.assign(createSocket('udp4'), { received });
  socket.on('message', (message) => received.push(message.toString()));
  socket.bind(0, ADDRESS);
  await once(socket, 'listening');
  closing.push(() => socket.close());
  return socket;
}

async function open(accept: (packet: Buffer, from: RemoteInfo) => boolean = () => true): Promise<MediaSocket> {
  const socket = await new MediaPorts({
    bindAddress: ADDRESS,
    ports: { first: FIRST, last: FIRST + 50 },
    nextPort: FIRST,
  }).open(null, accept);
  closing.push(() => socket.close());
  return socket;
}

const addressOf = (socket: Socket) => ({ host: ADDRESS, port: socket.address().port });
const hears = (socket: { received: string[] }, text: string) =>
  expect.poll(() => socket.received, { timeout: 2000, interval: 5 }).toContain(text);

describe('a media socket', () => {
  it('talks with the first source that is accepted, and with nobody else', async () => {
    const [told, behindNat, stranger] = [await phone(), await phone(), await phone()];
    const heard: string[] = [];
    const socket = await open((packet) => heard.push(packet.toString()) > 0);
    socket.aim(addressOf(told));
    socket.send(Buffer.from('first'));
    await hears(told, 'first');
    behindNat.send('here', socket.port, ADDRESS);
    await expect.poll(() => heard).toContain('here');
    stranger.send('me too', socket.port, ADDRESS);
    await sleep(50);
    socket.send(Buffer.from('second'));
    await hears(behindNat, 'second');
    expect(heard).toEqual(['here']);
    expect(stranger.received).toEqual([]);
  });

  it('is not held by what a phone behind NAT had sent before Asterisk took its audio back', async () => {
    const [told, behindNat, asterisk] = [await phone(), await phone(), await phone()];
    const socket = await open();
    socket.aim(addressOf(told));
    behindNat.send('here', socket.port, ADDRESS);
    await expect
      .poll(() => {
        socket.send(Buffer.from('sound'));
        return behindNat.received.length;
      })
      .toBeGreaterThan(0);
    socket.aim(addressOf(asterisk));
    behindNat.send('late', socket.port, ADDRESS);
    await sleep(50);
    socket.send(Buffer.from('whisper'));
    await hears(asterisk, 'whisper');
    expect(behindNat.received).not.toContain('whisper');
    // A phone that has only changed its mind about where it is to be heard is believed after a while.
    await sleep(1000);
    behindNat.send('again', socket.port, ADDRESS);
    await expect
      .poll(() => {
        socket.send(Buffer.from('sound again'));
        return behindNat.received;
      })
      .toContain('sound again');
  });

  it('survives a packet from port 0, and what follows it', async () => {
    const told = await phone();
    const sources: number[] = [];
    const socket = await open((_, from) => sources.push(from.port) > 0);
    socket.aim(addressOf(told));
    const { status, stderr } = spawnSync('perl', ['-e', FORGE, ADDRESS, `${socket.port}`], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    await expect.poll(() => sources).toEqual([0]);
    socket.send(Buffer.from('still here'));
    await hears(told, 'still here');
  });
});

describe('the ports of a range', () => {
  it('are taken one after the other, without those in use, however many they are', async () => {
    const ports = new MediaPorts({
      bindAddress: ADDRESS,
      ports: { first: FIRST + 100, last: FIRST + 349 },
      nextPort: FIRST + 100,
    });
    const sockets: MediaSocket[] = [];
    for (let i = 0; i < 249; i++) sockets.push(await ports.open(null, () => true));
    closing.push(() => {
      for (const socket of sockets) socket.close();
    });
    const gap = sockets[240] as MediaSocket;
    gap.close();
    const last = await ports.open(null, () => true);
    const again = await ports.open(null, () => true);
    sockets.push(last, again);
    expect([last.port, again.port]).toEqual([FIRST + 349, gap.port]);
    await expect(ports.open(null, () => true)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('leave nothing open where they cannot be had', async () => {
    const socket = await open();
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    for (let i = 0; i < 20; i++) {
      const taken = MediaSocket.open({ host: ADDRESS, port: socket.port }, () => true);
      await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }
    await expect.poll(descriptors).toBeLessThan(before + 5);
  });
});
