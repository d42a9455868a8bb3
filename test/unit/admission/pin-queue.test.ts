import { describe, expect, it } from 'vitest';
import { networkOf, type PinTry } from '../../../src/admission/pin-gates.ts';
import { PinQueue } from '../../../src/admission/pin-queue.ts';

const MINUTE_MS = 60_000;
/** How long a caller needs to call and to dial a PIN. */
const DIALLING_MS = 1000;
/** Digits of a PIN as short as one should be. */
const PINS = 10_000;

/** A caller of a network of one's own. */
const ANN: PinTry = { conference: '3000', number: '100', network: '192.0.2.0/24', members: 0 };

type Attack = {
  readonly lines: number;
  readonly numbers: number;
  readonly networks: number;
  /** A third of the lines use numbers that were never used, and another third networks that were never used. */
  readonly mixed?: true;
  /** Of the conference. */
  readonly members?: number;
};

/** Lines that guess as fast as they can, each try from the next number, whose network is always the same. */
class Attackers {
  readonly queue = new PinQueue();
  nowMs = 0;
  guesses = 0;
  readonly #attack: Attack;
  #next = 0;
  /** By channel: the line dials until then. */
  readonly #dialling = new Map<string, number>();
  readonly #judged = new Map<string, number>();

  constructor(attack: Attack) {
    this.#attack = attack;
    for (let line = 0; line < attack.lines; line++) this.#dialling.set(`line ${line}`, DIALLING_MS);
  }

  run(durationMs: number, isOver = () => false): void {
    for (const untilMs = this.nowMs + durationMs; this.nowMs < untilMs && !isOver(); ) {
      const next = Math.min(this.queue.nextAtMs(this.nowMs), ...this.#dialling.values());
      this.nowMs = Math.min(untilMs, Math.max(this.nowMs + 1, Math.ceil(next)));
      for (const [channelId, atMs] of this.#dialling) {
        if (atMs > this.nowMs) continue;
        this.#dialling.delete(channelId);
        this.queue.add(channelId, this.#tried(channelId));
      }
      for (let next = this.queue.next(this.nowMs); next; next = this.queue.next(this.nowMs)) {
        const isAttack = next.channelId.startsWith('line');
        this.queue.judged(next.channelId, !isAttack, this.nowMs);
        if (!isAttack) this.#judged.set(next.channelId, this.nowMs);
        else {
          this.guesses++;
          this.#dialling.set(next.channelId, this.nowMs + DIALLING_MS);
        }
      }
    }
  }

  hangUp(): void {
    this.#dialling.clear();
    for (let line = 0; line < this.#attack.lines; line++) this.queue.delete(`line ${line}`);
  }

  /** How long somebody who dials the right PIN now waits. */
  waitOf(tried: PinTry, longestMs: number): number {
    const channelId = `honest ${this.nowMs}`;
    const sinceMs = this.nowMs;
    this.queue.add(channelId, tried);
    this.run(longestMs, () => this.#judged.has(channelId));
    return (this.#judged.get(channelId) ?? Number.POSITIVE_INFINITY) - sinceMs;
  }

  #tried(line: string): PinTry {
    const { numbers, networks, mixed, members = 0 } = this.#attack;
    const count = this.#next++;
    const third = mixed ? Number(line.slice('line '.length)) % 3 : 0;
    const number = third === 0 ? count % numbers : count + numbers;
    const network = third === 2 ? count + networks : number % networks;
    return { ...ANN, number: String(9000 + number), network: `198.${network}.0/24`, members };
  }
}

/** Somebody dials a wrong PIN as soon as it is judged. */
function wrong(queue: PinQueue, tried: PinTry, nowMs: number): void {
  queue.add('wrong', tried);
  expect(queue.next(nowMs)).toMatchObject({ channelId: 'wrong' });
  queue.judged('wrong', false, nowMs);
}

function delayMs(queue: PinQueue, tried: PinTry, nowMs: number): number {
  return Math.max(0, queue.gates.openAtMs(tried, nowMs) - nowMs);
}

describe('a right PIN at the first try', () => {
  it('is judged at once when eight of the same number have mistyped', () => {
    const queue = new PinQueue();
    for (let i = 0; i < 8; i++) wrong(queue, ANN, 0);
    expect(delayMs(queue, ANN, 0)).toBe(0);
  });

  it.each([
    ['one number', { lines: 30, numbers: 1, networks: 1 }],
    ['thirty numbers', { lines: 30, numbers: 30, networks: 1 }],
    ['a thousand numbers', { lines: 30, numbers: 1000, networks: 1 }],
    ['thirty networks', { lines: 30, numbers: 1000, networks: 30 }],
  ])('is judged at once whatever others do from %s, while they do and afterwards', (_name, attack) => {
    const attackers = new Attackers(attack);
    for (let minute = 0; minute < 10; minute++) {
      attackers.run(MINUTE_MS);
      const caller = { ...ANN, number: String(minute), network: `203.0.${minute}.0/24` };
      expect(attackers.waitOf(caller, MINUTE_MS)).toBeLessThanOrEqual(10);
    }
    attackers.hangUp();
    attackers.run(20_000);
    expect(attackers.waitOf(ANN, MINUTE_MS)).toBeLessThanOrEqual(10);
  });

  it('comes before the tries of thirty numbers that guess from the same network', () => {
    const attackers = new Attackers({ lines: 30, numbers: 30, networks: 1 });
    attackers.run(MINUTE_MS);
    for (let each = 0; each < 5; each++) {
      const colleague = { ...ANN, number: String(each), network: '198.0.0/24' };
      expect(attackers.waitOf(colleague, MINUTE_MS)).toBeLessThan(3000);
      attackers.run(MINUTE_MS);
    }
  });

  it('comes in turn where a thousand numbers guess from the same network, and at once soon afterwards', () => {
    const attackers = new Attackers({ lines: 30, numbers: 1000, networks: 1 });
    attackers.run(10 * MINUTE_MS);
    const colleague = { ...ANN, network: '198.0.0/24' };
    expect(attackers.waitOf(colleague, 30 * MINUTE_MS)).toBeLessThan(30 * 15_000);
    attackers.hangUp();
    attackers.run(20_000);
    expect(attackers.waitOf({ ...colleague, number: '101' }, MINUTE_MS)).toBeLessThanOrEqual(10);
  });

  it('is judged at once in a crowd of which one in thirty mistypes', () => {
    const queue = new PinQueue();
    let nowMs = 0;
    for (let members = 0; members < 5000; members++) {
      nowMs += 100;
      const tried = { ...ANN, number: String(members), members };
      if (members % 30 === 29) {
        queue.gates.wrong(tried, nowMs);
        expect(delayMs(queue, tried, nowMs + 5000)).toBe(0);
      }
      expect(delayMs(queue, { ...tried, number: 'next' }, nowMs)).toBe(0);
    }
  });
});

describe('guessing', () => {
  it.each([
    ['one number', { lines: 30, numbers: 1, networks: 1 }, 20],
    ['thirty numbers', { lines: 30, numbers: 30, networks: 1 }, 20],
    ['a thousand numbers', { lines: 30, numbers: 1000, networks: 1 }, 20],
    ['thirty networks', { lines: 30, numbers: 30, networks: 30 }, 20],
    ['a thousand numbers in thirty networks', { lines: 30, numbers: 1000, networks: 30 }, 20],
    ['a thousand networks', { lines: 300, numbers: 1000, networks: 1000 }, 20],
    ['all these together', { lines: 300, numbers: 10, networks: 1, mixed: true }, 10],
    ['all these together, in a crowd', { lines: 300, numbers: 10, networks: 1, mixed: true, members: 5000 }, 5],
    ['one number, in a crowd', { lines: 30, numbers: 1, networks: 1, members: 5000 }, 20],
  ] as const)('from %s is slow', (_, attack, oneIn) => {
    const attackers = new Attackers(attack);
    attackers.run(60 * MINUTE_MS);
    expect(attackers.guesses).toBeLessThan(PINS / oneIn);
    const first = attackers.guesses;
    attackers.run(60 * MINUTE_MS);
    expect(attackers.guesses - first).toBeLessThan(PINS / 15);
    // Otherwise this would show nothing.
    expect(attackers.guesses).toBeGreaterThan(200);
  });

  it('is slower with each wrong PIN, first of all for the one who guesses', () => {
    const queue = new PinQueue();
    const delays = Array.from({ length: 12 }, () => {
      queue.gates.wrong(ANN, 0);
      return delayMs(queue, ANN, 0) / 1000;
    });
    expect(delays).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 12, 16]);
    expect(delayMs(queue, { ...ANN, number: '200' }, 0)).toBe(0);
  });

  it('is forgotten: of a caller one wrong PIN in ten minutes, of others one in fifteen seconds', () => {
    const queue = new PinQueue();
    for (let i = 0; i < 10; i++) queue.gates.wrong(ANN, 0);
    expect(delayMs(queue, ANN, 0)).toBe(8000);
    queue.gates.wrong(ANN, 10 * MINUTE_MS);
    expect(delayMs(queue, ANN, 10 * MINUTE_MS)).toBe(8000);
    for (let i = 0; i < 10; i++) queue.gates.wrong({ ...ANN, number: String(i) }, 10 * MINUTE_MS);
    expect(delayMs(queue, { ...ANN, number: 'new' }, 10 * MINUTE_MS)).toBe(300);
    expect(delayMs(queue, { ...ANN, number: 'new' }, 10.5 * MINUTE_MS)).toBe(0);
  });

  it('in one conference slows down the same network in another, and no other network', () => {
    const queue = new PinQueue();
    for (let i = 0; i < 200; i++) queue.gates.wrong({ ...ANN, number: String(i) }, 0);
    expect(delayMs(queue, { ...ANN, number: 'new', conference: '4000' }, 0)).toBeGreaterThan(20_000);
    expect(delayMs(queue, { ...ANN, number: 'new', network: '203.0.113.0/24' }, 0)).toBe(0);
  });
});

describe('the network of an address', () => {
  it.each([
    ['192.0.2.77:5060', '192.0.2.0/24'],
    ['192.0.2.77', '192.0.2.0/24'],
    ['[::ffff:192.0.2.77]:5060', '192.0.2.0/24'],
    ['[2001:db8:1:2:3:4:5:6]:5060', '2001:db8:1::/48'],
    ['[2001:DB8::6]:5060', '2001:db8:0::/48'],
    ['2001:db8::', '2001:db8:0::/48'],
    ['[::1]:5060', '0:0:0::/48'],
    ['', ''],
    ['somewhere', 'somewhere'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
