import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { L16_8000, PCMA } from '../../../src/trunk/audio-format.ts';
import { loadAead } from '../../../src/trunk/sodium-aead.ts';
import { TrunkStream } from '../../../src/trunk/trunk-stream.ts';
import { audio, FROM_START, key, Pair, receiver } from './kit.ts';
import { referenceBody, referenceHeader, referencePacket, referenceSeal } from './reference.ts';

const aead = await loadAead();

const FIELDS = { nodeId: 'node-a', epoch: 9, counter: 0n, format: 1, level: 20, frameIndex: 5, conference: '3000' };
const TWENTY_MS = { level: 20, payload: new Uint8Array(160) };

/** node-b, which knows the key of node-a's epoch 9. */
function knowing(fill: number) {
  const node = receiver(aead);
  node.addNode('node-a');
  node.installKey('node-a', { epoch: 9, key: key(fill), fromCounter: FROM_START });
  return node;
}

/** An authentic packet with any body. */
const sealed = (counter: bigint, body: Uint8Array, epoch = 9) =>
  referenceSeal(referenceHeader({ nodeId: 'node-a', epoch, counter }), body, key(1));

const allDropped = (node: ReturnType<typeof receiver>) => Object.values(node.dropped).reduce((a, b) => a + b, 0);

describe('a trunk receiver', () => {
  it('hands over what was sent, with the earlier frames', () => {
    const pair = new Pair({ redundancy: 2 }, { aead });
    for (const index of [0xffffffff, 0]) pair.packet(audio(index, L16_8000));
    const frame = pair.receiver.decode(pair.packet(audio(1, L16_8000)));
    if (typeof frame === 'string' || frame.kind !== 'audio') throw new Error('no audio');
    expect(frame).toMatchObject({ nodeId: 'node-a', conference: '3000', epoch: 9, format: L16_8000, frameCount: 3 });
    expect(frame.frames.map(({ frameIndex }) => frameIndex)).toEqual([1, 0, 0xffffffff]);
    for (const { frameIndex, offset } of frame.frames) {
      expect(frame.bytes.slice(offset, offset + 320)).toEqual(audio(frameIndex, L16_8000).payload);
    }
  });

  it('hands over silence with its noise level', () => {
    const pair = new Pair({}, { aead });
    const frame = pair.receiver.decode(pair.packet({ kind: 'silence', frameIndex: 77, noiseLevelDbov: -61 }));
    expect(frame).toMatchObject({ kind: 'silence', conference: '3000', frameIndex: 77, noiseLevelDbov: -61 });
  });

  it('needs no packet but the one it has: any may be the first, and any may be lost', () => {
    const pair = new Pair({ redundancy: 1 }, { aead });
    const packets = Array.from({ length: 50 }, (_, index) => pair.packet(audio(index)));
    for (const index of [49, 3, 17]) {
      expect(pair.receiver.decode(packets[index] ?? key(0))).toMatchObject({ kind: 'audio', conference: '3000' });
    }
  });

  it('drops every packet that it had already', () => {
    const pair = new Pair({}, { aead });
    const packets = Array.from({ length: 20 }, (_, index) => pair.packet(audio(index)));
    for (const packet of packets) expect(pair.receiver.decode(packet)).toBeTypeOf('object');
    for (const packet of packets) expect(pair.receiver.decode(packet)).toBe('replayed');
    expect(pair.receiver.dropped.replayed).toBe(20);
    expect(pair.receiver.peer('node-a')?.acceptedPackets).toBe(20);
  });

  it('is not moved on by a forged packet with a high counter', () => {
    const pair = new Pair({}, { aead });
    const packet = pair.packet(audio(0));
    const forged = Uint8Array.from(packet);
    forged.fill(0xff, 16, 24);
    expect(pair.receiver.decode(forged)).toBe('forged');
    expect(pair.receiver.decode(packet)).toMatchObject({ kind: 'audio' });
  });

  it('accepts counters over all of their 64 bits, and none twice', () => {
    const node = knowing(1);
    const counters = [0n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 64n - 2n, 2n ** 64n - 1n];
    for (const counter of counters) {
      const packet = referencePacket({ ...FIELDS, counter, audio: [TWENTY_MS] }, key(1));
      expect(node.decode(packet)).toMatchObject({ kind: 'audio' });
      expect(node.decode(packet)).toBe('replayed');
    }
    expect(node.decode(referencePacket({ ...FIELDS, counter: 1n, audio: [TWENTY_MS] }, key(1)))).toBe('replayed');
  });

  it('tells why it drops a packet', () => {
    const node = knowing(1);
    const good = referencePacket({ ...FIELDS, audio: [TWENTY_MS] }, key(1));
    const changed = (offset: number, value: number) => {
      const packet = Uint8Array.from(good);
      packet[offset] = value;
      return packet;
    };
    expect(node.decode(new Uint8Array(0))).toBe('too-short');
    expect(node.decode(good.subarray(0, 48))).toBe('too-short');
    expect(node.decode(new Uint8Array(1401))).toBe('too-large');
    for (const byte of [0x01, 0x10, 0x12, 0x21]) expect(node.decode(changed(0, byte))).toBe('bad-version');
    for (const offset of [1, 2, 3]) expect(node.decode(changed(offset, 1))).toBe('bad-version');
    expect(node.decode(changed(4, 0))).toBe('unknown-sender');
    expect(node.decode(changed(15, 8))).toBe('unknown-epoch');
    expect(node.decode(changed(23, 1))).toBe('forged');
    expect(node.decode(changed(good.length - 1, 0))).toBe('forged');
    expect(node.decode(good.subarray(0, 100))).toBe('forged');
    expect(node.decode(referencePacket({ ...FIELDS, audio: [TWENTY_MS] }, key(2)))).toBe('forged');
    expect(node.decode(referencePacket({ ...FIELDS, nodeId: 'node-b', audio: [TWENTY_MS] }, key(1)))).toBe('own');
    expect(allDropped(node)).toBe(17);
    expect(node.decode(good)).toMatchObject({ kind: 'audio' });
    expect(node.dropped).toEqual({
      'too-short': 2,
      'too-large': 1,
      'bad-version': 7,
      own: 1,
      'unknown-sender': 1,
      'unknown-epoch': 1,
      replayed: 0,
      forged: 4,
      malformed: 0,
      'unknown-format': 0,
      'unknown-conference': 0,
    });
  });

  it('drops authentic packets that it cannot read', () => {
    const node = knowing(1);
    const bodyOf = (change: Partial<Parameters<typeof referenceBody>[0]>) =>
      referenceBody({ ...FIELDS, audio: [TWENTY_MS], ...change });
    const withByte = (offset: number, value: number) => {
      const body = bodyOf({});
      body[offset] = value;
      return body;
    };
    const wide = { level: 20, payload: new Uint8Array(320) };
    const wrong: [string, Uint8Array][] = [
      ['unknown-format', withByte(0, 0)],
      ['unknown-format', withByte(0, 5)],
      ['unknown-format', withByte(0, 255)],
      ['malformed', withByte(0, 3)],
      ['malformed', withByte(0, 16)],
      ['malformed', withByte(1, 1)],
      ['malformed', withByte(1, 3)],
      ['malformed', withByte(1, 0x80)],
      ['malformed', withByte(2, 128)],
      ['malformed', withByte(3, 0)],
      ['malformed', withByte(3, 5)],
      ['malformed', withByte(3, 65)],
      ['malformed', withByte(3, 255)],
      ['malformed', bodyOf({}).subarray(0, 100)],
      ['malformed', Buffer.concat([bodyOf({}), Buffer.alloc(1)])],
      ['malformed', bodyOf({ conference: '' })],
      ['malformed', bodyOf({ audio: [TWENTY_MS, { ...TWENTY_MS, level: 128 }] })],
      ['malformed', bodyOf({ audio: [TWENTY_MS, TWENTY_MS, TWENTY_MS, TWENTY_MS] })],
      ['malformed', bodyOf({ audio: [wide] })],
      ['malformed', bodyOf({ format: 16, audio: [TWENTY_MS] })],
      ['malformed', bodyOf({ format: 16, audio: [] }).subarray(0, 11)],
      ['unknown-conference', bodyOf({ conference: '3001' })],
      ['unknown-conference', bodyOf({ conference: '300' })],
      ['unknown-conference', bodyOf({ conference: '\u0000\u00ff' })],
    ];
    const results = wrong.map(([, body], i) => node.decode(sealed(BigInt(i), body)));
    expect(results).toEqual(wrong.map(([reason]) => reason));
  });

  it('takes the counter of an authentic packet also if nobody wants its conference', () => {
    const node = knowing(1);
    const packet = sealed(0n, referenceBody({ ...FIELDS, conference: '4000', audio: [TWENTY_MS] }));
    expect(node.decode(packet)).toBe('unknown-conference');
    node.conferences.add('4000');
    expect(node.decode(packet)).toBe('replayed');
  });

  it('never accepts random bytes, and never throws for them', () => {
    const node = knowing(1);
    const header = fc.constantFrom(...[0n, 2n ** 40n].map((counter) => referenceHeader({ ...FIELDS, counter })));
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 1500 }),
      fc.tuple(header, fc.uint8Array({ maxLength: 200 })).map((parts) => Buffer.concat(parts)),
    );
    fc.assert(fc.property(packet, (bytes) => typeof node.decode(bytes) === 'string'));
    const good = referencePacket({ ...FIELDS, audio: [TWENTY_MS] }, key(1));
    expect(node.decode(good)).toMatchObject({ kind: 'audio' });
  });

  it('never accepts a packet of which a bit was changed or a part is missing', () => {
    const node = knowing(1);
    const good = referencePacket({ ...FIELDS, audio: [TWENTY_MS] }, key(1));
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const packet = Uint8Array.from(good);
      packet[bit >> 3] = (packet[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (typeof node.decode(packet) !== 'string') throw new Error(`accepted with bit ${bit} changed`);
    }
    for (let length = 0; length < good.length; length += 1)
      expect(node.decode(good.subarray(0, length))).toBeTypeOf('string');
    expect(node.decode(Buffer.concat([good, Buffer.alloc(1)]))).toBe('forged');
    expect(node.peer('node-a')?.acceptedPackets).toBe(0);
    expect(node.decode(good)).toMatchObject({ kind: 'audio' });
  });

  it('reads any authentic body without throwing', () => {
    const node = knowing(1);
    let counter = 0n;
    const body = fc.oneof(
      fc.uint8Array({ minLength: 9, maxLength: 1360 }),
      fc
        .tuple(fc.constantFrom(1, 2, 3, 4, 16), fc.nat(3), fc.nat(130), fc.nat(70), fc.nat(1320))
        .map(([format, redundancy, level, name, rest]) =>
          Buffer.concat([Buffer.from([format, redundancy, level, name, 0, 0, 0, 1]), Buffer.alloc(rest + 1)]),
        ),
    );
    const readable = new Set(['malformed', 'unknown-format', 'unknown-conference']);
    fc.assert(
      fc.property(body, (bytes) => {
        const result = node.decode(sealed(counter, bytes));
        counter += 1n;
        return typeof result === 'object' || readable.has(result);
      }),
    );
    expect(node.dropped.forged).toBe(0);
  });

  it('accepts each packet once whatever is lost, late, repeated or damaged', () => {
    const order = fc.array(fc.record({ index: fc.nat(99), damage: fc.option(fc.nat(211)) }), { maxLength: 300 });
    const pair = new Pair({}, { aead });
    const packets = Array.from({ length: 100 }, (_, index) => pair.packet(audio(index)));
    fc.assert(
      fc.property(order, (arrivals) => {
        const node = receiver(aead);
        node.addNode('node-a');
        node.installKey('node-a', { ...pair.senderKey, fromCounter: FROM_START });
        const had = new Set<number>();
        for (const { index, damage } of arrivals) {
          const packet = Uint8Array.from(packets[index] ?? []);
          if (damage !== null) packet[damage] = (packet[damage] ?? 0) ^ 0x55;
          const isAccepted = typeof node.decode(packet) === 'object';
          expect(isAccepted).toBe(damage === null && !had.has(index));
          if (isAccepted) had.add(index);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps nodes apart that send the same conference', () => {
    const pair = new Pair({}, { aead });
    pair.receiver.addNode('node-c');
    pair.receiver.installKey('node-c', { epoch: 9, key: key(5), fromCounter: FROM_START });
    const fromC = referencePacket({ ...FIELDS, nodeId: 'node-c', audio: [TWENTY_MS] }, key(5));
    expect(pair.receiver.decode(pair.packet(audio(0)))).toMatchObject({ nodeId: 'node-a' });
    expect(pair.receiver.decode(fromC)).toMatchObject({ nodeId: 'node-c' });
    // node-c's key does not let it speak for node-a.
    const disguised = referencePacket({ ...FIELDS, counter: 9n, audio: [TWENTY_MS] }, key(5));
    expect(pair.receiver.decode(disguised)).toBe('forged');
  });

  it('keeps nodes apart whose sender ids are half the same', () => {
    const node = receiver(aead);
    // The last 32 bits of both are 0x52ca9e4e.
    const names = ['node-13151', 'node-40225'];
    names.forEach((name, i) => {
      node.addNode(name);
      node.installKey(name, { epoch: 9, key: key(i), fromCounter: FROM_START });
    });
    const send = (name: string, fill: number, counter: bigint) =>
      node.decode(referencePacket({ ...FIELDS, nodeId: name, counter, audio: [TWENTY_MS] }, key(fill)));
    expect(send('node-13151', 0, 0n)).toMatchObject({ nodeId: 'node-13151' });
    expect(send('node-40225', 1, 0n)).toMatchObject({ nodeId: 'node-40225' });
    node.removeNode('node-13151');
    expect(send('node-13151', 0, 1n)).toBe('unknown-sender');
    expect(send('node-40225', 1, 1n)).toMatchObject({ nodeId: 'node-40225' });
  });

  it('knows a node no more after it was removed', () => {
    const pair = new Pair({}, { aead });
    pair.receiver.removeNode('node-a');
    pair.receiver.removeNode('node-a');
    expect(pair.receiver.decode(pair.packet(audio(0)))).toBe('unknown-sender');
    expect(pair.receiver.peer('node-a')).toBeUndefined();
  });

  it('refuses more nodes and conferences than it may hold, and names that it cannot tell apart', () => {
    const node = receiver(aead);
    const codeOf = (action: () => void) => {
      try {
        action();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'done';
    };
    expect(codeOf(() => node.addNode('node-b'))).toBe('node-id-collision');
    expect(codeOf(() => node.installKey('node-a', { epoch: 1, key: key(1), fromCounter: FROM_START }))).toBe(
      'unknown-node',
    );
    for (let i = 0; i < 4; i += 1) node.addNode(`n${i}`);
    expect(codeOf(() => node.addNode('n0'))).toBe('done');
    expect(codeOf(() => node.addNode('n4'))).toBe('too-many');
    for (let i = 1; i < 8; i += 1) node.conferences.add(`400${i}`);
    expect(codeOf(() => node.conferences.add('4001'))).toBe('done');
    expect(codeOf(() => node.conferences.add('4008'))).toBe('too-many');
    node.conferences.remove('4001');
    expect(codeOf(() => node.conferences.add('4008'))).toBe('done');
    expect(codeOf(() => node.installKey('n0', { epoch: 1, key: key(1).subarray(1), fromCounter: FROM_START }))).toBe(
      'bad-key',
    );
    const wrongCounter = { epoch: 1, key: key(1), fromCounter: { high: 0, low: -1 } };
    expect(codeOf(() => node.installKey('n0', wrongCounter))).toBe('bad-key');
  });

  it('holds nothing more after a hundred thousand packets of which it takes none', () => {
    const pair = new Pair({}, { aead });
    const replayed = pair.packet(audio(0));
    pair.receiver.decode(replayed);
    const forged = Uint8Array.from(pair.packet(audio(1)));
    forged[40] = (forged[40] ?? 0) ^ 1;
    const unknown = Uint8Array.from(forged);
    for (let i = 0; i < 100_000; i += 1) {
      unknown[4 + (i & 7)] = i;
      pair.receiver.decode(i % 10 === 0 ? forged : i % 2 === 0 ? replayed : unknown);
    }
    expect(allDropped(pair.receiver)).toBe(100_000);
    expect(pair.receiver.peer('node-a')?.epochs).toEqual([9]);
    expect(pair.receiver.conferences.size).toBe(1);
  });

  it('finds conferences whose names have the same hash', () => {
    const node = knowing(1);
    // 0x5e4daa9d with FNV-1a of 32 bits.
    for (const name of ['costarring', 'liquid']) node.conferences.add(name);
    node.conferences.remove('costarring');
    const packet = (counter: bigint, conference: string) =>
      node.decode(referencePacket({ ...FIELDS, format: PCMA.code, counter, conference, audio: [TWENTY_MS] }, key(1)));
    expect(packet(0n, 'liquid')).toMatchObject({ conference: 'liquid' });
    expect(packet(1n, 'costarring')).toBe('unknown-conference');
    node.conferences.add('costarring');
    expect(packet(2n, 'costarring')).toMatchObject({ conference: 'costarring' });
    expect(packet(3n, 'liquid')).toMatchObject({ conference: 'liquid' });
  });
});

describe('the stream of a conference', () => {
  it('has one of three redundancies', () => {
    const open = () => new TrunkStream({ conference: '3000', redundancy: 3 as 2 });
    expect(open).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});
