import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { openUdp } from '../../../src/udp/open-udp.ts';
import type { Udp, UdpSocket, UdpSocketOptions } from '../../../src/udp/udp.ts';

const HOST = '127.0.0.1';
const MAX_WAIT_MS = 3000;

/** A socket and what it has received. */
export type Receiver = {
  readonly socket: UdpSocket;
  /** Text and source of each packet, like 'hello from 127.0.0.1:4000'. */
  readonly packets: string[];
};

/** Several sockets of one driver, with an owner that polls as the driver needs it. */
export class Receiving {
  readonly udp: Udp;

  private constructor(udp: Udp) {
    this.udp = udp;
  }

  /** They are closed when the test has finished. */
  static async start(driver: 'libc' | 'dgram'): Promise<Receiving> {
    const udp = await openUdp({ driver });
    onTestFinished(() => udp.close());
    return new Receiving(udp);
  }

  async open(options: Partial<UdpSocketOptions> = {}): Promise<Receiver> {
    const packets: string[] = [];
    const socket = await this.udp.open({ host: HOST, port: 0, ...options }, (packet, { host, port }) => {
      packets.push(`${packet.toString()} from ${host}:${port}`);
    });
    return { socket, packets };
  }

  /** Sends a text from one to another. @returns how the other one will know it */
  send(from: UdpSocket, text: string, to: UdpSocket): string {
    from.sendTo(Buffer.from(text), text.length, this.udp.peer(to.host, to.port));
    return `${text} from ${from.host}:${from.port}`;
  }

  /** Receives until that is true, or some seconds have passed. */
  async until(isDone: () => boolean): Promise<void> {
    const endMs = performance.now() + MAX_WAIT_MS;
    while (!isDone() && performance.now() < endMs) {
      this.udp.poll(0);
      await sleep(1);
    }
  }

  /** Receives for long enough that nothing is under way on loopback. */
  async settle(): Promise<void> {
    const endMs = performance.now() + 50;
    await this.until(() => performance.now() > endMs);
  }
}
