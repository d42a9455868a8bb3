import { BoundedMap } from '../base/bounded-map.ts';

/** A PIN that a caller has dialled. */
export type PinTry = {
  readonly conference: string;
  /** The caller's number; empty where it is withheld. */
  readonly number: string;
  /** The network that the call comes from; see `networkOf`. */
  readonly network: string;
  /** Members that the conference has. In a crowd, more people mistype. */
  readonly members: number;
};

/** Wrong PINs, of which one is forgiven in `forgivenMs`. From more than `free` on, each closes the gate for some time. */
type GateKind = { readonly free: number; readonly stepMs: number; readonly forgivenMs: number };

type Gate = { readonly wrong: number; readonly lastMs: number };

/** A gate is never closed longer. */
const LONGEST_MS = 30_000;
/** So many gates are remembered: the latest. */
const MOST_GATES = 20_000;
/** One more wrong PIN is free for so many members. */
const MEMBERS_FOR_ONE = 20;
const FORGIVEN_MS = 15_000;
/** Of callers who have dialled a wrong PIN lately. */
const FORGIVEN_AGAIN_MS = 30_000;
/** Callers and networks are remembered for longer than what they have slowed down. */
const REMEMBERED_MS = 600_000;

/** Eight people of one company, who have one number, may mistype. */
const CALLER: GateKind = { free: 8, stepMs: 4000, forgivenMs: REMEMBERED_MS };
/** Callers who have dialled a wrong PIN lately: of one network, and of all. */
const AGAIN: GateKind = { free: 8, stepMs: 1000, forgivenMs: FORGIVEN_AGAIN_MS };
const AGAIN_OF_ALL: GateKind = { free: 12, stepMs: 500, forgivenMs: FORGIVEN_AGAIN_MS };
/** Callers who have not, from a network where others have: of that network, and of all such. */
const FIRST: GateKind = { free: 8, stepMs: 150, forgivenMs: FORGIVEN_MS };
const FIRST_OF_ALL: GateKind = { free: 40, stepMs: 150, forgivenMs: FORGIVEN_MS };
/** Callers from networks without a wrong PIN. */
const STRANGE: GateKind = { free: 100, stepMs: 150, forgivenMs: FORGIVEN_MS };
/** Tells whether there were wrong PINs from a network; closed to nobody. */
const NETWORK: GateKind = { free: 10, stepMs: LONGEST_MS, forgivenMs: REMEMBERED_MS };

/**
 * Slows down the guessing of PINs. Each try must pass some gates, and each wrong PIN makes the gates that it has passed
 * slower. The gates depend on how much like an attacker the caller is, so that an attacker closes few gates for others:
 * docs/profiles.md says why that is safe.
 */
export class PinGates {
  readonly #gates = new BoundedMap<string, Gate>(MOST_GATES);

  /** When the try may be judged: in the past, if no gate is closed to it. */
  openAtMs(tried: PinTry, nowMs: number): number {
    let openMs = 0;
    for (const [key, kind] of this.#gatesOf(tried, nowMs)) {
      const gate = this.#gates.get(key);
      const excess = wrongNow(gate, kind, nowMs) - freeOf(kind, tried);
      if (gate && excess > 0) openMs = Math.max(openMs, gate.lastMs + Math.min(excess * kind.stepMs, LONGEST_MS));
    }
    return openMs;
  }

  /** How much the caller is like one who guesses: those who are so the least come first. */
  suspicion(tried: PinTry, nowMs: number): number {
    const own = wrongNow(this.#gates.get(callerKey(tried)), CALLER, nowMs);
    return own > 0 ? 1 + own : Number(this.#isKnown(tried.network, nowMs));
  }

  /** The PIN was wrong, here or on another node. */
  wrong(tried: PinTry, nowMs: number): void {
    const passed = this.#gatesOf(tried, nowMs);
    for (const [key, kind] of passed.set(callerKey(tried), CALLER).set(networkKey(tried.network), NETWORK)) {
      const gate = this.#gates.get(key);
      const before = wrongNow(gate, kind, nowMs);
      // Conferences of other sizes may have counted further.
      const most = Math.max(before, freeOf(kind, tried) + Math.ceil(LONGEST_MS / kind.stepMs));
      this.#gates.set(key, { wrong: Math.min(before + 1, most), lastMs: nowMs });
    }
  }

  #gatesOf(tried: PinTry, nowMs: number): Map<string, GateKind> {
    const { conference, network } = tried;
    const caller = callerKey(tried);
    if (wrongNow(this.#gates.get(caller), CALLER, nowMs) > 0)
      return new Map([
        [caller, CALLER],
        [`again ${network}`, AGAIN],
        [`again in ${conference}`, AGAIN_OF_ALL],
      ]);
    if (!this.#isKnown(network, nowMs)) return new Map([[`strange in ${conference}`, STRANGE]]);
    return new Map([
      [`first ${network}`, FIRST],
      [`first in ${conference}`, FIRST_OF_ALL],
    ]);
  }

  #isKnown(network: string, nowMs: number): boolean {
    return wrongNow(this.#gates.get(networkKey(network)), NETWORK, nowMs) > 0;
  }
}

/** Wrong PINs that do not close a gate. */
function freeOf({ free }: GateKind, { members }: PinTry): number {
  return free + Math.floor(members / MEMBERS_FOR_ONE);
}

/** What is not forgiven yet. */
function wrongNow(gate: Gate | undefined, { forgivenMs }: GateKind, nowMs: number): number {
  return gate ? Math.max(0, gate.wrong - (nowMs - gate.lastMs) / forgivenMs) : 0;
}

const callerKey = ({ number, network }: PinTry) => `caller ${number} of ${network}`;
const networkKey = (network: string) => `network ${network}`;

/**
 * Addresses that one customer of a provider may have: the first 24 bits of IPv4, and 48 of IPv6. Anything else is returned
 * as it is.
 * @param address an address with or without a port, e.g. `192.0.2.2:5060` or `[2001:db8::2]:5060`
 */
export function networkOf(address: string): string {
  const v4 = /^\[?(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+\]?(?::\d+)?$/i.exec(address);
  if (v4) return `${v4[1]}.0/24`;
  const v6 = /^\[?([\da-f:]+)\]?(?:(?<=\]):\d+)?$/i.exec(address);
  if (!v6?.[1]?.includes(':')) return address;
  const [head = '', tail] = v6[1].split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return `${groups.slice(0, 3).join(':').toLowerCase()}::/48`;
}
