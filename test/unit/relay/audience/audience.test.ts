import { describe, expect, it } from 'vitest';
import { decodeG711Into } from '../../../../src/audio/g711.ts';
import { levelDbov } from '../../../../src/audio/level.ts';
import { Audience } from '../../../../src/relay/audience/audience.ts';
import {
  audienceOf,
  dbovOf,
  FakeListener,
  HEADER,
  levelOf,
  play,
  silence,
  staircase,
  steps,
  tone,
} from './fake-listener.ts';

describe('what an audience hears', () => {
  it.each([
    ['PCMU', 8000],
    ['PCMA', 8000],
    ['G722', 8000],
    ['PCMU', 16_000],
    ['PCMA', 16_000],
    ['G722', 16_000],
  ] as const)('is the conference, in %s of one at %i Hz', (codec, rateHz) => {
    for (const packetMs of [20, 40, 60] as const) {
      const listener = new FakeListener({ codec, packetMs });
      play(audienceOf(rateHz, listener), tone(1000, rateHz, 8000, 60));
      const heard = listener.heard(5);
      expect(levelOf(1000, heard, listener.rateHz)).toBeCloseTo(dbovOf(8000), 0);
      const rest = levelDbov(heard) - levelOf(1000, heard, listener.rateHz);
      expect(Math.abs(rest)).toBeLessThan(0.1);
    }
  });

  it('is wideband for G.722 where the conference is', () => {
    const listener = new FakeListener({ codec: 'G722' });
    play(audienceOf(16_000, listener), tone(5500, 16_000, 8000, 60));
    expect(levelOf(5500, listener.heard(10), 16_000)).toBeGreaterThan(dbovOf(8000) - 1.5);
  });

  it('has no alias of what G.711 cannot carry', () => {
    const listener = new FakeListener();
    play(audienceOf(16_000, listener), tone(6000, 16_000, 20_000, 60));
    expect(levelDbov(listener.heard(10))).toBeLessThan(-60);
  });

  it.each(['PCMU', 'PCMA', 'G722'] as const)('has the volume of each listener, in %s', (codec) => {
    const listeners = [-4, -1, 0, 1, 4].map((volume) => new FakeListener({ codec, volume }));
    play(audienceOf(8000, ...listeners), tone(1000, 8000, 4000, 60));
    const levels = listeners.map((listener) => levelOf(1000, listener.heard(10), listener.rateHz) - dbovOf(4000));
    for (const [i, db] of [-12, -3, 0, 3, 12].entries()) expect(levels[i]).toBeCloseTo(db, 0);
  });

  it('is cut off where it is made too loud, and does not wrap', () => {
    const listener = new FakeListener({ volume: 4 });
    const square = Array.from({ length: 3 }, () =>
      Int16Array.from({ length: 160 }, (_, i) => (i < 80 ? 1 : -1) * 30_000),
    );
    play(audienceOf(8000, listener), square);
    for (const [i, sample] of listener.heard().entries())
      expect(sample * (i % 160 < 80 ? 1 : -1)).toBeGreaterThan(32_000);
  });

  it.each([8000, 16_000] as const)(
    'has comfort noise only for those who want it, and only if there is some (%i Hz)',
    (rateHz) => {
      const noisy = [new FakeListener({ noise: true }), new FakeListener({ noise: true, codec: 'G722' })];
      const clean = new FakeListener();
      const audience = audienceOf(rateHz, ...noisy, clean);
      play(audience, silence(rateHz, 50), -45);
      for (const listener of noisy) expect(Math.abs(levelDbov(listener.heard(5)) + 45)).toBeLessThan(2);
      expect(levelDbov(clean.heard())).toBe(-127);
      play(audience, silence(rateHz, 10), null);
      for (const listener of noisy) expect(levelDbov(listener.heard(55))).toBeLessThan(-80);
    },
  );

  it.each(['PCMU', 'PCMA', 'G722'] as const)('is silence for the deaf, or noise, in as many packets (%s)', (codec) => {
    const deaf = new FakeListener({ codec, deaf: true });
    const noisy = new FakeListener({ codec, deaf: true, noise: true });
    play(audienceOf(8000, deaf, noisy), tone(1000, 8000, 20_000, 50), -45);
    expect([deaf.payloads.length, noisy.payloads.length]).toEqual([50, 50]);
    expect(levelDbov(deaf.heard(5))).toBeLessThan(-70);
    expect(Math.abs(levelDbov(noisy.heard(5)) + 45)).toBeLessThan(2);
  });

  it('does not begin with an echo of what was said before somebody needed another rate', () => {
    const [first, later] = [new FakeListener({ codec: 'G722' }), new FakeListener({ codec: 'G722' })];
    const audience = audienceOf(8000, first);
    play(audience, tone(1000, 8000, 20_000, 5));
    audience.remove(first);
    play(audience, silence(8000, 5));
    audience.place(later);
    play(audience, silence(8000, 5));
    expect(levelDbov(later.heard())).toBeLessThan(-70);
  });
});

describe('an audience', () => {
  it.each(['PCMU', 'G722'] as const)('encodes a frame once for all who hear the same (%s)', (codec) => {
    const [one, other, louder] = [0, 0, 1].map((volume) => new FakeListener({ codec, volume })) as [
      FakeListener,
      FakeListener,
      FakeListener,
    ];
    // A change that the first to be served makes to the payload, the other gets too.
    one.onSend = (packet) => packet.fill(0x11, HEADER);
    other.onSend = one.onSend;
    play(audienceOf(8000, one, other, louder), tone(1000, 8000, 4000, 3));
    const spoiled = [one, other].map(
      (each) => each.payloads.filter((payload) => payload.every((b) => b === 0x11)).length,
    );
    expect(spoiled.sort()).toEqual([0, 3]);
    expect(louder.payloads.some((payload) => payload.every((b) => b === 0x11))).toBe(false);
  });

  it('shares encodings between packets of all lengths and phases', () => {
    const listeners = ([20, 40, 40, 60, 60, 60] as const).map(
      (packetMs) => new FakeListener({ codec: 'G722', packetMs }),
    );
    play(audienceOf(8000, ...listeners), tone(700, 8000, 8000, 60));
    const byFrame = Buffer.concat((listeners[0] as FakeListener).payloads);
    for (const listener of listeners) {
      // The first packet may have frames from before the listener came.
      const from = (listener.cameWith[0] as number) * 160;
      const bytes = Buffer.concat(listener.payloads.slice(1));
      expect(bytes.equals(byFrame.subarray(from, from + bytes.length))).toBe(true);
      expect(bytes.length).toBeGreaterThan(56 * 160);
    }
  });

  it('puts packets of 40 and 60 ms together from frames, the first of them from those since the listener came', () => {
    const [forty, sixty] = [new FakeListener({ packetMs: 40 }), new FakeListener({ packetMs: 60 })];
    play(audienceOf(8000, forty, sixty), staircase(12));
    expect(steps(forty.heard())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(steps(sixty.heard())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect([forty, sixty].map(({ payloads }) => payloads[0]?.length)).toEqual([320, 480]);
  });

  it.each([40, 60] as const)('spreads packets of %i ms evenly over the frames', (packetMs) => {
    const volumes = Array.from({ length: 60 }, (_, i) => (i % 7) - 3);
    const listeners = volumes.map((volume) => new FakeListener({ packetMs, volume }));
    const audience = audienceOf(8000, ...listeners);
    const perFrame = (last: number) =>
      Array.from({ length: 6 }, (_, i) =>
        listeners.reduce((sum, { cameWith }) => sum + cameWith.filter((frame) => frame === last - i).length, 0),
      );
    play(audience, silence(8000, 12));
    expect(perFrame(12)).toEqual(new Array(6).fill(60 / (packetMs / 20)));
    // Those of one phase leave, and others come.
    const leaving = listeners.filter(({ cameWith }) => cameWith.includes(12));
    for (const listener of leaving) audience.remove(listener);
    for (const _ of leaving) {
      const listener = new FakeListener({ packetMs });
      listeners.push(listener);
      audience.place(listener);
    }
    play(audience, silence(8000, 12));
    expect(perFrame(24)).toEqual(new Array(6).fill(60 / (packetMs / 20)));
  });

  it.each([20, 40, 60] as const)('gives the ticks since the packet before, 8 per ms (%i ms)', (packetMs) => {
    for (const codec of ['PCMA', 'G722'] as const) {
      const listener = new FakeListener({ codec, packetMs });
      play(audienceOf(16_000, listener), silence(16_000, 12));
      expect(listener.ticks).toEqual(new Array(240 / packetMs).fill(8 * packetMs));
    }
  });

  it('sends nothing to those who have left, and knows how many are there', () => {
    const [gone, stays] = [new FakeListener(), new FakeListener()];
    const audience = audienceOf(8000, gone, stays);
    expect(audience.size).toBe(2);
    audience.remove(gone);
    audience.remove(gone);
    expect(audience.size).toBe(1);
    play(audience, silence(8000, 2));
    expect([gone, stays].map(({ payloads }) => payloads.length)).toEqual([0, 2]);
    audience.remove(stays);
    play(audience, silence(8000, 2));
    expect(audience.size).toBe(0);
    expect(stays.payloads).toHaveLength(2);
  });

  it('lets listeners be removed while it sends, and serves each of the others once', () => {
    const listeners = Array.from({ length: 12 }, () => new FakeListener());
    const audience = audienceOf(8000, ...listeners);
    const gone = new Set<FakeListener>();
    for (const [i, listener] of listeners.entries()) {
      listener.onSend = () => {
        // The fourth of them is the listener who is being sent to.
        const each = gone.size === 3 ? listener : (listeners[(i + 5) % 12] as FakeListener);
        if (gone.size < 4) gone.add(each);
        audience.remove(gone.has(each) ? each : new FakeListener());
      };
    }
    play(audience, silence(8000, 3));
    const stayed = listeners.filter((listener) => !gone.has(listener));
    expect(stayed).toHaveLength(8);
    expect(stayed.map(({ payloads }) => payloads.length)).toEqual(new Array(8).fill(3));
  });

  it('attends to what is more urgent after each 64 packets', () => {
    const sentBefore: number[] = [];
    const listeners = Array.from({ length: 100 }, (_, i) => new FakeListener({ volume: i % 2 }));
    const sent = () => listeners.reduce((sum, { payloads }) => sum + payloads.length, 0);
    const audience = new Audience({ sampleRateHz: 8000 }, { serveSpeakers: () => sentBefore.push(sent()) });
    for (const listener of listeners) audience.place(listener);
    play(audience, silence(8000, 2));
    expect(sentBefore).toEqual([64, 128, 192]);
  });
});

describe('a listener whose hearing changes', () => {
  it.each([20, 40, 60] as const)('misses no packet and no frame (%i ms)', (packetMs) => {
    const listener = new FakeListener({ packetMs });
    const audience = audienceOf(8000, new FakeListener({ packetMs }), listener);
    for (const [i, frame] of staircase(24).entries()) {
      // To a group that is there, and to new ones.
      if (i === 7 || i === 16) listener.hearing = { ...listener.hearing, noise: i === 7 };
      if (i === 11) listener.hearing = { ...listener.hearing, deaf: true };
      if (i === 13) listener.hearing = { ...listener.hearing, deaf: false };
      audience.place(listener);
      play(audience, [frame]);
    }
    const from = (listener.cameWith[0] as number) - packetMs / 20 + 1;
    const expected = Array.from({ length: listener.payloads.length * (packetMs / 20) }, (_, i) => from + i);
    expect(steps(listener.heard())).toEqual(
      expected.map((step) => (step < 0 || step === 12 || step === 13 ? 0 : step)),
    );
    expect(new Set(listener.ticks)).toEqual(new Set([8 * packetMs]));
    expect(listener.payloads.length).toBeGreaterThanOrEqual(480 / packetMs - 1);
  });

  it('hears no bang of G.722 where nobody has heard the same before', () => {
    const listener = new FakeListener({ codec: 'G722' });
    const audience = audienceOf(8000, listener);
    const frames = tone(400, 8000, 12_000, 60);
    play(audience, frames.slice(0, 20));
    listener.hearing = { ...listener.hearing, volume: -1 };
    audience.place(listener);
    play(audience, frames.slice(20));
    expect(Math.max(...listener.heard().map(Math.abs))).toBeLessThan(14_000);
  });

  it('gets a new codec with the next packet', () => {
    const listener = new FakeListener({ packetMs: 40 });
    const audience = audienceOf(8000, listener);
    play(audience, staircase(4));
    listener.hearing = { ...listener.hearing, codec: 'PCMA' };
    audience.place(listener);
    listener.payloads.length = 0;
    play(audience, staircase(4));
    expect(steps(listener.heard())).toEqual([1, 2, 3, 4]);
  });

  it('gets packets of another length without hearing anything twice, and with ticks that say what is left out', () => {
    const listener = new FakeListener();
    const audience = audienceOf(8000, listener);
    const heard: number[] = [];
    let timestamp = 0;
    for (const [i, frame] of staircase(30).entries()) {
      const packetMs = ([20, 60, 40, 20, 40, 60] as const)[Math.floor(i / 4) % 6] ?? 20;
      // Twice: a change that no packet has seen must not count.
      for (const each of [20, packetMs] as const) {
        listener.hearing = { ...listener.hearing, packetMs: each };
        audience.place(listener);
      }
      play(audience, [frame]);
      const payload = listener.payloads.shift();
      if (!payload) continue;
      timestamp += listener.ticks.shift() as number;
      const samples = new Int16Array(payload.length);
      decodeG711Into('PCMU', payload, samples);
      // The timestamp of a packet is that of its first frame.
      expect(timestamp / 160).toBe(steps(samples)[0]);
      heard.push(...steps(samples));
    }
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
    expect(heard.length).toBeGreaterThan(24);
  });
});
