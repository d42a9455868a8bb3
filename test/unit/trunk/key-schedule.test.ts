import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  KeySchedule,
  type KeyStep,
  overlapMsOf,
  REKEY_AFTER_PACKETS,
  retainMsOf,
} from '../../../src/trunk/key-schedule.ts';
import type { SenderKey } from '../../../src/trunk/sender-key.ts';
import { loadAead } from '../../../src/trunk/sodium-aead.ts';
import type { KeyAnnouncement } from '../../../src/trunk/trunk-peer.ts';
import { TrunkReceiver } from '../../../src/trunk/trunk-receiver.ts';
import { TrunkSender } from '../../../src/trunk/trunk-sender.ts';
import { TrunkStream } from '../../../src/trunk/trunk-stream.ts';
import { audio } from './kit.ts';

const aead = await loadAead();
const MINUTE_MS = 60_000;

const newSchedule = (rekeyIntervalMs?: number) =>
  new KeySchedule(rekeyIntervalMs === undefined ? {} : { rekeyIntervalMs }, { randomBytes });

const typesOf = (steps: KeyStep[]) => steps.map((step) => step.type);

function activated(steps: KeyStep[]): SenderKey {
  for (const step of steps) if (step.type === 'activate') return step.senderKey;
  throw new Error('no key was activated');
}

function announced(steps: KeyStep[]): KeyAnnouncement {
  for (const step of steps) if (step.type === 'announce') return step.announcement;
  throw new Error('no key was announced');
}

describe('a key schedule', () => {
  it('begins with a random key and a random epoch, so that a restart repeats neither', () => {
    const first = Array.from({ length: 20 }, () => activated(newSchedule().advance(0)));
    expect(new Set(first.map((senderKey) => Buffer.from(senderKey.key).toString('hex'))).size).toBe(20);
    expect(new Set(first.map((senderKey) => senderKey.epoch)).size).toBeGreaterThan(15);
  });

  it('has a key to send with at once, and keeps it for 15 minutes', () => {
    const schedule = newSchedule();
    expect(schedule.announcements()).toEqual([]);
    expect(typesOf(schedule.advance(1000))).toEqual(['announce', 'activate']);
    schedule.peerConnected('node-b');
    expect(schedule.advance(1000 + 15 * MINUTE_MS - 1)).toEqual([]);
    expect(typesOf(schedule.advance(1000 + 15 * MINUTE_MS))).toEqual(['announce']);
  });

  it('uses a new key only when every connected peer has acknowledged it', () => {
    const schedule = newSchedule();
    const old = activated(schedule.advance(0));
    for (const peer of ['node-b', 'node-c', 'node-d']) schedule.peerConnected(peer);
    const { epoch, key } = announced(schedule.advance(15 * MINUTE_MS));
    expect(epoch).toBe((old.epoch + 1) >>> 0);
    expect(key).not.toEqual(old.key);
    const now = 15 * MINUTE_MS + 100;
    schedule.acknowledge('node-b', epoch);
    schedule.acknowledge('node-c', old.epoch);
    schedule.acknowledge('node-x', epoch);
    expect(schedule.advance(now)).toEqual([]);
    schedule.acknowledge('node-c', epoch);
    expect(schedule.advance(now)).toEqual([]);
    schedule.peerLeft('node-d');
    expect(activated(schedule.advance(now))).toMatchObject({ epoch, key });
    expect(schedule.state).toMatchObject({ phase: 'steady', sinceMs: now });
  });

  it('uses a new key after five seconds even if peers have not acknowledged it', () => {
    const schedule = newSchedule();
    schedule.advance(0);
    schedule.peerConnected('node-b');
    schedule.advance(15 * MINUTE_MS);
    expect(schedule.advance(15 * MINUTE_MS + 4999)).toEqual([]);
    expect(typesOf(schedule.advance(15 * MINUTE_MS + 5000))).toEqual(['activate']);
  });

  it('uses a new key at once when nobody is connected', () => {
    const schedule = newSchedule();
    schedule.advance(0);
    expect(typesOf(schedule.advance(15 * MINUTE_MS))).toEqual(['announce', 'activate']);
  });

  it('waits for a peer that connects while a key is announced, and tells it both', () => {
    const schedule = newSchedule();
    const old = activated(schedule.advance(0));
    schedule.peerConnected('node-b');
    const { epoch } = announced(schedule.advance(15 * MINUTE_MS));
    schedule.peerConnected('node-c');
    expect(schedule.announcements().map((announcement) => announcement.epoch)).toEqual([old.epoch, epoch]);
    schedule.acknowledge('node-b', epoch);
    expect(schedule.advance(15 * MINUTE_MS)).toEqual([]);
    schedule.acknowledge('node-c', epoch);
    expect(typesOf(schedule.advance(15 * MINUTE_MS))).toEqual(['activate']);
  });

  it('tells a peer that connects from which counter on it may accept', () => {
    const schedule = newSchedule();
    const senderKey = activated(schedule.advance(0));
    Atomics.store(senderKey.nextCounter, 0, 2 ** 31 + 5);
    expect(schedule.announcements()).toMatchObject([{ fromCounter: { high: 0, low: 2 ** 31 + 5 } }]);
  });

  it('rekeys long before the counter wraps', () => {
    const schedule = newSchedule();
    const senderKey = activated(schedule.advance(0));
    Atomics.store(senderKey.nextCounter, 0, REKEY_AFTER_PACKETS - 1);
    expect(schedule.advance(1)).toEqual([]);
    Atomics.add(senderKey.nextCounter, 0, 1);
    expect(typesOf(schedule.advance(2))).toEqual(['announce', 'activate']);
  });

  it('goes on from the highest epoch with 0', () => {
    const schedule = new KeySchedule({}, { randomBytes: (length) => new Uint8Array(length).fill(0xff) });
    expect(activated(schedule.advance(0)).epoch).toBe(0xffffffff);
    expect(activated(schedule.advance(15 * MINUTE_MS)).epoch).toBe(0);
  });

  it('scales its overlaps down with short intervals', () => {
    expect([900_000, 10_000, 1000].map(overlapMsOf)).toEqual([5000, 5000, 500]);
    expect([900_000, 5000, 1000].map(retainMsOf)).toEqual([10_000, 10_000, 2000]);
    expect(() => newSchedule(99)).toThrow(expect.objectContaining({ code: 'bad-option' }));
    expect(() => newSchedule(Number.NaN)).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});

/** What happens at the receiver later: a packet or a key arrives there, or an acknowledgement here. */
type Arrival = { atMs: number; happen: () => void };

describe.each([
  { rekeyIntervalMs: 1000, eventDelayMs: 50, acknowledges: true },
  { rekeyIntervalMs: 1000, eventDelayMs: 450, acknowledges: false },
  { rekeyIntervalMs: 20_000, eventDelayMs: 4000, acknowledges: true },
])('rekeying each $rekeyIntervalMs ms, with keys under way for $eventDelayMs ms', (options) => {
  it('loses no packet, even of those that are late by a second', () => {
    const { rekeyIntervalMs, eventDelayMs } = options;
    const schedule = newSchedule(rekeyIntervalMs);
    const sender = new TrunkSender({ nodeId: 'node-a' }, { aead });
    const retainMs = retainMsOf(rekeyIntervalMs);
    const node = new TrunkReceiver({ nodeId: 'node-b', maxNodes: 1, maxConferences: 1, retainMs }, { aead });
    const stream = new TrunkStream({ conference: '3000', redundancy: 0 });
    const out = new Uint8Array(1400);
    let arrivals: Arrival[] = [];
    const epochs = new Set<number>();
    node.addNode('node-a');
    node.conferences.add('3000');
    const receive = (announcement: KeyAnnouncement, nowMs: number) => {
      node.installKey('node-a', announcement);
      if (!options.acknowledges) return;
      const happen = () => schedule.acknowledge('node-b', announcement.epoch);
      arrivals.push({ atMs: nowMs + eventDelayMs, happen });
    };
    const decode = (packet: Uint8Array) => {
      const frame = node.decode(packet);
      if (typeof frame === 'object') epochs.add(frame.epoch);
    };
    const apply = (steps: KeyStep[], nowMs: number) => {
      for (const step of steps) {
        if (step.type === 'activate') sender.use(step.senderKey);
        else
          arrivals.push({ atMs: nowMs + eventDelayMs, happen: () => receive(step.announcement, nowMs + eventDelayMs) });
      }
    };
    for (const step of schedule.advance(0)) {
      if (step.type === 'activate') sender.use(step.senderKey);
      else node.installKey('node-a', step.announcement);
    }
    schedule.peerConnected('node-b');
    let sent = 0;
    for (let nowMs = 0; nowMs < 20 * rekeyIntervalMs; nowMs += 20) {
      const due = arrivals.filter((arrival) => arrival.atMs <= nowMs);
      arrivals = arrivals.filter((arrival) => arrival.atMs > nowMs);
      for (const arrival of due) arrival.happen();
      apply(schedule.advance(nowMs), nowMs);
      const packet = out.slice(0, sender.encodeInto(out, stream, audio(sent)));
      // Every third packet takes a detour of a second.
      arrivals.push({ atMs: nowMs + (sent % 3 === 0 ? 1000 : 1), happen: () => decode(packet) });
      sent += 1;
      node.expireKeys(nowMs);
    }
    for (const arrival of arrivals) arrival.happen();
    expect(node.peer('node-a')?.acceptedPackets).toBe(sent);
    expect(Object.values(node.dropped).every((count) => count === 0)).toBe(true);
    expect(epochs.size).toBeGreaterThan(12);
  });
});
