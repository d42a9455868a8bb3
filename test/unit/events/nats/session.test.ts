import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Greeting, NatsSession } from '../../../../src/events/nats/session.ts';

const BEAT_MS = 1000;

type Packet =
  | ({ kind: 'greeting'; all: number; incarnation: string } & Greeting)
  | { kind: 'all'; incarnation: string; all: number; text: string | null; direct: number }
  | { kind: 'direct'; nonce: string; echo: string; direct: number; all: number; text: string };

/** A node with one peer, on a network that is an array. */
class Side {
  readonly events: string[] = [];
  readonly incarnation: string;
  readonly outbox: Packet[] = [];
  readonly session: NatsSession;
  idTaken = 0;
  #all = 0;
  #nonces = 0;

  constructor(incarnation: string) {
    this.incarnation = incarnation;
    this.session = new NatsSession(
      { heartbeatMs: BEAT_MS, deadAfterMs: 5 * BEAT_MS },
      {
        send: (greeting) => this.outbox.push({ kind: 'greeting', all: this.#all, incarnation, ...greeting }),
        onUp: () => this.events.push('up'),
        onDown: (reason) => this.events.push(`down ${reason}`),
        newNonce: () => `${incarnation}${this.#nonces++}`,
      },
    );
  }

  broadcast(text: string | null): void {
    const direct = this.session.sentDirect;
    this.outbox.push({ kind: 'all', incarnation: this.incarnation, all: ++this.#all, text, direct });
  }

  send(text: string): void {
    const { names } = this.session;
    if (names) this.outbox.push({ kind: 'direct', ...names, direct: this.session.nextDirect(), all: this.#all, text });
  }

  take(packet: Packet, nowMs: number): void {
    const { session } = this;
    if (packet.kind === 'greeting') {
      const { type, nonce, echo, busy, incarnation, all } = packet;
      const verdict =
        type === 'syn'
          ? session.syn(nonce, echo, incarnation, busy, nowMs)
          : session.open(nonce, echo, incarnation, all, nowMs);
      if (verdict === 'id-taken') this.idTaken++;
      return;
    }
    if (packet.kind === 'all') {
      if (packet.text === null) session.heardOf(nowMs);
      if (session.all(packet.incarnation, packet.all, nowMs) !== 'take') return;
      if (packet.text === null) session.announced(packet.direct, nowMs);
      else this.events.push(packet.text);
    } else if (session.direct(packet.nonce, packet.echo, packet.direct, packet.all, nowMs) === 'take') {
      this.events.push(packet.text);
    }
  }
}

/** Delivers until nothing is under way. */
function settle(a: Side, b: Side, nowMs: number, lost: (packet: Packet) => boolean = () => false): void {
  for (let round = 0; round < 50 && a.outbox.length + b.outbox.length > 0; round++) {
    for (const packet of a.outbox.splice(0)) if (!lost(packet)) b.take(packet, nowMs);
    for (const packet of b.outbox.splice(0)) if (!lost(packet)) a.take(packet, nowMs);
  }
}

function connected(): [Side, Side] {
  const [a, b] = [new Side('a'), new Side('b')];
  a.broadcast(null);
  settle(a, b, 0);
  return [a, b];
}

describe('a session', () => {
  it('begins on both sides with one heartbeat', () => {
    const [a, b] = connected();
    expect([a.events, b.events]).toEqual([['up'], ['up']]);
  });

  it('begins once even if both heard of each other at the same time', () => {
    const [a, b] = [new Side('a'), new Side('b')];
    a.broadcast(null);
    b.broadcast(null);
    settle(a, b, 0);
    expect([a.events, b.events]).toEqual([['up'], ['up']]);
  });

  it.each([
    ['to all', (side: Side, text: string) => side.broadcast(text)],
    ['direct', (side: Side, text: string) => side.send(text)],
  ])('ends and begins anew on both sides if a packet is lost, %s', (_how, say) => {
    const [a, b] = connected();
    say(a, '1');
    a.outbox.length = 0;
    say(a, '2');
    settle(a, b, 2 * BEAT_MS);
    expect([a.events, b.events]).toEqual([
      ['up', 'down resync', 'up'],
      ['up', 'down resync', 'up'],
    ]);
    say(a, '3');
    settle(a, b, 2 * BEAT_MS);
    expect(b.events.at(-1)).toBe('3');
  });

  it('ends if the last direct packet is lost, with the next heartbeat', () => {
    const [a, b] = connected();
    a.send('1');
    a.outbox.length = 0;
    a.broadcast(null);
    settle(a, b, 2 * BEAT_MS);
    expect(b.events).toEqual(['up', 'down resync', 'up']);
  });

  it('ends when nothing was heard for the dead time', () => {
    const [a] = connected();
    a.session.tick(5 * BEAT_MS - 1);
    expect(a.session.isUp).toBe(true);
    a.session.tick(5 * BEAT_MS);
    expect(a.events).toEqual(['up', 'down silent']);
  });

  it('goes on after this node was held up itself', () => {
    const [a, b] = [new Side('a'), new Side('b')];
    a.broadcast(null);
    settle(a, b, 0, (packet) => packet.kind === 'greeting' && packet.type === 'open');
    for (const { session } of [a, b]) {
      session.excuse(20 * BEAT_MS);
      session.tick(20 * BEAT_MS);
    }
    expect([...a.events, ...b.events]).not.toContainEqual(expect.stringMatching(/down/));
  });

  it('that the peer does not open is begun anew', () => {
    const [a, b] = [new Side('a'), new Side('b')];
    a.broadcast(null);
    settle(a, b, 0, (packet) => packet.kind === 'greeting' && packet.type === 'open');
    // One of them was told that the other is there, and the other never was.
    const sides = [a, b].filter(({ session }) => session.isUp);
    expect(sides.length).toBeGreaterThan(0);
    for (const side of sides) side.session.tick(2 * BEAT_MS);
    settle(a, b, 2 * BEAT_MS);
    expect([a.session.isUp, b.session.isUp]).toEqual([true, true]);
  });

  it('that had hardly begun is not begun anew at once, so that nobody can keep us busy', () => {
    const [a, b] = connected();
    a.send('1');
    a.outbox.length = 0;
    a.send('2');
    settle(a, b, 10);
    expect(b.events).toEqual(['up', 'down resync']);
    a.broadcast(null);
    settle(a, b, BEAT_MS);
    expect([a.session.isUp, b.session.isUp]).toEqual([true, true]);
  });
});

describe('another node of the id of a peer', () => {
  /** It hears a heartbeat, greets, and proves that it is there now. */
  const knock = (newcomer: Side, b: Side, nowMs: number) => {
    b.broadcast(null);
    settle(newcomer, b, nowMs);
  };

  it('takes over when nothing more is heard of the first, which was killed', () => {
    const [, b] = connected();
    const again = new Side('c');
    knock(again, b, 500);
    knock(again, b, 1500);
    expect(b.events).toEqual(['up']);
    knock(again, b, 2000);
    expect([again.events, b.events]).toEqual([['up'], ['up', 'down resync', 'up']]);
    expect(b.idTaken).toBe(0);
  });

  it('is ignored and told while the first is alive', () => {
    const [a, b] = connected();
    const second = new Side('c');
    for (let nowMs = 500; nowMs < 10_000; nowMs += 500) {
      knock(second, b, nowMs);
      a.broadcast(null);
      settle(a, b, nowMs + 250);
    }
    expect([a.events, b.events, second.events]).toEqual([['up'], ['up'], []]);
    expect(b.idTaken).toBeGreaterThan(0);
  });
});

describe('a broker that loses, repeats and reorders', () => {
  it('makes nothing arrive twice, out of order or with a gap in a session that lasts, and all is well when it stops', () => {
    const step = fc.record({
      what: fc.constantFrom('send', 'broadcast', 'beat', 'deliver', 'lose', 'repeat', 'swap', 'wait'),
      isA: fc.boolean(),
      pick: fc.nat(1000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const [a, b] = connected();
        const seen: { packet: Packet; toA: boolean }[] = [];
        const said = { a: 0, b: 0 };
        let nowMs = 0;
        for (const { what, isA, pick } of steps) {
          const [from, to] = isA ? [a, b] : [b, a];
          const { outbox } = from;
          if (what === 'wait') nowMs += pick;
          if (what === 'beat') from.broadcast(null);
          if (what === 'broadcast') from.broadcast(String(++said[isA ? 'a' : 'b']));
          if (what === 'send' && from.session.isUp) from.send(String(++said[isA ? 'a' : 'b']));
          if (what === 'lose') outbox.shift();
          if (what === 'swap') outbox.push(...outbox.splice(0, 1));
          if (what === 'repeat' && seen.length > 0) {
            const { packet, toA } = seen[pick % seen.length] as (typeof seen)[number];
            (toA ? a : b).take(packet, nowMs);
          }
          if (what !== 'deliver') continue;
          const packet = outbox.shift();
          if (!packet) continue;
          seen.push({ packet, toA: !isA });
          to.take(packet, nowMs);
        }
        for (let round = 0; round < 10; round++) {
          nowMs += BEAT_MS;
          for (const side of [a, b]) {
            side.broadcast(null);
            side.session.tick(nowMs);
          }
          settle(a, b, nowMs);
        }
        expect([a.session.isUp, b.session.isUp]).toEqual([true, true]);
        for (const { events } of [a, b]) {
          let last = 0;
          let isFirst = true;
          let hasGap = false;
          for (const event of events) {
            const number = Number(event);
            if (Number.isNaN(number)) {
              isFirst = true;
              hasGap = false;
              continue;
            }
            // Of what was said before the session, nothing may come. What is sent to one and to all may overtake each
            // other, which is noticed, and ends the session.
            expect(number > last).toBe(true);
            hasGap ||= !isFirst && number !== last + 1;
            last = number;
            isFirst = false;
          }
          expect(hasGap).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
