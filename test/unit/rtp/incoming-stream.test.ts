import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IncomingStream } from '../../../src/rtp/incoming-stream.ts';
import { decodeRtpInto, emptyRtpView, encodeInto, type RtpHeader } from '../../../src/rtp/packet.ts';

const AUDIO = 0;
const EVENT = 101;
const END = 0x80;
const FRAME_MS = 20;

/** A packet of a phone. Audio has no event. */
type Sent = RtpHeader & { atMs: number; code: number | null; end: boolean; duration: number };
type Alter = (packet: Sent, nth: number) => Partial<Sent> | null;

/** A phone that sends audio and presses; each packet may be altered or lost. */
class Phone {
  readonly packets: Sent[] = [];
  #nowMs = 0;
  #sequence: number;
  #timestamp: number;

  constructor({ sequence = 65_530, timestamp = 1000 } = {}) {
    this.#sequence = sequence;
    this.#timestamp = timestamp;
  }

  talk(durationMs: number): this {
    for (let ms = 0; ms < durationMs; ms += FRAME_MS) this.#frame([{ timestamp: this.#timestamp }]);
    return this;
  }

  /** Nothing is sent. */
  pause(durationMs: number): this {
    this.#nowMs += durationMs;
    this.#timestamp += durationMs * 8;
    return this;
  }

  press(code: number, durationMs = 100, alter: Alter = () => ({})): this {
    const timestamp = this.#timestamp;
    const frames = durationMs / FRAME_MS;
    let nth = 0;
    for (let frame = 1; frame <= frames; frame++) {
      const packet = { payloadType: EVENT, code, timestamp, marker: frame === 1, duration: frame * 160 };
      const copies = frame === frames ? 3 : 1;
      this.#frame(
        Array.from({ length: copies }, () => ({ ...packet, end: frame === frames })),
        (sent) => alter(sent, nth++),
      );
    }
    return this;
  }

  #frame(packets: readonly Partial<Sent>[], alter: (sent: Sent) => Partial<Sent> | null = () => ({})): void {
    for (const packet of packets) {
      const standard = {
        payloadType: AUDIO,
        marker: false,
        timestamp: 0,
        ssrc: 7,
        code: null,
        end: false,
        duration: 0,
      };
      const sent = { ...standard, ...packet, sequence: this.#sequence++ & 0xffff, atMs: this.#nowMs };
      const altered = alter(sent);
      if (altered) this.packets.push({ ...sent, ...altered });
    }
    this.#nowMs += FRAME_MS;
    this.#timestamp += FRAME_MS * 8;
  }
}

/** The keys that Asterisk counts (`process_dtmf_rfc2833` of res_rtp_asterisk.c), in order, as one text. */
class Asterisk {
  keys = '';
  #ssrc = -1;
  #digit = -1;
  #sequence = 0;
  #timeout = 0;
  #ended = -1;
  readonly #view = emptyRtpView();

  readonly receive = (packet: Buffer): void => {
    const view = this.#view;
    expect(decodeRtpInto(view, packet)).toBeNull();
    const { sequence, timestamp } = view;
    if (view.ssrc !== this.#ssrc) this.#ended = -1;
    this.#ssrc = view.ssrc;
    if (view.payloadType === AUDIO) {
      if (this.#timeout > 0 && this.#timeout < timestamp && this.#digit >= 0) this.#count(this.#digit);
      return;
    }
    const code = packet[view.payloadStart] as number;
    if ((packet[view.payloadStart + 1] as number) & END) {
      if (sequence !== this.#sequence && timestamp > this.#ended) {
        this.#ended = timestamp;
        // It makes up the press of an end without a beginning, and counts that twice at times.
        if (this.#digit < 0) this.#count(code);
        this.#count(code);
      }
    } else {
      const isLate = this.#sequence > sequence && this.#sequence - sequence < 50;
      if (isLate || timestamp <= this.#ended) return;
      if (this.#digit >= 0 && this.#digit !== code) this.#count(this.#digit);
      this.#digit = code;
      this.#timeout = timestamp + packet.readUInt16BE(view.payloadStart + 2) + 3000;
    }
    this.#sequence = sequence;
  };

  #count(code: number): void {
    this.keys += '0123456789*#ABCD'[code];
    this.#digit = -1;
    this.#timeout = 0;
  }
}

/** The keys that Asterisk counts of what a phone sends, in the order in which it comes. */
function counted(packets: readonly Sent[], stopAfterMs = 1000): string {
  const asterisk = new Asterisk();
  let pressed = '';
  const stream = new IncomingStream({
    send: asterisk.receive,
    pressed: (code) => {
      pressed += '0123456789*#ABCD'[code];
    },
    randomInt: (end) => end - 1,
  });
  const view = emptyRtpView();
  let tickMs = 0;
  const tickUntil = (untilMs: number) => {
    for (; tickMs <= untilMs; tickMs += 200) stream.tick(tickMs);
  };
  for (const { code, end, duration, atMs, ...header } of packets) {
    tickUntil(atMs);
    const payload = code === null ? new Uint8Array(160) : Uint8Array.of(code, end ? END : 0, duration >> 8, duration);
    const packet = Buffer.alloc(12 + payload.length);
    encodeInto(packet, header, payload);
    decodeRtpInto(view, packet);
    if (code !== null) stream.event(view, packet, atMs);
    else if (stream.audio(view, packet)) asterisk.receive(packet);
  }
  tickUntil((packets.at(-1)?.atMs ?? 0) + stopAfterMs);
  // What the relay tells of presses is what Asterisk counts.
  expect(pressed).toBe(asterisk.keys);
  return asterisk.keys;
}

describe('a press counts once', () => {
  let nth = 0;
  const anew = (each: number) => (packet: Sent, index: number) => ({ timestamp: packet.timestamp + index * each });
  it.each<[string, Alter]>([
    ['as RFC 4733 has it', () => ({})],
    ['with a new timestamp in each packet', anew(160)],
    [
      'with a new timestamp and the same duration in each packet',
      (packet, i) => ({ ...anew(160)(packet, i), duration: 160 }),
    ],
    ['with new timestamps in its end packets', (packet, i) => (packet.end ? anew(160)(packet, i) : {})],
    ['with falling timestamps', anew(-160)],
    ['with the marker in each packet', () => ({ marker: true })],
    ['with the marker and a new timestamp in each packet', (packet, i) => ({ ...anew(160)(packet, i), marker: true })],
    ['without a marker', () => ({ marker: false })],
    ['without its first packet', (_, i) => (i === 0 ? null : {})],
    ['without its end', ({ end }) => (end ? null : {})],
    ['as one end packet alone', ({ end }) => (end && nth++ === 0 ? {} : null)],
    ['as its first packet alone', (_, i) => (i === 0 ? {} : null)],
    ['with a timestamp long ago', ({ timestamp }) => ({ timestamp: timestamp - 80_000 })],
    ['with a timestamp far ahead', ({ timestamp }) => ({ timestamp: timestamp + 800_000 })],
    ['in a stream of its own', () => ({ ssrc: 8 })],
  ])('%s', (_, alter) => {
    nth = 0;
    expect(counted(new Phone().talk(100).press(8, 200, alter).talk(1000).packets)).toBe('8');
    nth = 0;
    expect(counted(new Phone().press(8, 200, alter).packets)).toBe('8');
  });

  it('while audio comes as well', () => {
    const { packets } = new Phone().pause(100).press(8, 400, () => ({ timestamp: 0 }));
    const audio = new Phone().talk(600).packets;
    expect(counted([...packets, ...audio].sort((a, b) => a.atMs - b.atMs))).toBe('8');
  });

  it('that begins, and ends a second later, with audio between', () => {
    const rare: Alter = ({ end, timestamp }, i) =>
      i === 0 || end ? {} : { payloadType: AUDIO, code: null, timestamp: timestamp + 160 * i };
    expect(counted(new Phone().talk(100).press(8, 1000, rare).talk(500).packets)).toBe('8');
  });

  it('that is held for longer than durations last', () => {
    const whole = new Phone().press(8, 20_000, ({ duration }) => ({ duration: duration & 0xffff }));
    expect(counted(whole.packets)).toBe('8');
    // RFC 4733, section 2.5.1.3: each segment has a timestamp of its own.
    const segments = new Phone().press(8, 20_000, ({ timestamp, duration }) => {
      const segment = Math.floor((duration - 1) / 0xfff0);
      return { timestamp: timestamp + segment * 0xfff0, duration: duration - segment * 0xfff0 };
    });
    expect(counted(segments.packets)).toBe('8');
  });
});

describe('two presses count twice', () => {
  let first = 0;
  it.each<[string, Alter]>([
    ['as RFC 4733 has it', () => ({})],
    ['with the timestamp of the one before', () => ({ timestamp: 5 })],
    ['without ends', ({ end }) => (end ? null : {})],
    ['without ends and markers', ({ end }) => (end ? null : { marker: false })],
    ['without ends and markers, with one timestamp', ({ end }) => (end ? null : { marker: false, timestamp: 5 })],
    ['of end packets alone', ({ end }) => (end ? {} : null)],
    ['with a new timestamp in each packet', ({ timestamp }, i) => ({ timestamp: timestamp + 160 * i })],
    ['without the marker', () => ({ marker: false })],
    ['the later of which has the smaller timestamp', ({ timestamp }) => ({ timestamp: timestamp - 800 * first++ })],
  ])('%s', (_, alter) => {
    for (const key of [8, 9]) {
      first = 0;
      const quick = new Phone().talk(100).press(8, 100, alter).talk(40).press(key, 100, alter).talk(500);
      expect(counted(quick.packets)).toBe(`8${key}`);
    }
  });

  it('of end packets alone, however close these come together', () => {
    const ends: Alter = ({ end }) => (end ? {} : null);
    const { packets } = new Phone().press(8, 200, ends).pause(60).press(8, 200, ends);
    expect(counted(packets.map((each, i) => ({ ...each, sequence: i, atMs: 10 * i })))).toBe('88');
  });

  it('without a gap between them', () => {
    expect(counted(new Phone().press(8).press(9).press(9).press(9).packets)).toBe('8999');
  });

  it('after a long pause, whatever the sequence numbers are then', () => {
    const late = new Phone({ sequence: 65_520 }).pause(30 * 60_000).press(8);
    expect(counted([...new Phone().press(8).packets, ...late.packets])).toBe('88');
  });

  it('when the timestamps of the phone begin again, or its stream does', () => {
    for (const timestamp of [2 ** 32 - 4000, 2 ** 32 - 60 * 8000 - 4000]) {
      const phone = new Phone({ timestamp }).talk(100).press(8).talk(500).press(8).talk(500).press(9);
      expect(counted(phone.packets.map((each) => ({ ...each, timestamp: each.timestamp >>> 0 })))).toBe('889');
    }
    const before = new Phone({ timestamp: 900_000 }).talk(100).press(8).talk(100);
    const anew = new Phone({ timestamp: 0 }).pause(2000).talk(100).press(8).talk(100);
    expect(counted([...before.packets, ...anew.packets.map((each) => ({ ...each, ssrc: 9 }))])).toBe('88');
  });
});

it('of what the network loses, doubles and reorders, presses count once if anything of them comes', () => {
  const fate = fc.record({ lost: fc.integer({ min: 0, max: 9 }), again: fc.boolean(), lateMs: fc.nat(60) });
  const keys = fc.array(fc.record({ code: fc.nat(15), gapMs: fc.integer({ min: 60, max: 400 }) }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(keys, fc.array(fate, { minLength: 30, maxLength: 90 }), (presses, fates) => {
      const phone = new Phone().talk(100);
      for (const { code, gapMs } of presses) phone.press(code, 100).talk(gapMs - (gapMs % FRAME_MS));
      const came = phone.packets.flatMap((packet, i) => {
        const { lost, again, lateMs } = fates[i % fates.length] ?? { lost: 9, again: false, lateMs: 0 };
        if (lost < 2) return [];
        const arrival = { ...packet, atMs: packet.atMs + lateMs };
        return again ? [arrival, { ...arrival, atMs: arrival.atMs + 5 }] : [arrival];
      });
      came.sort((a, b) => a.atMs - b.atMs);
      const timestamps = [
        ...new Set(phone.packets.filter(({ code }) => code !== null).map(({ timestamp }) => timestamp)),
      ];
      const seen = timestamps.filter((timestamp) => came.some((p) => p.code !== null && p.timestamp === timestamp));
      const expected = presses.filter((_, i) => seen.includes(timestamps[i] ?? -1));
      expect(counted(came)).toBe(expected.map(({ code }) => '0123456789*#ABCD'[code]).join(''));
    }),
  );
});

describe('audio for Asterisk, which drops what goes back in sequence,', () => {
  const FRAME_TICKS = 160;
  /** The sequence numbers that Asterisk gets of packets with these SSRCs, sequence numbers and times in frames. */
  const written = (packets: readonly (readonly [ssrc: number, sequence: number, frame: number])[]) => {
    const stream = new IncomingStream({ send: () => {}, pressed: () => {}, randomInt: (end) => end - 1 });
    const view = emptyRtpView();
    const payload = new Uint8Array(FRAME_TICKS);
    return packets.flatMap(([ssrc, sequence, frame]) => {
      const packet = Buffer.alloc(12 + FRAME_TICKS);
      encodeInto(packet, { payloadType: 0, marker: false, sequence, timestamp: frame * FRAME_TICKS, ssrc }, payload);
      decodeRtpInto(view, packet);
      if (!stream.audio(view, packet)) return [];
      decodeRtpInto(view, packet);
      return [view.sequence];
    });
  };

  it('has the numbers of the phone, over their wrap and over losses', () => {
    expect(
      written([
        [7, 65_534, 1],
        [7, 65_535, 2],
        [7, 1, 4],
      ]),
    ).toEqual([65_534, 65_535, 1]);
  });

  it.each([
    ['another SSRC', 8, 900],
    ['another SSRC and lower numbers', 8, 500],
    ['lower numbers', 7, 500],
    ['numbers half the range away', 7, 1001 + 0x8000],
  ])('goes on where a stream begins again with %s', (_, ssrc, sequence) => {
    expect(
      written([
        [7, 1000, 1],
        [7, 1001, 2],
        [ssrc, sequence, 9000],
        [ssrc, sequence + 1, 9001],
        [7, 1002, 3],
      ]).slice(0, 4),
    ).toEqual([1000, 1001, 1002, 1003]);
  });

  it('keeps the number of a late packet', () => {
    expect(
      written([
        [7, 1000, 1],
        [7, 1002, 3],
        [7, 1001, 2],
        [7, 1003, 4],
      ]),
    ).toEqual([1000, 1002, 1001, 1003]);
  });

  it('comes once where the network copies packets', () => {
    expect(
      written([
        [7, 1000, 1],
        [7, 1000, 1],
        [7, 1001, 2],
        [7, 1001, 2],
      ]),
    ).toEqual([1000, 1001]);
  });

  it('gets numbers where the phone has always the same', () => {
    expect(
      written([
        [7, 1000, 1],
        [7, 1000, 2],
        [7, 1000, 3],
      ]),
    ).toEqual([1000, 1001, 1002]);
  });
});
