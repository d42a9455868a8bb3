import { type Command, InvalidArgumentError, Option } from 'commander';
import { MEMBER_ORDERS, type MemberOrder } from '../../api/orders.ts';
import type { MemberQuery } from '../../api/schemas.ts';
import { CONFERENCE_ORDERS, type ConferenceOrder, PAGE_LENGTH, type Position } from '../text/list-text.ts';
import type { WatchOptions } from './common.ts';

/** Options of commands that show long lists. */

export type ListOptions = WatchOptions & { search?: string; limit?: number; page?: number };

export type ConferenceListOptions = ListOptions & { sort?: ConferenceOrder };

export type MemberListOptions = ListOptions & {
  sort?: MemberOrder;
  role?: NonNullable<MemberQuery['role']>;
  hand?: true;
  needsHelp?: true;
  muted?: true;
  talking?: true;
  waiting?: true;
  path?: NonNullable<MemberQuery['path']>;
};

export function addListOptions(command: Command): Command {
  return command
    .option('--search <text>', 'only those with this text in the name, the number or the address')
    .option('--limit <n>', 'how many to show', wholeNumber)
    .option('--page <n>', 'show page n, of as many as --limit says', wholeNumber);
}

export function addConferenceOrder(command: Command): Command {
  return command.addOption(
    new Option('--sort <order>', 'by name, or the most or the latest first').choices(CONFERENCE_ORDERS),
  );
}

export function addMemberOrder(command: Command): Command {
  return command.addOption(
    new Option('--sort <order>', 'in this order; without it, speakers and raised hands come first').choices(
      MEMBER_ORDERS,
    ),
  );
}

export function addFilterOptions(command: Command): Command {
  return command
    .addOption(new Option('--role <role>', 'only members of this role').choices(['speaker', 'listener', 'admin']))
    .option('--hand', 'only members with a raised hand')
    .option('--needs-help', 'only members who ask for help')
    .option('--muted', 'only members who are muted')
    .option('--talking', 'only members who are talking')
    .option('--waiting', 'only members who wait for a moderator')
    .addOption(new Option('--path <path>', 'only members who hear the sound from there').choices(['relay', 'bridge']));
}

/**
 * The part of a list that the options ask for.
 * @param terminalLimit how many people see on their terminal without options; undefined for all. Programs get all.
 */
export function positionOf({ limit, page, json }: ListOptions, terminalLimit: number | undefined): Position {
  const usual = json ? undefined : terminalLimit;
  return { limit: limit ?? usual ?? (page === undefined ? undefined : PAGE_LENGTH), page };
}

/**
 * The members that the options ask for, as the API is asked for them.
 * @param order undefined for the order of joining
 * @returns the part of a URL behind its path
 */
export function memberQuery(
  { search, role, hand, needsHelp: help, muted, talking, waiting, path }: MemberListOptions,
  { limit, page, offset }: Position,
  order?: MemberQuery['order'],
): string {
  const wanted: MemberQuery = { search, role, hand, help, muted, talking, waiting, path, order, limit, page, offset };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return Number(text);
}
