import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSenderKey } from '../../../src/trunk/sender-key.ts';
import { loadAead } from '../../../src/trunk/sodium-aead.ts';
import { audio, FROM_START, key, Pair } from './kit.ts';

const aead = await loadAead();

describe('the keys of a peer', () => {
  it('each have a replay window of their own', () => {
    const pair = new Pair({}, { aead });
    const old = [0, 1, 2].map((index) => pair.packet(audio(index)));
    const next = createSenderKey(10, randomBytes(32));
    pair.receiver.installKey('node-a', { ...next, fromCounter: FROM_START });
    pair.sender.use(next);
    const fresh = [3, 4, 5].map((index) => pair.packet(audio(index)));
    const results = [...fresh, ...old].map((packet) => typeof pair.receiver.decode(packet));
    expect(new Set(results)).toEqual(new Set(['object']));
    expect([...fresh, ...old].map((packet) => pair.receiver.decode(packet))).toEqual(Array(6).fill('replayed'));
  });

  it('do not forget what came when they are announced again', () => {
    const pair = new Pair({}, { aead });
    const packet = pair.packet(audio(0));
    pair.receiver.decode(packet);
    pair.receiver.installKey('node-a', { ...pair.senderKey, fromCounter: FROM_START });
    expect(pair.receiver.decode(packet)).toBe('replayed');
    expect(pair.receiver.peer('node-a')?.epochs).toEqual([9]);
  });

  it('do not let recorded packets in when the peer was away and announces the same key', () => {
    const pair = new Pair({}, { aead });
    const recorded = [0, 1, 2].map((index) => pair.packet(audio(index)));
    pair.receiver.removeNode('node-a');
    pair.receiver.addNode('node-a');
    pair.receiver.installKey('node-a', { ...pair.senderKey, fromCounter: { high: 0, low: 3 } });
    expect(recorded.map((packet) => pair.receiver.decode(packet))).toEqual(Array(3).fill('replayed'));
    expect(pair.receiver.decode(pair.packet(audio(3)))).toMatchObject({ kind: 'audio' });
  });

  it('are replaced by another one of the same epoch', () => {
    const pair = new Pair({}, { aead });
    const old = pair.packet(audio(0));
    const restarted = createSenderKey(9, randomBytes(32));
    pair.receiver.installKey('node-a', { ...restarted, fromCounter: FROM_START });
    pair.sender.use(restarted);
    expect(pair.receiver.decode(old)).toBe('forged');
    expect(pair.receiver.decode(pair.packet(audio(1)))).toMatchObject({ kind: 'audio' });
  });

  it('are the last three', () => {
    const pair = new Pair({}, { aead });
    const packet = pair.packet(audio(0));
    for (const epoch of [10, 11])
      pair.receiver.installKey('node-a', { epoch, key: key(epoch), fromCounter: FROM_START });
    expect(pair.receiver.peer('node-a')?.epochs).toEqual([9, 10, 11]);
    pair.receiver.installKey('node-a', { epoch: 0xffffffff, key: key(12), fromCounter: FROM_START });
    expect(pair.receiver.peer('node-a')?.epochs).toEqual([10, 11, 0xffffffff]);
    expect(pair.receiver.decode(packet)).toBe('unknown-epoch');
  });

  it('are kept until a newer one was in use for ten seconds', () => {
    const pair = new Pair({}, { aead });
    const next = createSenderKey(10, randomBytes(32));
    pair.receiver.decode(pair.packet(audio(0)));
    pair.receiver.installKey('node-a', { ...next, fromCounter: FROM_START });
    // The new one is only announced: the old one is in use, however long.
    pair.receiver.expireKeys(0);
    pair.receiver.expireKeys(1_000_000);
    const late = pair.packet(audio(1));
    const tooLate = pair.packet(audio(2));
    pair.sender.use(next);
    expect(pair.receiver.decode(pair.packet(audio(3)))).toMatchObject({ epoch: 10 });
    pair.receiver.expireKeys(2_000_000);
    pair.receiver.expireKeys(2_009_999);
    expect(pair.receiver.decode(late)).toMatchObject({ epoch: 9 });
    pair.receiver.expireKeys(2_010_000);
    expect(pair.receiver.decode(tooLate)).toBe('unknown-epoch');
    expect(pair.receiver.peer('node-a')?.epochs).toEqual([10]);
  });

  it('are copies: the caller may overwrite the original', () => {
    const pair = new Pair({}, { aead });
    const given = { epoch: 10, key: Uint8Array.from(randomBytes(32)), fromCounter: FROM_START };
    pair.receiver.installKey('node-a', given);
    const next = createSenderKey(10, given.key);
    given.key.fill(0);
    pair.sender.use(next);
    expect(pair.receiver.decode(pair.packet(audio(0)))).toMatchObject({ epoch: 10 });
  });
});
