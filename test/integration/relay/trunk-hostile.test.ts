import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/machine.ts';
import type { CallSpec } from '../../../src/relay/protocol/protocol.ts';
import { encodeInto } from '../../../src/rtp/packet.ts';
import { cpuSeconds, residentMb } from '../../bench/cpu.ts';
import { toneVoice } from '../../kit/floor-voices.ts';
import { HOSTILE_KINDS } from '../../kit/hostile/hostile-packets.ts';
import { attack } from '../../kit/hostile/hostile-process.ts';
import { type ImpairedMesh, meshOf } from '../../kit/impairment/mesh.ts';
import { ImpairmentProxy } from '../../kit/impairment/udp-proxy.ts';
import { type Endpoint, ownAddress } from '../../kit/loopback.ts';
import { toneLevelDbov } from '../../kit/phone/judge.ts';
import { boundSocket, closeSocket } from '../../kit/sip/udp.ts';
import { CONFERENCE, TrunkRelays } from '../../kit/trunk-relays.ts';

/** More with ROSTRUM_HOSTILE_COUNT=1000000, faster with ROSTRUM_HOSTILE_RATE. */
const COUNT = Number(process.env['ROSTRUM_HOSTILE_COUNT'] ?? 20_000);
const PACKETS_PER_SECOND = Number(process.env['ROSTRUM_HOSTILE_RATE'] ?? 10_000);
const ATTACK_MS = (COUNT / PACKETS_PER_SECOND) * 1000;
const TIMEOUT_MS = 60_000 + 3 * ATTACK_MS;

const TRUNK_KINDS = ['random', 'mutated', 'replayed', 'truncated', 'header', 'oversized'] as const;
const NODES = { a: ownAddress(), b: ownAddress() };
const PHONE_HOST = ownAddress();
const ATTACKER_HOST = ownAddress();
const ASTERISK_HOST = ownAddress();
const SETTLE_MS = 1000;

/** A phone without signalling: it sends, and counts what it gets. */
class Phone {
  received = 0;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #sequence = 0;

  private constructor(socket: Socket, target: Endpoint) {
    this.#socket = socket;
    socket.on('message', () => {
      this.received += 1;
    });
    this.#timer = setInterval(() => {
      const out = Buffer.alloc(172);
      this.#sequence += 1;
      const header = {
        payloadType: 0,
        marker: false,
        sequence: this.#sequence,
        timestamp: this.#sequence * 160,
        ssrc: 7,
      };
      encodeInto(out, header, new Uint8Array(160).fill(0xff));
      socket.send(out, target.port, target.address);
    }, 20);
  }

  static async open(target: Endpoint): Promise<Phone> {
    const socket = createSocket('udp4');
    await boundSocket(socket, { address: PHONE_HOST, port: 0 });
    return new Phone(socket, target);
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await closeSocket(this.#socket);
  }
}

/** A payload type of RTP. */
const COMFORT_NOISE = 13;

let proxy: ImpairmentProxy;
let mesh: ImpairedMesh;
let all: TrunkRelays;
let phone: Phone;
let phonePort: number;
/** Asterisk's side of the phone's call, and what it has got. */
let asterisk: Socket;
let toAsterisk: number;

beforeEach(async () => {
  proxy = new ImpairmentProxy({ seed: 1 });
  all = await TrunkRelays.start({
    nodes: NODES,
    route: async (trunks) => {
      mesh = await meshOf(proxy, trunks);
      return (from, to) => mesh.address(from, to);
    },
  });
  phonePort = await freePort(NODES.b);
  phone = await Phone.open({ address: NODES.b, port: phonePort });
  asterisk = createSocket('udp4');
  await boundSocket(asterisk, { address: ASTERISK_HOST, port: phonePort });
  toAsterisk = 0;
  asterisk.on('message', (packet) => {
    // With comfort noise the relay reminds Asterisk of where to send.
    if (((packet[1] ?? 0) & 0x7f) !== COMFORT_NOISE) toAsterisk += 1;
  });
  const call: CallSpec = {
    channelId: 'phone',
    local: { host: NODES.b, port: phonePort },
    asterisk: { host: ASTERISK_HOST, port: phonePort },
    phone: phone.address,
    sources: [PHONE_HOST],
    signalling: null,
    codec: 'PCMU',
    gate: null,
    tones: false,
    talkLevel: null,
    hearing: { conference: CONFERENCE, volume: 0, noise: false, deaf: false, packetMs: 20 },
    source: null,
  };
  all.relay('b').request({ type: 'call', call });
  await all.relay('b').reported('call-open');
  all.floor('a').voice = toneVoice(400, -20);
  await sleep(SETTLE_MS);
});

afterEach(async () => {
  await phone.close();
  await closeSocket(asterisk);
  await all.stop();
  await proxy.stop();
});

/** Of the relay that is attacked. */
async function state() {
  const { dropped, nodes } = await all.stats('b');
  const { pid } = all.relay('b');
  return {
    dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    accepted: nodes['a']?.packets ?? 0,
    concealed: nodes['a']?.concealed ?? 0,
    genuine: mesh.link('a', 'b').counters('a-to-b').sent,
    phone: phone.received,
    cpu: cpuSeconds([pid]),
    residentMb: residentMb(pid),
    atMs: performance.now(),
  };
}

function toneAtB(): number {
  return toneLevelDbov(all.floor('b').heardSince(performance.now() - 500), 400);
}

/** What must be so after any attack. */
async function expectUndisturbed(before: Awaited<ReturnType<typeof state>>): Promise<void> {
  const after = await state();
  const frames = (after.atMs - before.atMs) / 20;
  // Reports are up to some packets older than the count of the proxy.
  expect(after.accepted - before.accepted).toBeLessThanOrEqual(after.genuine - before.genuine + 5);
  expect(after.accepted - before.accepted).toBeGreaterThan(0.98 * frames - 10);
  // What remains are pauses of a busy machine.
  expect((after.concealed - before.concealed) / frames).toBeLessThan(0.02);
  expect((after.phone - before.phone) / frames).toBeGreaterThan(0.98);
  // Node's receive buffers, once; it is no more after millions.
  expect(after.residentMb - before.residentMb).toBeLessThan(60);
  await expect.poll(() => Math.abs(toneAtB() + 20), { timeout: 5000 }).toBeLessThan(0.5);
}

describe('a relay under attack', () => {
  it('takes nothing that an attacker sends to its trunk, and goes on with the audio', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const listen = { address: ATTACKER_HOST, port: await freePort(ATTACKER_HOST) };
    mesh.link('a', 'b').handOverTo(listen);
    const before = await state();
    const target = all.trunk('b');
    const attacks = { target, count: COUNT, packetsPerSecond: PACKETS_PER_SECOND, kinds: TRUNK_KINDS, listen };
    const report = await attack(attacks);
    await expectUndisturbed(before);
    const after = await state();
    const arrived = report.sent - (report.droppedByKernel ?? 0);
    expect(arrived).toBeGreaterThan(0.95 * report.sent);
    // Every one of them was counted. The proxy brings genuine ones only.
    expect(after.dropped - before.dropped).toBeGreaterThanOrEqual(arrived);
    if (process.env['ROSTRUM_HOSTILE_COUNT']) console.log(report, before, after);
  });

  it.each([
    ['the port to which Asterisk sends', () => all.floorLeg('b')],
    ['the port to which a phone sends', () => ({ address: NODES.b, port: phonePort })],
  ])('takes nothing that an attacker sends to %s', { timeout: TIMEOUT_MS }, async (_, target) => {
    const before = await state();
    const options = { target: target(), count: COUNT, packetsPerSecond: PACKETS_PER_SECOND, kinds: HOSTILE_KINDS };
    const report = await attack(options);
    await expectUndisturbed(before);
    expect(toAsterisk).toBe(0);
    if (process.env['ROSTRUM_HOSTILE_COUNT']) console.log(report, before, await state());
  });
});
