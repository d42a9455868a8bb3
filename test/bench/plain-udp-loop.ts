import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/**
 * What a relay cannot do without, and nothing else: a UDP socket for each phone. For each packet that comes to the floor's
 * port, each phone gets one of the same duration; what phones send is read and dropped. Forked by the `relay` bench.
 */

export type PlainLoopOptions = {
  readonly host: string;
  readonly floorPort: number;
  /** Ours for the phone of the same index. */
  readonly ports: readonly number[];
  readonly phones: readonly { readonly host: string; readonly port: number }[];
};

/** RTP header and 20 ms of G.711. */
const PACKET_BYTES = 172;
const PACKETS_IN_TURN = 8;

async function run({ host, floorPort, ports, phones }: PlainLoopOptions): Promise<void> {
  const open = async (port: number): Promise<Socket> => {
    const socket = createSocket('udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    return socket;
  };
  const sockets: Socket[] = [];
  for (const [index, phone] of phones.entries()) {
    const socket = await open(ports[index] as number);
    socket.connect(phone.port, phone.host);
    await once(socket, 'connect');
    socket.on('message', () => {});
    socket.on('error', () => {});
    sockets.push(socket);
  }
  const packets = Array.from({ length: PACKETS_IN_TURN }, () => Buffer.alloc(PACKET_BYTES, 0xff));
  let sequence = 0;
  const floor = await open(floorPort);
  floor.on('message', () => {
    sequence = (sequence + 1) & 0xffff;
    const packet = packets[sequence % PACKETS_IN_TURN] as Buffer;
    packet.writeUInt16BE(0x8000, 0);
    packet.writeUInt16BE(sequence, 2);
    for (const socket of sockets) socket.send(packet);
  });
  process.send?.('ready');
}

process.once('message', (options) => void run(options as PlainLoopOptions));
process.once('disconnect', () => process.exit());
