import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { UdpError } from './errors.ts';
import { checkPort, wordsOf } from './socket-address.ts';
import type { PacketHandler, Udp, UdpPeer, UdpSocket, UdpSocketOptions } from './udp.ts';

/** Another process can take a port in the moment in which it is not bound. */
const MAX_PORT_TRIES = 10;

/** UDP through Node.js's dgram: the event loop hands packets over. */
export class DgramUdp implements Udp {
  readonly driver = 'dgram';
  readonly waker = null;
  readonly fallbackReason: string | null;
  readonly #sockets = new Set<DgramSocket>();

  constructor(fallbackReason: string | null) {
    this.fallbackReason = fallbackReason;
  }

  peer(host: string, port: number): UdpPeer {
    wordsOf(host);
    checkPort(port);
    return { host, port };
  }

  async open(options: UdpSocketOptions, onPacket: PacketHandler): Promise<UdpSocket> {
    const socket = new DgramSocket(await bound(options), options.host, {
      onPacket,
      onClose: () => this.#sockets.delete(socket),
    });
    this.#sockets.add(socket);
    return socket;
  }

  flush(): void {}

  poll(): number {
    return 0;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}

type DgramSocketDeps = { readonly onPacket: PacketHandler; readonly onClose: () => void };

class DgramSocket implements UdpSocket {
  readonly host: string;
  readonly port: number;
  readonly descriptor = null;
  refused = 0;
  failed = 0;
  readonly #socket: Socket;
  readonly #deps: DgramSocketDeps;
  readonly #source = { host: '', port: 0 };
  #connected: UdpPeer | null = null;
  #closed = false;

  constructor(socket: Socket, host: string, deps: DgramSocketDeps) {
    this.#socket = socket;
    this.host = host;
    this.port = socket.address().port;
    this.#deps = deps;
    socket.on('message', (packet, from) => this.#receive(packet, from));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') this.refused += 1;
      else this.failed += 1;
    });
  }

  /** A packet is lost when an earlier one was refused. */
  send(packet: Uint8Array, bytes: number): boolean {
    if (this.#closed) return false;
    if (this.#connected === null) return this.#fail();
    this.#socket.send(copied(packet, bytes));
    return true;
  }

  queue(packet: Uint8Array, bytes: number): void {
    this.send(packet, bytes);
  }

  sendTo(packet: Uint8Array, bytes: number, to: UdpPeer): boolean {
    if (this.#closed) return false;
    if (to.port === 0) return this.#fail();
    const connected = this.#connected;
    // dgram sends to nobody else while it is connected.
    if (connected !== null) this.connect(null);
    this.#socket.send(copied(packet, bytes), to.port, to.host);
    if (connected !== null) this.connect(connected);
    return true;
  }

  connect(to: UdpPeer | null): boolean {
    if (this.#closed) return false;
    if (this.#connected !== null) this.#socket.disconnect();
    this.#connected = null;
    if (to === null) return true;
    if (to.port === 0) return false;
    // It connects at once, because our look-up answers at once; only its callback comes later.
    this.#socket.connect(to.port, to.host, () => {});
    if (isConnected(this.#socket)) this.#connected = to;
    return this.#connected !== null;
  }

  setDeferred(): void {}

  setFilter(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deps.onClose();
    this.#socket.close();
  }

  /** HOT PATH. */
  #receive(packet: Buffer, from: RemoteInfo): void {
    if (this.#closed) return;
    this.#source.host = from.address;
    this.#source.port = from.port;
    this.#deps.onPacket(packet, this.#source);
  }

  #fail(): boolean {
    this.failed += 1;
    return false;
  }
}

/** Node's default look-up would make each send asynchronous; all our addresses are numeric. */
function asItIs(address: string, _: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, isIPv4(address) ? 4 : 6);
}

/** dgram may keep a packet until the kernel has room for it. */
function copied(packet: Uint8Array, bytes: number): Buffer {
  if (bytes > packet.length) throw new RangeError(`${bytes} bytes of a packet of ${packet.length}`);
  return Buffer.from(packet.subarray(0, bytes));
}

function isConnected(socket: Socket): boolean {
  try {
    socket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}

/** Rejects with UdpError. */
async function bound(options: UdpSocketOptions): Promise<Socket> {
  for (let tries = 1; ; tries++) {
    try {
      // A port that the kernel chose is lost when a connected socket is disconnected, so it is bound by its number.
      const port = options.port === 0 ? await freePort(options.host) : options.port;
      return await bind({ ...options, port });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
      if (options.port === 0 && code === 'EADDRINUSE' && tries < MAX_PORT_TRIES) continue;
      throw new UdpError(code, `${options.host}:${options.port} cannot be bound`, { cause: error });
    }
  }
}

async function freePort(host: string): Promise<number> {
  const socket = await bind({ host, port: 0 });
  const { port } = socket.address();
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return port;
}

async function bind({ host, port, receiveBufferBytes, sendBufferBytes, multicast }: UdpSocketOptions): Promise<Socket> {
  const socket = createSocket({
    type: isIPv4(host) ? 'udp4' : 'udp6',
    ipv6Only: !isIPv4(host),
    reuseAddr: multicast?.role === 'member',
    recvBufferSize: receiveBufferBytes,
    sendBufferSize: sendBufferBytes,
    lookup: asItIs,
  });
  try {
    // The look-up answers at once, and so may the socket.
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port });
    await listening;
    if (multicast?.role === 'member') socket.addMembership(host, multicast.interfaceAddress);
    if (multicast?.role === 'sender') {
      socket.setMulticastTTL(multicast.ttl);
      socket.setMulticastInterface(multicast.interfaceAddress);
      socket.setMulticastLoopback(true);
    }
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
