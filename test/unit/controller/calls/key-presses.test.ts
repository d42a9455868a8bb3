import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyPresses } from '../../../../src/controller/calls/key-presses.ts';

let counted: string;
let isRelayed: boolean;
let keys: KeyPresses;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  counted = '';
  isRelayed = true;
  keys = new KeyPresses({
    isRelayed: () => isRelayed,
    count: (_, digit) => {
      counted += digit;
    },
    now: () => performance.now(),
  });
});
afterEach(() => {
  keys.stop();
  vi.useRealTimers();
});

const CALL = 'c';
const passes = (ms: number) => vi.advanceTimersByTime(ms);
/** The relay sees the first packet of a press. */
const packets = (digit: string) => keys.pressed(CALL, digit);
/** Asterisk counts a key. */
const asterisk = (digit: string) => keys.received(CALL, digit);
/** A press in packets of 100 ms. */
function press(digit: string): void {
  packets(digit);
  passes(100);
  asterisk(digit);
}

describe('a phone that sends keys in one way', () => {
  it('has those of SIP INFO at once, however fast they come', () => {
    for (const digit of '1122') asterisk(digit);
    expect(counted).toBe('1122');
  });

  it('has those of packets at once, a real double press as two', () => {
    for (const digit of '11211') {
      press(digit);
      passes(50);
    }
    expect(counted).toBe('11211');
  });

  it('has those of packets that are reported late', () => {
    for (const digit of '121') {
      asterisk(digit);
      passes(10);
      packets(digit);
      passes(10);
    }
    expect(counted).toBe('121');
  });

  it('has those that Asterisk counts long after, all at once', () => {
    for (const digit of '1121') packets(digit);
    passes(10_000);
    for (const digit of '1121') asterisk(digit);
    expect(counted).toBe('1121');
  });
});

describe('a phone that sends keys in both ways', () => {
  const ways: Record<string, (digit: string) => void> = {
    'INFO first': (digit) => {
      asterisk(digit);
      passes(20);
      press(digit);
    },
    'INFO while the key is pressed': (digit) => {
      packets(digit);
      passes(30);
      asterisk(digit);
      passes(70);
      asterisk(digit);
    },
    'INFO at the end': (digit) => {
      press(digit);
      passes(20);
      asterisk(digit);
    },
    'INFO when the key was held for long': (digit) => {
      packets(digit);
      passes(50);
      asterisk(digit);
      passes(3000);
      asterisk(digit);
    },
  };

  it.each(Object.entries(ways))('has one key for each press, with %s', (_, pressInBoth) => {
    for (const digit of '1123311') {
      pressInBoth(digit);
      passes(60);
    }
    passes(2000);
    for (const digit of '11') {
      pressInBoth(digit);
      passes(6000);
    }
    expect(counted).toBe('112331111');
  });
});

it('a phone that sends no packets any more has its keys after a moment, and then at once', () => {
  press('1');
  passes(6000);
  asterisk('1');
  expect(counted).toBe('1');
  passes(300);
  expect(counted).toBe('11');
  passes(10);
  asterisk('1');
  asterisk('2');
  expect(counted).toBe('1112');
});

it('calls that have ended are forgotten, with the keys that wait', () => {
  press('1');
  passes(6000);
  asterisk('1');
  keys.channelGone(CALL, false);
  keys.resync(new Set([CALL]));
  expect(vi.getTimerCount()).toBe(1);
  keys.channelGone(CALL, true);
  expect(vi.getTimerCount()).toBe(0);
  press('1');
  passes(6000);
  asterisk('1');
  keys.resync(new Set());
  expect(vi.getTimerCount()).toBe(0);
});

it('a report of the relay that comes after the end of the call is of no call', () => {
  keys.channelGone(CALL, true);
  isRelayed = false;
  packets('1');
  // Nothing is known of packets: each key counts at once.
  asterisk('1');
  asterisk('1');
  expect(counted).toBe('11');
});
