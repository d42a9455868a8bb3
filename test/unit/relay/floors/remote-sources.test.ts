import { describe, expect, it } from 'vitest';
import { encodeG711Into } from '../../../../src/audio/g711.ts';
import { levelDbov } from '../../../../src/audio/level.ts';
import { RemoteSources } from '../../../../src/relay/floors/remote-sources.ts';
import { TrunkFeed } from '../../../../src/relay/floors/trunk-feed.ts';
import { PCMU } from '../../../../src/trunk/audio-format.ts';
import type { ReceivedFrame } from '../../../../src/trunk/received-frame.ts';

const SAMPLES = 160;

function toneFrame(index: number, hz: number, dbov: number): Int16Array {
  const peak = 32_767 * 10 ** ((dbov + 3) / 20);
  return Int16Array.from({ length: SAMPLES }, (_, i) =>
    Math.round(peak * Math.sin((2 * Math.PI * hz * (index * SAMPLES + i)) / 8000)),
  );
}

/** A packet as the trunk hands it over, with as many earlier frames as given. */
function received(nodeId: string, frames: readonly (readonly [index: number, samples: Int16Array])[]): ReceivedFrame {
  const bytes = new Uint8Array(3 * SAMPLES);
  const parts = [0, 1, 2].map((i) => {
    const [index, samples] = frames[i] ?? [0, new Int16Array(SAMPLES)];
    encodeG711Into('PCMU', samples, bytes.subarray(i * SAMPLES, (i + 1) * SAMPLES));
    return { frameIndex: index >>> 0, levelDbov: levelDbov(samples), offset: i * SAMPLES };
  });
  return {
    kind: 'audio',
    nodeId,
    conference: '3000',
    epoch: 1,
    format: PCMU,
    bytes,
    frames: parts as unknown as Extract<ReceivedFrame, { kind: 'audio' }>['frames'],
    frameCount: frames.length,
  };
}

/** Lets each node send its tone for a second, and listens to the mix. @returns levels of the heard frames */
function listen(
  nodes: Readonly<
    Record<string, { startIndex: number; dbov: number; lost?: (i: number) => boolean; redundancy?: number }>
  >,
): { levels: number[]; stats: ReturnType<RemoteSources['stats']> } {
  const sources = new RemoteSources(8000);
  const out = new Int16Array(SAMPLES);
  const levels: number[] = [];
  for (let i = 0; i < 100; i += 1) {
    const nowMs = i * 20;
    for (const [nodeId, { startIndex, dbov, lost, redundancy = 0 }] of Object.entries(nodes)) {
      if (lost?.(i)) continue;
      const frames = Array.from({ length: redundancy + 1 }, (_, back) => i - back).filter((at) => at >= 0);
      const packet = frames.map((at) => [startIndex + at, toneFrame(at, 400, dbov)] as const);
      sources.push(received(nodeId, packet), nowMs);
    }
    if (sources.pullInto(out, nowMs + 5)) levels.push(levelDbov(out));
  }
  return { levels, stats: sources.stats() };
}

describe('the sources of other nodes', () => {
  it('are heard at their level, and together with each other', () => {
    expect(listen({ a: { startIndex: 7, dbov: -20 } }).levels.at(-1)).toBeCloseTo(-20, 0);
    const both = listen({ a: { startIndex: 7, dbov: -20 }, b: { startIndex: 90_000, dbov: -20 } });
    expect(both.levels.at(-1)).toBeCloseTo(-14, 0);
  });

  it('go on where the index of their frames wraps', () => {
    const { levels, stats } = listen({ a: { startIndex: 0xffff_ffe0, dbov: -20 } });
    expect(levels.length).toBeGreaterThan(95);
    expect(stats.get('a')).toMatchObject({ late: 0, concealed: 0, resyncs: 0 });
  });

  it('lose nothing where each packet carries the frame before it', () => {
    const lost = (i: number) => i % 4 === 3;
    expect(listen({ a: { startIndex: 0, dbov: -20, lost } }).stats.get('a')?.concealed).toBeGreaterThan(20);
    const repaired = listen({ a: { startIndex: 0, dbov: -20, lost, redundancy: 1 } });
    expect(repaired.stats.get('a')?.concealed).toBeLessThan(2);
    // As long as a frame takes to come again, and 10 ms.
    expect(repaired.stats.get('a')?.targetMs).toBe(30);
  });

  it.each([0, 50, 3_000_000_000, 0xffff_ff00])(
    'are heard again when they have begun anew, counting from %d',
    (anew) => {
      const sources = new RemoteSources(8000);
      const out = new Int16Array(SAMPLES);
      const heard: boolean[] = [];
      // More than once, each time from further back.
      for (let i = 0; i < 400; i += 1) {
        const from = [2_000_000_000, anew, anew - 2_000_000_000, anew - 4_000_000_000][Math.floor(i / 100)] ?? 0;
        sources.push(received('a', [[(from + (i % 100)) >>> 0, toneFrame(i, 400, -20)]]), i * 20);
        heard.push(sources.pullInto(out, i * 20 + 5));
      }
      for (const begin of [0, 100, 200, 300]) {
        expect(heard.slice(begin + 10, begin + 100).every((each) => each)).toBe(true);
      }
    },
  );

  it('are forgotten when they have been silent for long, and when they have left', () => {
    const sources = new RemoteSources(8000);
    const out = new Int16Array(SAMPLES);
    sources.push(received('a', [[0, toneFrame(0, 400, -20)]]), 0);
    for (let nowMs = 0; nowMs < 6000; nowMs += 20) sources.pullInto(out, nowMs);
    expect(sources.stats().size).toBe(0);
    sources.push(received('a', [[0, toneFrame(0, 400, -20)]]), 6000);
    sources.forget('a');
    expect(sources.pullInto(out, 6020)).toBe(false);
  });
});

describe('a node whose relay was started again', () => {
  it.each([
    ['before', 2_000_000_000, 5],
    ['after', 5, 2_000_000_000],
  ])('is heard at once, though its frames are counted from far %s', (_, first, second) => {
    const sources = new RemoteSources(8000);
    const out = new Int16Array(SAMPLES);
    let heard = 0;
    for (let i = 0; i < 100; i += 1) {
      const index = i < 50 ? first + i : second + i;
      sources.push(received('a', [[index, toneFrame(index, 400, -20)]]), i * 20);
      if (sources.pullInto(out, i * 20 + 5) && levelDbov(out) > -23) heard += 1;
    }
    expect(heard).toBeGreaterThan(95);
    expect(sources.counts().get('a')).toEqual({ frames: 100, late: 0, concealed: 0 });
  });
});

describe('what is shared of a conference', () => {
  it('is the voices, and now and then a silence descriptor', () => {
    const shared = new TrunkFeed('3000', { redundancy: 0, codec: 'PCMU', sampleRateHz: 8000 });
    const kinds = (from: number, to: number, dbov: number) =>
      Array.from({ length: to - from }, (_, i) => shared.next(toneFrame(from + i, 400, dbov))?.kind ?? 'nothing');
    kinds(0, 50, -80);
    const silent = kinds(50, 150, -80);
    expect(silent.filter((kind) => kind === 'silence').length).toBe(10);
    expect(silent).not.toContain('audio');
    expect(kinds(150, 200, -20).filter((kind) => kind !== 'audio').length).toBeLessThanOrEqual(1);
    // The end of a word is sent as well.
    expect(kinds(200, 215, -80).every((kind) => kind === 'audio')).toBe(true);
    expect(kinds(215, 260, -80)).toContain('silence');
  });

  it('tells the end of a voice again where packets may be lost', () => {
    const kindsAfterVoice = (redundancy: 0 | 1 | 2) => {
      const shared = new TrunkFeed('3000', { redundancy, codec: 'PCMU', sampleRateHz: 8000 });
      for (let i = 0; i < 50; i += 1) shared.next(toneFrame(i, 400, -20));
      const kinds = Array.from({ length: 30 }, () => shared.next(new Int16Array(SAMPLES))?.kind ?? 'nothing');
      return kinds.slice(kinds.indexOf('silence')).slice(0, 4);
    };
    expect(kindsAfterVoice(0)).toEqual(['silence', 'nothing', 'nothing', 'nothing']);
    expect(kindsAfterVoice(1)).toEqual(['silence', 'silence', 'nothing', 'nothing']);
    expect(kindsAfterVoice(2)).toEqual(['silence', 'silence', 'silence', 'nothing']);
  });

  it('counts its frames in time, silence included', () => {
    const shared = new TrunkFeed('3000', { redundancy: 0, codec: 'L16', sampleRateHz: 8000 });
    const first = shared.next(toneFrame(0, 400, -20))?.frameIndex ?? 0;
    for (let i = 1; i < 100; i += 1) shared.next(new Int16Array(SAMPLES));
    const later = shared.next(toneFrame(100, 400, -20))?.frameIndex ?? 0;
    expect((later - first) >>> 0).toBe(100);
  });
});
