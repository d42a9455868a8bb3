import { type Difference, type Order, SortedTree } from '../../base/sorted-tree.ts';
import { isAdmitted, type Member } from './member.ts';

/** Sums over several members, known without looking at each. Times are infinite where there is no such member. */
export type MemberCounts = {
  /** Members who have passed the door and have not been told good-bye. The next four are among them. */
  readonly admitted: number;
  readonly speakers: number;
  readonly admins: number;
  readonly hands: number;
  /** Members who have asked for help. */
  readonly helps: number;
  /** Of the admitted: ghosts, mandatory members, and members who are neither ghosts nor moderators. */
  readonly ghosts: number;
  readonly mandatory: number;
  readonly guests: number;
  /** Members who wait for a moderator. */
  readonly waiting: number;
  readonly pinEntries: number;
  readonly privates: number;
  /** Speakers who do not want comfort noise, whether they are admitted or not. */
  readonly speakersWithoutNoise: number;
  /** Members who hear the relay as listeners, or would. */
  readonly relayed: number;
  /** When the first of the raised hands was raised. */
  readonly firstHandMs: number;
  /** When the first of those who have asked for help did so. */
  readonly firstHelpMs: number;
  /** When the last of the speakers who were listeners got the floor, moderators excepted. */
  readonly lastFloorMs: number;
  /** When the first pause after a digit, or time for a PIN, for confirming a key or for reviewing a name, is over. */
  readonly dtmfDueMs: number;
  /** When the first member whose time is limited joined: of those who have not been warned of its end, and of the others. */
  readonly unwarnedJoinedMs: number;
  readonly warnedJoinedMs: number;
};

const NEVER = Number.POSITIVE_INFINITY;

const NOTHING: MemberCounts = {
  admitted: 0,
  speakers: 0,
  admins: 0,
  hands: 0,
  helps: 0,
  ghosts: 0,
  mandatory: 0,
  guests: 0,
  waiting: 0,
  pinEntries: 0,
  privates: 0,
  speakersWithoutNoise: 0,
  relayed: 0,
  firstHandMs: NEVER,
  firstHelpMs: NEVER,
  lastFloorMs: -NEVER,
  dtmfDueMs: NEVER,
  unwarnedJoinedMs: NEVER,
  warnedJoinedMs: NEVER,
};

/** HOT PATH: runs for some fifteen members at each change. The one place where members are counted. */
function count(a: MemberCounts, member: Member, b: MemberCounts): MemberCounts {
  const { flags, place, pinEntry, confirming, reviewDueMs, handRaisedAtMs, helpAskedAtMs, floorGivenAtMs, joinedAtMs } =
    member;
  const admitted = isAdmitted(member);
  const { speaker } = flags;
  const hand = admitted && handRaisedAtMs !== null;
  const help = admitted && helpAskedAtMs !== null;
  const guest = admitted && speaker && !flags.admin && floorGivenAtMs !== null;
  const limited = admitted && !flags.admin;
  const askedDueMs = Math.min(pinEntry?.deadlineMs ?? NEVER, confirming?.deadlineMs ?? NEVER, reviewDueMs ?? NEVER);
  return {
    admitted: a.admitted + b.admitted + Number(admitted),
    speakers: a.speakers + b.speakers + Number(admitted && speaker),
    admins: a.admins + b.admins + Number(admitted && flags.admin),
    hands: a.hands + b.hands + Number(hand),
    helps: a.helps + b.helps + Number(help),
    ghosts: a.ghosts + b.ghosts + Number(admitted && flags.ghost),
    mandatory: a.mandatory + b.mandatory + Number(admitted && flags.mandatory),
    guests: a.guests + b.guests + Number(limited && !flags.ghost),
    waiting: a.waiting + b.waiting + Number(place.at === 'waiting'),
    pinEntries: a.pinEntries + b.pinEntries + Number(pinEntry !== null),
    privates: a.privates + b.privates + Number(place.at === 'private'),
    speakersWithoutNoise: a.speakersWithoutNoise + b.speakersWithoutNoise + Number(speaker && !flags.cng),
    relayed: a.relayed + b.relayed + Number(member.path.at === 'relay'),
    firstHandMs: Math.min(a.firstHandMs, b.firstHandMs, hand ? handRaisedAtMs : NEVER),
    firstHelpMs: Math.min(a.firstHelpMs, b.firstHelpMs, help ? helpAskedAtMs : NEVER),
    lastFloorMs: Math.max(a.lastFloorMs, b.lastFloorMs, guest ? floorGivenAtMs : -NEVER),
    dtmfDueMs: Math.min(a.dtmfDueMs, b.dtmfDueMs, member.dtmf.deadlineMs, askedDueMs),
    unwarnedJoinedMs: Math.min(a.unwarnedJoinedMs, b.unwarnedJoinedMs, limited && !member.warned ? joinedAtMs : NEVER),
    warnedJoinedMs: Math.min(a.warnedJoinedMs, b.warnedJoinedMs, limited && member.warned ? joinedAtMs : NEVER),
  };
}

type Seat = { readonly channelId: string; readonly id: number };

/** Numbers are unique, but one that was found in Asterisk may be there twice. */
const BY_NUMBER: Order<Member, MemberCounts> = {
  compare: (a, b) => a.id - b.id || compareTexts(a.channelId, b.channelId),
  nothing: NOTHING,
  summarize: count,
};

const BY_CHANNEL: Order<Seat, null> = {
  compare: (a, b) => compareTexts(a.channelId, b.channelId),
  nothing: null,
  summarize: () => null,
};

/**
 * The members of a conference by channel id, in order of their numbers, and so of joining. It never changes: a change
 * gives a new one. A change costs O(log n); what is counted costs nothing.
 */
export class Members {
  static readonly NONE = new Members(new SortedTree(BY_NUMBER), new SortedTree(BY_CHANNEL));

  readonly #members: SortedTree<Member, MemberCounts>;
  readonly #seats: SortedTree<Seat, null>;

  private constructor(members: SortedTree<Member, MemberCounts>, seats: SortedTree<Seat, null>) {
    this.#members = members;
    this.#seats = seats;
  }

  static of(members: Iterable<Member>): Members {
    let all = Members.NONE;
    for (const member of members) all = all.put(member);
    return all;
  }

  get size(): number {
    return this.#members.size;
  }

  get counts(): MemberCounts {
    return this.#members.summary;
  }

  has(channelId: string): boolean {
    return this.#seatOf(channelId) !== undefined;
  }

  get(channelId: string): Member | undefined {
    const seat = this.#seatOf(channelId);
    return seat && this.#members.find(({ id, channelId: other }) => seat.id - id || compareTexts(channelId, other));
  }

  /** @param id a member's number */
  byId(id: number): Member | undefined {
    return this.#members.find((member) => id - member.id);
  }

  /** Adds a member, in place of the one of the same channel. */
  put(member: Member): Members {
    const { channelId, id } = member;
    const known = this.get(channelId);
    if (known === member) return this;
    if (known?.id === id) return new Members(this.#members.put(member), this.#seats);
    const others = known ? this.#members.remove(known) : this.#members;
    return new Members(others.put(member), this.#seats.put({ channelId, id }));
  }

  remove(channelId: string): Members {
    const known = this.get(channelId);
    return known ? new Members(this.#members.remove(known), this.#seats.remove(known)) : this;
  }

  values(): Generator<Member, undefined> {
    return this.#members.values();
  }

  *keys(): Generator<string, undefined> {
    for (const { channelId } of this.values()) yield channelId;
  }

  *[Symbol.iterator](): Generator<[channelId: string, member: Member], undefined> {
    for (const member of this.values()) yield [member.channelId, member];
  }

  /** The members who count in this way, e.g. `where(({ waiting }) => waiting > 0)`; others cost nothing. */
  where(counts: (counts: MemberCounts) => boolean): Generator<Member, undefined> {
    return this.#members.where(counts);
  }

  get firstHand(): Member | undefined {
    const { firstHandMs } = this.counts;
    return firstHandMs === NEVER ? undefined : this.where((counts) => counts.firstHandMs <= firstHandMs).next().value;
  }

  get firstHelp(): Member | undefined {
    const { firstHelpMs } = this.counts;
    return firstHelpMs === NEVER ? undefined : this.where((counts) => counts.firstHelpMs <= firstHelpMs).next().value;
  }

  /** The member who got the floor last, moderators and members who joined as speakers excepted. */
  get lastGivenFloor(): Member | undefined {
    const { lastFloorMs } = this.counts;
    return lastFloorMs === -NEVER ? undefined : this.where((counts) => counts.lastFloorMs >= lastFloorMs).next().value;
  }

  /** The admitted member who joined last, moderators and ghosts excepted. */
  get lastJoined(): Member | undefined {
    return this.#members.last(({ guests }) => guests > 0);
  }

  /** Members who came, went or are not as they were. Costs what has changed, not what there is. */
  changesSince(before: Members): Generator<Difference<Member>, undefined> {
    return this.#members.changesSince(before.#members);
  }

  #seatOf(channelId: string): Seat | undefined {
    return this.#seats.find((seat) => compareTexts(channelId, seat.channelId));
  }
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
