import { TrunkError } from './errors.ts';
import { MAX_NAME_BYTES } from './packet-format.ts';

const NAME = /^[\x21-\x7e]+$/;

/**
 * A conference's name in packets is ASCII.
 * @throws {TrunkError} `bad-conference-name`
 */
export function conferenceNameBytes(name: string): Uint8Array {
  if (name.length > MAX_NAME_BYTES || !NAME.test(name)) {
    throw new TrunkError('bad-conference-name', `"${name}" is not 1 to ${MAX_NAME_BYTES} ASCII characters`);
  }
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

type Entry = { readonly name: string; readonly bytes: Uint8Array };

/** FNV-1a, as a signed 32-bit number, which needs no allocation as the key of a map. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash | 0;
}

function matches(entry: Entry, bytes: Uint8Array, start: number, end: number): boolean {
  if (entry.bytes.length !== end - start) return false;
  for (let i = 0; i < entry.bytes.length; i += 1) {
    if (entry.bytes[i] !== bytes[start + i]) return false;
  }
  return true;
}

/** The conferences of a relay, found by the bytes of their names without making a string for each packet. */
export class ConferenceIndex {
  readonly #maxConferences: number;
  readonly #byHash = new Map<number, Entry[]>();
  #size = 0;

  constructor(options: { maxConferences: number }) {
    this.#maxConferences = options.maxConferences;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Adding one again changes nothing.
   * @throws {TrunkError} `bad-conference-name`, `too-many`
   */
  add(name: string): void {
    const bytes = conferenceNameBytes(name);
    const hash = hashOf(bytes, 0, bytes.length);
    const entries = this.#byHash.get(hash) ?? [];
    if (entries.some((entry) => entry.name === name)) return;
    if (this.#size >= this.#maxConferences) {
      throw new TrunkError('too-many', `the trunk has ${this.#maxConferences} conferences already, which is its limit`);
    }
    this.#byHash.set(hash, [...entries, { name, bytes }]);
    this.#size += 1;
  }

  /** Removing an unknown conference changes nothing. */
  remove(name: string): void {
    const bytes = conferenceNameBytes(name);
    const hash = hashOf(bytes, 0, bytes.length);
    const entries = this.#byHash.get(hash) ?? [];
    const rest = entries.filter((entry) => entry.name !== name);
    if (rest.length === entries.length) return;
    this.#size -= 1;
    if (rest.length > 0) this.#byHash.set(hash, rest);
    else this.#byHash.delete(hash);
  }

  /** @returns the conference whose name is at these bytes. HOT PATH */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const entries = this.#byHash.get(hashOf(bytes, start, end));
    if (entries === undefined) return undefined;
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[i];
      if (entry !== undefined && matches(entry, bytes, start, end)) return entry.name;
    }
    return undefined;
  }
}
