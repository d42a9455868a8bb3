import { isAdmitted, type Member } from '../conference/model/member.ts';
import { formatMemberAddress } from '../conference/model/member-address.ts';
import type { ConferencePart } from './deps.ts';
import type { MemberOrder } from './orders.ts';
import type { MemberQuery, MemberView } from './schemas.ts';

/** A choice of members of a conference: which ones, in which order, and which page of them. */

export type Entry = { readonly part: ConferencePart; readonly member: Member };

export type MemberPage = {
  /** Members of the conference on all nodes. */
  readonly total: number;
  /** How many of them the filters let through, on all pages. */
  readonly matching: number;
  readonly entries: readonly Entry[];
};

/** The members with a raised hand, the first to raise it first. */
export const HANDS = { hand: true, order: 'hand' } as const satisfies MemberQuery;

/** The members who ask for help, the first to ask first. */
export const HELPS = { help: true, order: 'help' } as const satisfies MemberQuery;

/**
 * Selects members by their state alone. This costs little for thousands of members; views are made only of a page.
 * @param parts of all nodes that have the conference
 */
export function memberPage(parts: readonly ConferencePart[], query: MemberQuery = {}): MemberPage {
  const all = parts.flatMap((part) => [...part.conference.members.values()].map((member) => ({ part, member })));
  const matching = all.filter((entry) => matches(entry, query));
  const sorted = matching.sort(COMPARE[query.order ?? 'joined']);
  return { total: all.length, matching: matching.length, entries: pageOf(sorted, query) };
}

/** One page of a list, or as much from any other place on; all of it where there is no limit. Pages count from 1. */
export function pageOf<T>(
  list: readonly T[],
  { limit, page = 1, offset }: Pick<MemberQuery, 'limit' | 'page' | 'offset'>,
): readonly T[] {
  if (limit === undefined) return list;
  const from = offset ?? (page - 1) * limit;
  return list.slice(from, from + limit);
}

/** How the member hears as a listener; null for members of other nodes, since only their own node knows it. */
export function pathOf({ own }: ConferencePart, { path }: Member): MemberView['path'] {
  return own ? path.at : null;
}

const LAST = Number.MAX_SAFE_INTEGER;

type Compare = (a: Entry, b: Entry) => number;

const COMPARE: Record<MemberOrder, Compare> = {
  joined: () => 0,
  latest: by(({ member }) => -member.joinedAtMs),
  speakers: by(({ member }) =>
    member.flags.speaker || member.flags.admin ? -1 : (handRaisedAtMs(member) ?? helpAskedAtMs(member) ?? LAST),
  ),
  name: byText(({ member }) => member.caller.name),
  number: byText(({ member }) => member.caller.number),
  talking: by(({ member }) => Number(!member.talking)),
  level: by(({ part, member }) => -(part.levelOf(member) ?? -LAST)),
  hand: by(({ member }) => handRaisedAtMs(member) ?? LAST),
  help: by(({ member }) => helpAskedAtMs(member) ?? LAST),
};

function by(keyOf: (entry: Entry) => number): Compare {
  return (a, b) => keyOf(a) - keyOf(b);
}

/** Case does not count, and what is empty comes last. */
function byText(textOf: (entry: Entry) => string): Compare {
  return (a, b) => {
    const [one, other] = [textOf(a).toLowerCase(), textOf(b).toLowerCase()];
    if (one === '' || other === '') return Number(one === '') - Number(other === '');
    return one < other ? -1 : Number(one > other);
  };
}

function matches({ part, member }: Entry, query: MemberQuery): boolean {
  const { search, role, hand, help, muted, talking, waiting, path } = query;
  return (
    (role === undefined || hasRole(member, role)) &&
    (hand === undefined || hand === (handRaisedAtMs(member) !== null)) &&
    (help === undefined || help === (helpAskedAtMs(member) !== null)) &&
    (muted === undefined || muted === member.flags.mute) &&
    (talking === undefined || talking === member.talking) &&
    (waiting === undefined || waiting === (member.place.at === 'waiting')) &&
    (path === undefined || path === pathOf(part, member)) &&
    (search === undefined || isFound(search.toLowerCase(), part, member))
  );
}

function hasRole({ flags }: Member, role: NonNullable<MemberQuery['role']>): boolean {
  if (role === 'admin') return flags.admin;
  return flags.speaker === (role === 'speaker');
}

/** @param text in lower case */
function isFound(text: string, { node, own }: ConferencePart, { id, caller }: Member): boolean {
  const address = formatMemberAddress(id, own ? null : node);
  return [caller.number, caller.name, address].some((each) => each.toLowerCase().includes(text));
}

/** Null where the hand is down, or the member has not been admitted. */
function handRaisedAtMs(member: Member): number | null {
  return isAdmitted(member) ? member.handRaisedAtMs : null;
}

/** Null for a member who does not ask for help, or has not been admitted. */
function helpAskedAtMs(member: Member): number | null {
  return isAdmitted(member) ? member.helpAskedAtMs : null;
}
