import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JitterBuffer } from '../../../src/audio/jitter-buffer.ts';
import { type Arrival, countOf, FRAME_MS, meanAddedDelayMs, play, randomFrom, sequencesOf, talk } from './playout.ts';

const phases = fc.double({ min: 0, max: 19.9, noNaN: true });

describe('the jitter buffer on an even network', () => {
  it('plays every frame once, in order, with a delay of 20 to 40 ms', () => {
    fc.assert(
      fc.property(phases, (phaseMs) => {
        const { heard, buffer } = play(
          talk(0, 500, () => 50),
          10_000,
          { phaseMs },
        );
        const sequences = sequencesOf(heard);
        expect(sequences).toEqual(sequences.map((_, i) => i));
        expect(countOf(heard, 'concealed')).toBe(0);
        expect(sequences.length).toBeGreaterThan(494);
        expect(meanAddedDelayMs(heard, 50)).toBeLessThanOrEqual(40);
        expect(meanAddedDelayMs(heard, 50)).toBeGreaterThanOrEqual(20);
        expect(buffer.stats.targetMs).toBe(20);
      }),
      { numRuns: 20 },
    );
  });

  it('conceals each lost frame and plays the one after it when it is due', () => {
    const { heard } = play(
      talk(0, 200, (i) => (i % 20 === 10 ? null : 50)),
      4000,
    );
    expect(countOf(heard, 'concealed')).toBe(10);
    const first = heard.findIndex(({ outcome }) => outcome === 'frame');
    for (const [i, { outcome, sequence }] of heard.slice(first).entries()) {
      if (outcome === 'frame') expect(sequence).toBe(i);
    }
  });

  it.each([2, 3])('conceals %d frames that are lost in a row, without a longer delay after them', (lost) => {
    fc.assert(
      fc.property(phases, (phaseMs) => {
        const { heard } = play(
          talk(0, 200, (i) => (i % 20 < lost && i >= 20 ? null : 50)),
          4000,
          { phaseMs },
        );
        expect(countOf(heard, 'concealed')).toBe(9 * lost);
        const delays = heard.filter(({ outcome }) => outcome === 'frame').map(({ delayMs }) => delayMs);
        expect(delays.at(-1)).toBeCloseTo(delays[0] ?? 0, 6);
      }),
      { numRuns: 20 },
    );
  });

  it('conceals a lost frame also after the delay has grown for a late one', () => {
    const { heard } = play(
      talk(0, 200, (i) => (i === 100 ? 95 : i === 101 ? 80 : i === 120 ? null : 50)),
      4000,
    );
    const at = heard.findIndex(({ sequence }) => sequence === 119);
    expect(heard[at + 1]?.outcome).toBe('concealed');
    expect(heard[at + 2]?.sequence).toBe(121);
  });

  it('plays on without a click after a loss', () => {
    const buffer = new JitterBuffer({ sampleRateHz: 8000 });
    const out = new Int16Array(160);
    const heard: number[] = [];
    for (let sequence = 0; sequence < 20; sequence += 1) {
      const samples = new Int16Array(160).fill(sequence < 10 ? 1000 : -1000);
      if (sequence !== 10) buffer.push({ sequence, samples, levelDbov: -30 }, sequence * FRAME_MS);
      if (buffer.pull(sequence * FRAME_MS + 1, out) !== 'silence') heard.push(...out);
    }
    const steps = heard.map((sample, i) => Math.abs(sample - (heard[i - 1] ?? sample)));
    expect(heard.at(-1)).toBe(-1000);
    expect(Math.max(...steps)).toBeLessThan(100);
  });

  it('plays frames that overtook each other in their order', () => {
    const { heard } = play(
      talk(0, 200, (i) => (i % 10 === 3 ? 75 : 50)),
      4000,
    );
    expect(countOf(heard.slice(20), 'concealed')).toBe(0);
    const sequences = sequencesOf(heard);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  });
});

describe('the jitter buffer on an uneven network', () => {
  it('conceals less than 0.5 % with 30 ms of jitter and no loss', () => {
    fc.assert(
      fc.property(fc.integer(), phases, (seed, phaseMs) => {
        const random = randomFrom(seed);
        const { heard, buffer } = play(
          talk(0, 3000, () => 40 + 30 * random()),
          60_000,
          { phaseMs },
        );
        const warm = heard.slice(100);
        expect(countOf(warm, 'concealed') / warm.length).toBeLessThan(0.005);
        expect(buffer.stats.targetMs).toBeLessThanOrEqual(34);
        expect(buffer.stats.targetMs).toBeGreaterThanOrEqual(26);
        expect(meanAddedDelayMs(warm, 40)).toBeLessThan(75);
      }),
      { numRuns: 10 },
    );
  });

  it('misses little but what is lost twice, with 30 ms of jitter, 5 % loss and each frame sent again', () => {
    fc.assert(
      fc.property(fc.integer(), phases, (seed, phaseMs) => {
        const random = randomFrom(seed);
        const packets = Array.from({ length: 3000 }, (_, sequence) => ({
          sequence,
          lost: random() < 0.05,
          atMs: sequence * FRAME_MS + 40 + 60 * random(),
        }));
        const arrivals = packets
          .filter(({ lost }) => !lost)
          .flatMap(({ sequence, atMs }) => [
            { atMs, sequence: Math.max(0, sequence - 1), levelDbov: -20 },
            { atMs, sequence, levelDbov: -20 },
          ]);
        const lostTwice = packets.filter(({ lost }, i) => lost && packets[i + 1]?.lost === true).length;
        const { heard, buffer } = play(arrivals, 60_000, { phaseMs, repeats: 1 });
        // The beginning, when it is not known yet how uneven the network is, costs a few.
        expect(countOf(heard, 'concealed')).toBeLessThanOrEqual(lostTwice + 6);
        expect(buffer.stats.targetMs).toBeLessThanOrEqual(80);
        expect(meanAddedDelayMs(heard, 70)).toBeLessThan(85);
      }),
      { numRuns: 10 },
    );
  });

  it('keeps order, bounds and its temper whatever is lost, late, doubled or silent', () => {
    const networks = fc.record({
      seed: fc.integer(),
      lossShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
      jitterMs: fc.double({ min: 0, max: 400, noNaN: true }),
      doubledShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
      silentShare: fc.double({ min: 0, max: 0.2, noNaN: true }),
      quietShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(networks, (network) => {
        const random = randomFrom(network.seed);
        const arrivals: Arrival[] = [];
        for (let sequence = 0; sequence < 400; sequence += 1) {
          const atMs = sequence * FRAME_MS + network.jitterMs * random();
          const levelDbov = random() < network.quietShare ? -70 : -20;
          const frame = { sequence, levelDbov, silent: random() < network.silentShare };
          if (random() >= network.lossShare) arrivals.push({ ...frame, atMs });
          if (random() < network.doubledShare) arrivals.push({ ...frame, atMs: atMs + 30 * random() });
        }
        const { heard, buffer } = play(arrivals, 9000);
        let before = -1;
        for (const { outcome, sequence, delayMs } of heard) {
          expect(delayMs).toBeLessThanOrEqual(120);
          if (outcome !== 'frame') continue;
          // Again only what is repeated, never back.
          expect(sequence).toBeGreaterThanOrEqual(before);
          before = sequence;
        }
        const { received, late, duplicate, dropped, repeated, refused } = buffer.stats;
        expect(received + late + duplicate + refused).toBe(arrivals.length);
        const played = countOf(heard, 'frame') - repeated;
        const silent = received - dropped - played;
        expect(silent).toBeGreaterThanOrEqual(0);
        expect(new Set(sequencesOf(heard)).size).toBe(played);
      }),
      { numRuns: 60 },
    );
  });

  it('grows at once for a delay and shrinks in silence once that is over', () => {
    const quietAfter = (i: number) => (i > 300 ? -70 : -20);
    const delays = (i: number) => (i >= 100 && i < 104 ? 50 + 70 - 20 * (i - 100) : 50);
    const { heard } = play(talk(0, 1500, delays, quietAfter), 30_000);
    const delayAt = (sequence: number) => heard.find((each) => each.sequence === sequence)?.delayMs ?? 0;
    expect(delayAt(90)).toBeLessThan(40);
    expect(delayAt(110)).toBeGreaterThanOrEqual(70);
    expect(delayAt(290)).toBeGreaterThanOrEqual(70);
    expect(delayAt(1400)).toBeLessThanOrEqual(50);
    // Shorter by single frames only, so that pauses do not collapse.
    const skipped = heard.flatMap(({ sequence }, i) => (sequence - (heard[i - 1]?.sequence ?? 0) === 2 ? [i] : []));
    expect(skipped.length).toBeGreaterThan(0);
    for (const [i, at] of skipped.entries()) expect(at - (skipped[i - 1] ?? 0)).toBeGreaterThanOrEqual(5);
    // All of the burst was heard: only its beginning was filled in for.
    const sequences = sequencesOf(heard.filter(({ sequence }) => sequence < 300));
    expect(sequences).toEqual(sequences.map((_, i) => i));
  });

  it('is not longer than its maximum after a long stall, and plays on', () => {
    const delays = (i: number) => (i >= 100 && i < 130 ? 50 + 20 * (130 - i) : 50);
    const { heard, buffer } = play(talk(0, 400, delays), 8000);
    expect(Math.max(...heard.map(({ delayMs }) => delayMs))).toBeLessThanOrEqual(120);
    expect(buffer.stats.dropped).toBeGreaterThan(15);
    expect(sequencesOf(heard.slice(150))).toEqual(sequencesOf(heard.slice(150)).toSorted((a, b) => a - b));
    expect(countOf(heard.slice(140, 390), 'frame')).toBe(250);
  });

  it.each([-200, 200])('follows a clock that is off by %d ppm, in the quiet between words', (ppm) => {
    const level = (i: number) => (i % 50 < 40 ? -20 : -70);
    const { heard, buffer } = play(
      talk(0, 15_000, () => 50, level),
      300_000,
      { pullMs: FRAME_MS * (1 + ppm / 1e6) },
    );
    expect(countOf(heard, 'concealed')).toBe(0);
    expect(buffer.stats.dropped + buffer.stats.repeated).toBeGreaterThanOrEqual(2);
    const last = heard.slice(-1000);
    expect(Math.max(...last.map(({ delayMs }) => delayMs))).toBeLessThanOrEqual(55);
    expect(Math.min(...last.map(({ delayMs }) => delayMs))).toBeGreaterThanOrEqual(15);
  });

  it('uses what comes again later, if that is in time', () => {
    // Redundancy: each packet carries the frame before once more, and every tenth packet is lost.
    const arrivals = Array.from({ length: 400 }, (_, sequence) => sequence)
      .filter((sequence) => sequence % 10 !== 5)
      .flatMap((sequence) => [
        { atMs: 50 + sequence * FRAME_MS, sequence, levelDbov: -20 },
        { atMs: 50 + sequence * FRAME_MS, sequence: Math.max(0, sequence - 1), levelDbov: -20 },
      ]);
    const { heard, buffer } = play(arrivals, 8000);
    expect(countOf(heard.slice(50, 390), 'concealed')).toBe(0);
    expect(buffer.stats.late).toBeLessThanOrEqual(1);
  });
});

describe('the jitter buffer and silence', () => {
  const silence = (sequence: number, levelDbov = -60): Arrival => ({
    atMs: sequence * FRAME_MS + 50,
    sequence,
    levelDbov,
    silent: true,
  });

  it('conceals nothing while the source sends none, and tells its noise', () => {
    const { heard, buffer } = play([...talk(0, 50, () => 50), silence(50), silence(75, -65)], 3000);
    expect(countOf(heard, 'frame')).toBe(50);
    expect(countOf(heard, 'concealed')).toBe(0);
    expect(buffer.noiseDbov).toBe(-65);
  });

  it('makes nothing up for the end of what was quiet when that is lost', () => {
    const levels = (i: number) => (i > 30 ? -70 : -20);
    const { heard } = play([...talk(0, 50, (i) => (i === 49 ? null : 50), levels), silence(50)], 3000);
    expect(countOf(heard, 'frame')).toBe(49);
    expect(countOf(heard, 'concealed')).toBe(0);
  });

  it('plays the next words from their beginning, with the delay that is right by then', () => {
    const jittery = talk(0, 50, (i) => 50 + (i % 2) * 60);
    const { heard } = play([...jittery, silence(50), ...talk(1000, 50, () => 50)], 25_000);
    const sequences = sequencesOf(heard).filter((sequence) => sequence >= 1000);
    expect(sequences).toEqual(Array.from({ length: 50 }, (_, i) => 1000 + i));
  });

  it('fills in for three frames of a source that falls silent without a word, then no more', () => {
    const { heard } = play([...talk(0, 50, () => 50), ...talk(100, 50, () => 50)], 4000);
    expect(countOf(heard, 'frame')).toBe(100);
    expect(countOf(heard, 'concealed')).toBe(3 + 3);
  });

  it('plays on at once when the source does not count its silence', () => {
    const later = talk(51, 50, () => 50).map((arrival) => ({ ...arrival, atMs: arrival.atMs + 5000 }));
    const { heard } = play([...talk(0, 50, () => 50), silence(50), ...later], 8000);
    expect(countOf(heard, 'frame')).toBe(100);
    const spoken = heard.find(({ sequence }) => sequence === 51);
    expect((spoken?.atMs ?? 0) - 5000 - 51 * FRAME_MS - 50).toBeLessThanOrEqual(40);
  });
});

describe('the jitter buffer and a source that begins anew', () => {
  it.each([
    ['back at 0', 0],
    ['far ahead', 20_000],
  ])('plays it from its second frame: %s', (_, from) => {
    // Nothing of before may be left when it pauses, either.
    const anew = [...talk(0, 100, () => 50), ...talk(150, 50, () => 50)].map(({ atMs, sequence, levelDbov }) => ({
      // Before all of the old has been played.
      atMs: atMs + 1980,
      sequence: from + sequence,
      levelDbov,
    }));
    const { heard, buffer } = play([...talk(1000, 100, () => 50 - 1000 * FRAME_MS), ...anew], 7000);
    expect(buffer.stats.resyncs).toBe(1);
    expect(sequencesOf(heard).filter((sequence) => sequence < 1000 || sequence >= 20_000)).toHaveLength(149);
  });

  it('is not misled by a single frame of nowhere', () => {
    const stray: Arrival = { atMs: 1005, sequence: 9_000_000, levelDbov: -20 };
    const { heard, buffer } = play([...talk(0, 100, () => 50), stray], 3000);
    expect(countOf(heard, 'frame')).toBe(100);
    expect(buffer.stats.refused).toBe(1);
  });
});

describe('a frame that the jitter buffer cannot use', () => {
  it('is refused: of the wrong length, or without a number', () => {
    const buffer = new JitterBuffer({ sampleRateHz: 8000 });
    expect(buffer.push({ sequence: 0, samples: new Int16Array(320), levelDbov: -20 }, 0)).toBe('bad-frame');
    expect(buffer.push({ sequence: Number.NaN, samples: null, levelDbov: -20 }, 0)).toBe('bad-frame');
    expect(buffer.push({ sequence: -1, samples: null, levelDbov: -20 }, 0)).toBe('bad-frame');
    expect(buffer.pull(20, new Int16Array(160))).toBe('silence');
  });

  it('does not fill the memory when nobody pulls', () => {
    const buffer = new JitterBuffer({ sampleRateHz: 8000 });
    const samples = new Int16Array(160).fill(5);
    for (let sequence = 0; sequence < 1000; sequence += 1) {
      expect(buffer.push({ sequence, samples, levelDbov: -20 }, sequence * FRAME_MS)).toBe('accepted');
    }
    const out = new Int16Array(160);
    expect(buffer.pull(20_000, out)).toBe('frame');
    expect(buffer.stats.dropped).toBeGreaterThan(980);
    expect(buffer.stats.delayMs).toBeLessThanOrEqual(120);
  });
});
