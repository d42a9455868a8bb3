import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../../scripts/machine.ts';
import { UdpError } from '../../../src/udp/errors.ts';
import { type Libc, loadLibc } from '../../../src/udp/libc.ts';
import { openLibcUdp } from '../../../src/udp/libc-udp.ts';
import { isQueueAllowed } from '../../../src/udp/send-queue.ts';
import type { Udp, UdpSocket } from '../../../src/udp/udp.ts';

const HOST = '127.0.0.1';
const TEXT = Buffer.from('hello');

const loaded = await loadLibc();
if (loaded.type !== 'loaded') throw new Error(loaded.reason);
const { libc } = loaded;

/** How often the kernel was called to send. */
type Calls = { send: number; enter: number };

type Sending = {
  readonly udp: Udp;
  readonly calls: Calls;
  readonly sender: UdpSocket;
  readonly packets: string[];
  /** Why the kernel has refused to queue. */
  readonly refusals: string[];
};

/** A socket that is connected to another one, on a kernel that differs in `changed`. */
async function open(changed: Partial<Libc> = {}): Promise<Sending> {
  const calls = { send: 0, enter: 0 };
  const counted: Partial<Libc> = {
    send: (...args) => {
      calls.send += 1;
      return libc.send(...args);
    },
    io_uring_enter: (...args) => {
      calls.enter += 1;
      return libc.io_uring_enter(...args);
    },
  };
  const refusals: string[] = [];
  const onQueueRefused = (reason: string) => refusals.push(reason);
  const udp = openLibcUdp({ ...libc, ...counted, ...changed }, { eventLoop: false, onQueueRefused });
  onTestFinished(() => udp.close());
  const packets: string[] = [];
  const receiver = await udp.open({ host: HOST, port: 0 }, (packet) => packets.push(packet.toString()));
  const sender = await udp.open({ host: HOST, port: 0 }, () => {});
  sender.connect(udp.peer(HOST, receiver.port));
  return { udp, calls, sender, packets, refusals };
}

function queueNumbers({ sender }: Sending, count: number): string[] {
  const texts = Array.from({ length: count }, (_, index) => String(index));
  for (const text of texts) sender.queue(Buffer.from(text), text.length);
  return texts;
}

function receiveAll({ udp }: Sending): void {
  while (udp.poll(10) > 0);
}

describe.skipIf(!isQueueAllowed(libc))('the queue of a kernel with io_uring', () => {
  it('sends up to 64 packets with one call, at the latest with the next poll', async () => {
    const sending = await open();
    const expected = queueNumbers(sending, 100);
    expect(sending.calls).toEqual({ send: 0, enter: 1 });
    receiveAll(sending);
    expect(sending.packets).toEqual(expected);
    expect(sending.calls).toEqual({ send: 0, enter: 2 });
  });

  it('counts what the peer refuses, and sends it all the same', async () => {
    const { udp, sender } = await open();
    sender.connect(udp.peer(HOST, await freePort(HOST)));
    for (let sent = 0; sent < 4; sent++) {
      sender.queue(TEXT, 5);
      udp.flush();
    }
    expect([sender.refused, sender.failed]).toEqual([3, 0]);
  });

  it('counts what the kernel does not send', async () => {
    const { udp, sender, packets } = await open();
    sender.connect(null);
    for (let sent = 0; sent < 3; sent++) sender.queue(TEXT, 5);
    udp.flush();
    expect([sender.refused, sender.failed]).toEqual([0, 3]);
    expect(packets).toEqual([]);
  });

  it.each([
    [-1, 'the kernel takes no packets by io_uring any more: EPERM'],
    [10, 'the kernel has not taken all packets by io_uring'],
  ])('sends one by one from the call on of which the kernel takes %d, and says why', async (taken, reason) => {
    const sending = await open({
      errno: () => 1,
      io_uring_enter: (ring, submit, complete, flags) =>
        taken < 0 ? -1 : libc.io_uring_enter(ring, Math.min(submit, taken), complete, flags),
    });
    const first = queueNumbers(sending, 30);
    receiveAll(sending);
    expect(sending.packets.splice(0)).toEqual(first);
    const second = queueNumbers(sending, 3);
    receiveAll(sending);
    expect(sending.packets).toEqual(second);
    expect(sending.calls.send).toBe(30 - Math.max(0, taken) + 3);
    expect(sending.refusals).toEqual([reason]);
  });

  it('is tried again a minute after the kernel has taken too few', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    let entered = 0;
    const sending = await open({
      errno: () => 1,
      io_uring_enter: (...args) => (++entered === 1 ? -1 : libc.io_uring_enter(...args)),
    });
    const expected = queueNumbers(sending, 3);
    sending.udp.flush();
    vi.advanceTimersByTime(59_000);
    expected.push(...queueNumbers(sending, 3));
    expect(entered).toBe(1);
    expect(sending.calls.send).toBe(6);
    vi.advanceTimersByTime(2000);
    expected.push(...queueNumbers(sending, 70));
    receiveAll(sending);
    expect(entered).toBe(3);
    expect(sending.calls.send).toBe(6);
    expect(sending.packets).toEqual(expected);
  });

  it.each([0, 1])('sends at once, and leaves nothing open, if there is no memory after %d parts', async (parts) => {
    const maps: string[] = [];
    const closed: number[] = [];
    let ring = -1;
    const sending = await open({
      io_uring_setup: (...args) => {
        ring = libc.io_uring_setup(...args);
        return ring;
      },
      map: (...args) => {
        if (maps.length === parts) throw new UdpError('ENOMEM', 'no memory');
        const mapped = libc.map(...args);
        maps.push('mapped');
        return { ...mapped, unmap: () => maps.push('unmapped') && mapped.unmap() };
      },
      close: (fd) => {
        closed.push(fd);
        return libc.close(fd);
      },
    });
    const expected = queueNumbers(sending, 100);
    expect(sending.calls).toEqual({ send: 100, enter: 0 });
    expect(closed).toEqual([ring]);
    expect(maps.filter((each) => each === 'unmapped')).toHaveLength(parts);
    receiveAll(sending);
    expect(sending.packets).toEqual(expected);
  });
});

describe('the queue of a kernel that allows no io_uring', () => {
  it('sends at once, and says why', async () => {
    const sending = await open({ errno: () => 1, io_uring_setup: () => -1 });
    const expected = queueNumbers(sending, 100);
    expect(sending.calls).toEqual({ send: 100, enter: 0 });
    receiveAll(sending);
    expect(sending.packets).toEqual(expected);
    expect(sending.refusals).toEqual(['the kernel refuses io_uring: EPERM']);
  });
});
