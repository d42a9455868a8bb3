import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeTelephoneEventInto,
  emptyTelephoneEvent,
  TelephoneEventReceiver,
} from '../../../src/rtp/telephone-event.ts';

const KEYS = '0123456789*#ABCD';

interface Packet {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly code: number;
  readonly end: boolean;
  readonly durationUnits: number;
}

/** Keys of 80 ms with 100 ms from one start to the next, as a phone sends them: the last packet three times. */
function press(keys: string, from: { sequence?: number; timestamp?: number; ssrc?: number } = {}): Packet[] {
  let sequence = from.sequence ?? 100;
  let timestamp = from.timestamp ?? 5000;
  const packets: Packet[] = [];
  for (const key of keys) {
    for (const [index, durationUnits] of [160, 320, 480, 640, 640, 640].entries()) {
      packets.push({
        ssrc: from.ssrc ?? 1,
        sequence: sequence & 0xffff,
        timestamp: timestamp >>> 0,
        marker: index === 0,
        code: KEYS.indexOf(key),
        end: index > 2,
        durationUnits,
      });
      sequence += 1;
    }
    timestamp += 800;
  }
  return packets;
}

function keysOf(packets: readonly Packet[]): string {
  const receiver = new TelephoneEventReceiver();
  return packets.map((packet) => receiver.push(packet, packet) ?? '').join('');
}

describe('telephone events', () => {
  it('become one key each, all sixteen of them', () => {
    expect(keysOf(press(KEYS))).toBe(KEYS);
  });

  it('tell a key at its first packet', () => {
    const [first, ...rest] = press('7');
    const receiver = new TelephoneEventReceiver();
    expect(first && receiver.push(first, first)).toBe('7');
    expect(rest.map((packet) => receiver.push(packet, packet))).toEqual(rest.map(() => null));
  });

  it('tell the same key twice if it was pressed twice', () => {
    expect(keysOf(press('1122*'))).toBe('1122*');
  });

  it('tell each key once whatever is lost and doubled, if one packet of each arrives', () => {
    const sixPerKey = fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }).filter((times) => times.some((n) => n > 0));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...KEYS), sixPerKey), { maxLength: 12 }),
        fc.nat(0xffff),
        fc.nat(0xffffffff),
        (presses, sequence, timestamp) => {
          const keys = presses.map(([key]) => key).join('');
          const times = presses.flatMap(([, each]) => each);
          const arrived = press(keys, { sequence, timestamp }).flatMap((packet, i) =>
            Array<Packet>(times[i] ?? 0).fill(packet),
          );
          expect(keysOf(arrived)).toBe(keys);
        },
      ),
    );
  });

  it('tell each key once when packets overtake each other', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9*#]{1,8}$/),
        fc.array(fc.nat(4), { minLength: 48, maxLength: 48 }),
        fc.nat(0xffff),
        fc.nat(0xffffffff),
        (keys, delays, sequence, timestamp) => {
          // Late by up to 4 places, so that ends arrive after the next beginning.
          const arrived = press(keys, { sequence, timestamp })
            .map((packet, i) => ({ packet, at: i + (delays[i] ?? 0) }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ packet }) => packet);
          expect(keysOf(arrived)).toBe(keys);
        },
      ),
    );
  });

  it('tell a key once that is held for longer than one event can last', () => {
    const held: Packet[] = [];
    let sequence = 1;
    for (let units = 160; units <= 200_000; units += 160) {
      const segment = Math.floor(units / 0xffff);
      held.push({
        ssrc: 1,
        sequence,
        timestamp: 1000 + segment * 0xffff,
        marker: sequence === 1,
        code: 3,
        end: false,
        durationUnits: units - segment * 0xffff,
      });
      sequence += 1;
    }
    expect(keysOf(held)).toBe('3');
    expect(keysOf(held.filter((_, i) => i % 7 < 2))).toBe('3');
  });

  it('tell a key again that is pressed again right after it was held for very long', () => {
    const event = { ssrc: 1, sequence: 1, timestamp: 0, marker: true, code: 3, end: false, durationUnits: 0xfff0 };
    const again = { ...event, sequence: 9, timestamp: 0xffff, durationUnits: 160 };
    expect(keysOf([event, again])).toBe('33');
    expect(keysOf([event, { ...event, sequence: 2, end: true }, { ...again, marker: false }])).toBe('33');
  });

  it('hear a source whose clock was set back a little', () => {
    expect(
      keysOf([...press('1', { sequence: 100, timestamp: 9000 }), ...press('2', { sequence: 106, timestamp: 8000 })]),
    ).toBe('12');
  });

  it('hear a source that begins anew with other numbers, with or without another SSRC', () => {
    expect(keysOf([...press('1'), ...press('1', { ssrc: 2 })])).toBe('11');
    expect(keysOf([...press('1', { timestamp: 4_000_000 }), ...press('1', { timestamp: 7, sequence: 9 })])).toBe('11');
  });

  it('that are no keys are not told', () => {
    expect(keysOf(press('1').map((packet) => ({ ...packet, code: 16 })))).toBe('');
  });
});

describe('a telephone-event payload', () => {
  it('is read from its four bytes', () => {
    const event = emptyTelephoneEvent();
    expect(decodeTelephoneEventInto(event, Buffer.from('ff0b8a03c0', 'hex'), 1, 5)).toBe(true);
    expect(event).toEqual({ code: 11, end: true, durationUnits: 960 });
  });

  it('is refused when it is too short, wherever it is in the packet', () => {
    expect(decodeTelephoneEventInto(emptyTelephoneEvent(), Buffer.alloc(20), 12, 15)).toBe(false);
    expect(decodeTelephoneEventInto(emptyTelephoneEvent(), Buffer.alloc(20), 16, 12)).toBe(false);
  });
});
