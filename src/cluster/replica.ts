import type { Member } from '../conference/model/member.ts';
import { type MemberCounts, Members } from '../conference/model/members.ts';
import type { Change, MessageOf } from './messages.ts';
import { type ConferenceRecord, memberOf } from './record.ts';

/** A part of a conference, as the node that owns it has described it. */
export type RemotePart = {
  readonly record: ConferenceRecord;
  readonly members: Members;
};

export type CountedSums = Pick<MemberCounts, 'admitted' | 'speakers' | 'admins' | 'helps' | 'ghosts' | 'mandatory'>;

/** Sums over the members of a part, and the members who are first or last in something. */
export type PartSums = CountedSums & {
  readonly oldestHand: Member | null;
  readonly lastGivenFloor: Member | null;
  readonly lastJoined: Member | null;
};

type Settings = Extract<Change, { type: 'settings' }>;

export type Applied = {
  /** `gap`: something was missed, and a snapshot is needed. `ignored`: old, or of no use before that snapshot. */
  readonly outcome: 'applied' | 'gap' | 'ignored';
  /** Conferences that may have changed. */
  readonly touched: ReadonlySet<string>;
  readonly settings: readonly Settings[];
};

const IGNORED: Applied = { outcome: 'ignored', touched: new Set(), settings: [] };

/** A snapshot in more parts than this is not from Rostrum. */
const MOST_PARTS = 10_000;

/**
 * The conferences that another node owns, from its snapshot and the numbered deltas after it. Bounded by the
 * conferences of that node, which has authenticated itself.
 */
export class Replica {
  #parts = new Map<string, RemotePart>();
  #incarnation = Number.NEGATIVE_INFINITY;
  #sequence = 0;
  /** A snapshot of which not all has come; parts that come out of turn are of no use. */
  #pending: { incarnation: number; sequence: number; next: number; changes: Change[] } | null = null;
  /** There was a gap: deltas are of no use until the next snapshot. */
  #stale = true;

  get conferences(): ReadonlyMap<string, RemotePart> {
    return this.#parts;
  }

  /** A snapshot has come, and nothing was missed since. */
  get isComplete(): boolean {
    return !this.#stale;
  }

  /** Members who have been admitted, but no ghosts. */
  get members(): number {
    let members = 0;
    for (const part of this.#parts.values()) members += part.members.counts.admitted - part.members.counts.ghosts;
    return members;
  }

  /** All calls: ghosts, and those at the door and on the way out, as well. */
  get calls(): number {
    let calls = 0;
    for (const part of this.#parts.values()) calls += part.members.size;
    return calls;
  }

  sumsOf(conference: string): PartSums | null {
    const part = this.#parts.get(conference);
    if (!part) return null;
    const { counts, firstHand = null, lastGivenFloor = null, lastJoined = null } = part.members;
    return { ...counts, oldestHand: firstHand, lastGivenFloor, lastJoined };
  }

  apply(message: MessageOf<'delta' | 'snapshot'>): Applied {
    return message.type === 'snapshot' ? this.#applySnapshot(message) : this.#applyDelta(message);
  }

  #applyDelta({ incarnation, sequence, changes }: MessageOf<'delta'>): Applied {
    const isOld = incarnation === this.#incarnation && sequence <= this.#sequence;
    if (incarnation < this.#incarnation || isOld) return IGNORED;
    if (this.#stale || incarnation !== this.#incarnation || sequence !== this.#sequence + 1) {
      this.#stale = true;
      return { ...IGNORED, outcome: 'gap' };
    }
    this.#sequence = sequence;
    return { outcome: 'applied', ...applyAll(this.#parts, changes) };
  }

  #applySnapshot(message: MessageOf<'snapshot'>): Applied {
    const { incarnation, sequence, part, parts, changes } = message;
    const isOld = incarnation === this.#incarnation && sequence < this.#sequence;
    if (incarnation < this.#incarnation || isOld || parts > MOST_PARTS) return IGNORED;
    if (part === 0) this.#pending = { incarnation, sequence, next: 0, changes: [] };
    const pending = this.#pending;
    if (pending?.incarnation !== incarnation || pending.sequence !== sequence || pending.next !== part) return IGNORED;
    pending.changes.push(...changes);
    pending.next = part + 1;
    return pending.next === parts ? this.#replace(message, pending.changes) : IGNORED;
  }

  #replace({ incarnation, sequence }: MessageOf<'snapshot'>, changes: readonly Change[]): Applied {
    const before = this.#parts;
    this.#parts = new Map();
    const { touched, settings } = applyAll(this.#parts, changes);
    this.#incarnation = incarnation;
    this.#sequence = sequence;
    this.#pending = null;
    this.#stale = false;
    return { outcome: 'applied', touched: new Set([...before.keys(), ...touched]), settings };
  }

  /**
   * The channel is up again, and carries nothing older: the next snapshot counts, whatever its numbers. They are
   * smaller than before if the node was restarted after its clock had been set back. Until then, everything stays.
   */
  expectSnapshot(): void {
    this.#incarnation = Number.NEGATIVE_INFINITY;
    this.#sequence = 0;
    this.#pending = null;
    this.#stale = true;
  }

  /** Forgets everything until the next snapshot. @returns the conferences that it was part of */
  clear(): string[] {
    const names = [...this.#parts.keys()];
    this.#parts = new Map();
    this.expectSnapshot();
    return names;
  }
}

function applyAll(parts: Map<string, RemotePart>, changes: readonly Change[]): Pick<Applied, 'touched' | 'settings'> {
  const touched = new Set<string>();
  const settings: Settings[] = [];
  for (const change of changes) {
    if (change.type === 'settings') settings.push(change);
    else touched.add(applyOne(parts, change));
  }
  return { touched, settings };
}

/** @returns the conference that has changed */
function applyOne(parts: Map<string, RemotePart>, change: Exclude<Change, Settings>): string {
  const name = change.type === 'conference' ? change.record.name : change.conference;
  const part = parts.get(name);
  if (change.type === 'conference') parts.set(name, { members: Members.NONE, ...part, record: change.record });
  else if (change.type === 'ended') parts.delete(name);
  else if (part) parts.set(name, { ...part, members: membersAfter(part.members, change) });
  return name;
}

function membersAfter(members: Members, change: Extract<Change, { type: 'left' | 'member' | 'talking' }>): Members {
  if (change.type === 'member') {
    const is = memberOf(change.member);
    const was = members.byId(is.id);
    // Another call may have the member's place now.
    return (was && was.channelId !== is.channelId ? members.remove(was.channelId) : members).put(is);
  }
  const member = members.byId(change.memberId);
  if (!member) return members;
  return change.type === 'left'
    ? members.remove(member.channelId)
    : members.put({ ...member, talking: change.talking });
}
